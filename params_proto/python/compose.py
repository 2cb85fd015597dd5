"""The configs of a sweep, composed in Python: `Sweep.compose`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.types import RunMode
from omegaconf import open_dict

from params_proto.app.function import App
from params_proto.app.run import app_configs
from params_proto.app.task import Task
from params_proto.compose import make_loader
from params_proto.errors import SweepError, frame_of_caller, short_repr
from params_proto.multirun.context import AppContext
from params_proto.multirun.request import build_plan, read_overrides
from params_proto.overrides.parse import read
from params_proto.python.isolation import Isolation

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from params_proto.sweep import Sweep


def configs(
    sweep: Sweep,
    config_path: str | os.PathLike[str] | None,
    config_name: str | None,
    overrides: Iterable[str] | None,
    job: bool,
) -> Iterator[DictConfig]:
    """Composes the configs of a sweep lazily. See `Sweep.compose`."""
    lines = checked_overrides("compose", overrides)
    app = next(
        (cast("App[..., Any]", target) for target in sweep.targets if isinstance(target, App)), None
    )
    if app is None:
        place, task = place_of(config_path, config_name), None
    else:
        place = place_of(
            config_path, config_name, app.__wrapped__, app.config_path, app.config_name
        )
        task = Task.of(app, closed=False)
    isolation = Isolation(place.name, {} if task is None else app_configs(task.targets, {}))
    with isolation.active():
        loader = make_loader(place.configs)
        hydra_overrides = [line for line in lines if read(line).is_hydra_override()]
        job_overrides = [line for line in lines if line not in hydra_overrides]
        # As on a command line, jobs may choose what the defaults list leaves open.
        config = loader.load_configuration(place.primary, hydra_overrides, RunMode.MULTIRUN, False)
        context = AppContext(config, loader, task or (lambda config: None))
        parsed = read_overrides(map(context.resolve_override, job_overrides), loader)
        expression = context.resolve_keys(sweep.expression)
        jobs = build_plan(context, expression, sweep.targets, parsed).jobs()

    def each() -> Iterator[DictConfig]:
        while True:
            with isolation.active():  # but not while the caller uses the config
                found = next(jobs, None)
                if found is None:
                    return
                overrides = [*hydra_overrides, *found.overrides]
                config = loader.load_configuration(place.primary, overrides, RunMode.RUN, False)
                if not job:
                    with open_dict(config):
                        del config["hydra"]
            yield config

    return each()


class Place(NamedTuple):
    """Where configs are.

    Args:
        configs: a folder or a package, `pkg://...`; None if there is none.
        primary: the name of the primary config.
        name: the name of the jobs.
    """

    configs: str | None
    primary: str | None
    name: str


def place_of(
    config_path: str | os.PathLike[str] | None,
    config_name: str | None,
    function: Any = None,
    own_path: str | None = None,
    own_name: str | None = None,
) -> Place:
    """The named configs, relative to the caller's file, or else those of an app's function."""
    called = function if hasattr(function, "__code__") else type(function).__call__
    code: CodeType | None = getattr(called, "__code__", None)
    folder, name = _caller()
    if code is not None:
        file, name = _source_of(code)
        if config_path is None:
            folder = file
        if not Path(code.co_filename).is_file():  # a cell of a notebook
            name = getattr(function, "__name__", type(function).__name__)
    path = own_path if config_path is None else os.fspath(config_path)
    if path is not None and "://" not in path:
        path = os.path.realpath(folder / path)
    return Place(path, own_name if config_name is None else config_name, name)


def _caller() -> tuple[Path, str]:
    """The base folder of relative paths in the calling code, and Hydra's name for its jobs.

    A cell of a notebook has the notebook's folder, as for Hydra.
    """
    frame = frame_of_caller()
    folders = frame.f_globals.get("_dh")  # IPython's, in the globals of its cells only
    return (Path(folders[0]), "notebook") if folders else _source_of(frame.f_code)


def _source_of(code: CodeType) -> tuple[Path, str]:
    """Like `_caller`, for given code."""
    file = Path(code.co_filename).absolute()
    return file.parent, re.sub(r"[^-\w.]", "", file.stem.strip().replace(" ", "_"))


def checked_overrides(method: str, overrides: Any) -> list[str]:
    """The overrides of a method as a list of lines; raises if they are anything else.

    >>> checked_overrides("compose", "lr=0.1")
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: compose takes a list of lines as its overrides, got 'lr=0.1'. \
Write ['lr=0.1'].
    """
    lines: list[Any] = [] if overrides is None else list(overrides)
    if isinstance(overrides, str) or not all(isinstance(line, str) for line in lines):
        raise SweepError(
            f"{method} takes a list of lines as its overrides, got {short_repr(overrides)}."
            " Write ['lr=0.1']."
        )
    return lines
