"""A job's config from its base: its own values, and what Hydra fills in for each job anew."""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobRuntime
from omegaconf import DictConfig, OmegaConf, open_dict

from params_proto.compose.base import Base
from params_proto.compose.doubts import DoubtError, refuse_doubts

# Hydra 1.4 has a resolver for it.
_dirname = getattr(config_loader_impl, "get_overrides_dirname", None)


def job(base: Base, own: Sequence[Override], values: Sequence[Override]) -> DictConfig:
    """The config of a job.

    Args:
        base: what it begins with.
        own: all overrides of the job that the base does not hold.
        values: those that choose no group.

    Raises:
        DoubtError: it cannot be made from a base.
        HydraException: an override does not fit.
    """
    config: DictConfig = base.template.copy()
    for override in values:
        refuse_doubts(override, config)
        ConfigLoaderImpl._apply_overrides_to_config([override], config)
    # Each node is looked up once: a look-up costs OmegaConf as much as a value.
    hydra = config.hydra
    of_job, lines = hydra.job, hydra.overrides
    of_hydra, of_task = lines.hydra, lines.task
    task: list[Override] = []
    for override in own:
        if override.is_hydra_override():
            of_hydra.append(override.input_line)
        else:
            of_task.append(override.input_line)
            task.append(override)
    env_copy = of_job.env_copy
    if env_copy:
        with open_dict(hydra):
            for key in env_copy:
                of_job.env_set[key] = os.environ[key]
    hydra.runtime.cwd = os.getcwd()
    if "name" not in of_job:
        of_job.name = JobRuntime().get("name")
    if _dirname is not None:
        form = of_job.config.override_dirname
        of_job.override_dirname = _dirname(
            overrides=task,
            kv_sep=form.kv_sep,
            item_sep=form.item_sep,
            exclude_keys=form.exclude_keys,
        )
    of_job.config_name = base.config_name
    return config


def resolve_again(config: DictConfig, base: Base) -> None:
    """Gives a config the resolver cache of its composition, as of now.

    Raises:
        DoubtError: a resolver other than `now` was called, or in a form that is not plain.
    """
    for name, results in base.template.cache.items():
        for arguments in results:
            if name != "now" or len(arguments) != 1 or not _plain(arguments[0]):
                raise DoubtError(f"the resolver {name} is called while files are merged")
            now: Any = OmegaConf._get_resolver("now")
            now(config, config, None, arguments, arguments)


def _plain(text: str) -> bool:
    return not set(text) & set("\\'\"${}[]")
