"""Hydra's basic sweeper and ours on the same overrides: planned jobs and files of a run."""

from __future__ import annotations

import logging
import random
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from params_proto.algebra.expression import Expression
from params_proto.multirun import request
from params_proto.multirun.plan import combine_with_command_line, in_batches

Batches = list[list[list[str]]]


def jobs_of_basic(
    overrides: Sequence[str], batch: int | None = None, loader: ConfigLoader | None = None
) -> Batches:
    """The batches that Hydra's basic sweeper gives its launcher."""
    parsed = OverridesParser.create(loader).parse_overrides(list(overrides))
    batches = BasicSweeper.split_arguments(parsed, batch)
    return [[[_as_given(line) for line in job] for job in jobs] for jobs in batches]


def _as_given(text: str) -> str:
    """A text with `~x` where the basic sweeper writes ~x=null: see EXCEPTIONS."""
    return _DELETED.sub(r"\1", text)


_DELETED = re.compile(r"(~[^\s=,'\"]*)=null(?!\w)")


def jobs_of_ours(
    overrides: Sequence[str], batch: int | None = None, loader: ConfigLoader | None = None
) -> Batches:
    """The batches of the same overrides with nothing configured."""
    plan = combine_with_command_line(
        Expression(), (), request.read_overrides(overrides, loader), [], lambda key: False
    )
    return [[job.overrides for job in each.all] for each in in_batches(plan.jobs(), batch or 1000)]


def task(config: DictConfig) -> Any:
    """Returns and logs everything that a task can see."""
    hydra: Any = OmegaConf.to_container(HydraConfig.get())
    del hydra["sweeper"], hydra["runtime"]["choices"]["hydra/sweeper"]
    assert hydra["overrides"]["hydra"].pop(0).startswith("hydra/sweeper=")
    try:
        resolved: object = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:
        resolved = str(error)
    logging.getLogger("app").info("%s", resolved)
    # As text, in which nan is nan.
    return repr((OmegaConf.to_container(config), resolved, str(Path.cwd()), hydra))


_SWEEPER = re.compile(r"^  sweeper:\n(?:    .*\n)*|hydra/sweeper(=|: |/)\w+ *", re.MULTILINE)
_TIME = re.compile(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]", re.MULTILINE)
_SPEED = re.compile(r"(Validated configs of \d+ jobs) in .*")


def without_the_sweeper(text: str) -> str:
    """A text without what must differ: the sweeper's node and name, the time."""
    return _as_given(_SPEED.sub(r"\1", _TIME.sub("", _SWEEPER.sub("", text))))


class Left:
    """Everything that a multirun leaves: its jobs, log and files, or its error; then removes it.

    Args:
        run: gives the multirun.
        directory: the sweep's.
        capsys: captures the log.
    """

    def __init__(
        self, run: Callable[[], Any], directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.error: Exception | None = None
        self.jobs: list[Any] = []
        random.seed(0)  # for shuffle(...)
        capsys.readouterr()
        try:
            self.jobs = [[_job(job) for job in batch] for batch in run().returns]
        except Exception as error:
            self.error = error
        self.log = without_the_sweeper(capsys.readouterr().out)
        self.files = {
            _as_given(str(path.relative_to(directory))): _content(path)
            for path in directory.rglob("*")
        }
        shutil.rmtree(directory)

    @property
    def message(self) -> str:
        """What the error says."""
        return without_the_sweeper(f"{type(self.error).__name__}: {self.error}")

    @property
    def batches(self) -> Batches:
        return [[job[0] for job in batch] for batch in self.jobs]


def _job(job: Any) -> tuple[Any, ...]:
    returned = _as_given(str(job.return_value))
    overrides = [*map(_as_given, job.overrides)]
    return overrides, returned, _as_given(job.working_dir), job.task_name, job.status


def _content(path: Path) -> str:
    return without_the_sweeper(path.read_text()) if path.is_file() else "a directory"


def assert_same(basic: Left, ours: Left) -> None:
    """Asserts that ours left what the basic sweeper left; of a refused sweep, nothing."""
    if basic.error is None:
        assert ours.error is None
        assert ours.jobs == basic.jobs
        assert ours.log == basic.log
        assert "sweep.yaml" in ours.files
        assert basic.files == {
            name: content
            for name, content in ours.files.items()
            if name not in ("sweep.yaml", "results.csv") and not name.startswith(".sweep")
        }
    else:
        assert ours.error is not None
        if ours.message != basic.message:
            assert isinstance(ours.error, HydraException)  # without a traceback
            assert str(ours.error)
        assert ours.files == {}
