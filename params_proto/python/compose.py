"""The configs of a sweep, composed in Python: `Sweep.compose`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.types import RunMode
from omegaconf import open_dict, read_write

from params_proto.app.configs import entries
from params_proto.app.function import App
from params_proto.app.task import Task
from params_proto.compose import loader_over
from params_proto.errors import SweepError, frame_of_caller, shown
from params_proto.multirun.context import AppContext
from params_proto.multirun.request import given, in_full, lines_in_full, planned
from params_proto.overrides.parse import read
from params_proto.python.isolation import Isolation

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

    from params_proto.multirun.jobs import Job
    from params_proto.sweep import Sweep


def configs(
    sweep: Sweep,
    config_path: str | os.PathLike[str] | None,
    config_name: str | None,
    overrides: Iterable[str] | None,
    job: bool,
) -> Iterator[DictConfig]:
    """Composes the configs of a sweep, each when it is asked for. See `Sweep.compose`."""
    lines = checked_overrides("compose", config_name, overrides)
    app = next((cast("App[..., Any]", one) for one in sweep.targets if isinstance(one, App)), None)
    if app is None:
        place, task = place_of(config_path, config_name), None
    else:
        place = place_of(
            config_path, config_name, app.__wrapped__, app.config_path, app.config_name
        )
        task = Task.of(app, closed=False)
    isolation = Isolation(place.name, [] if task is None else entries(task.targets, {}))
    with isolation.active():
        loader = loader_over(place.configs)
        of_all = [line for line in lines if read(line).is_hydra_override()]
        of_jobs = [line for line in lines if line not in of_all]
        composer = _Composer(loader, place.primary, of_all)
        host = AppContext(composer.of_no_job(), loader, task or _nothing)
        outside = given(lines_in_full(of_jobs, host), loader)
        jobs = planned(host, in_full(sweep.expression, host), sweep.targets, outside).jobs()
    return _each(jobs, composer, isolation, job)


def _nothing(config: DictConfig) -> None:
    """What a job runs that is only composed."""


def _each(
    jobs: Iterator[Job], composer: _Composer, isolation: Isolation, whole: bool
) -> Iterator[DictConfig]:
    while True:
        with isolation.active():  # not while the caller has the config
            job = next(jobs, None)
            if job is None:
                return
            config = composer.config(job.overrides)
            if not whole:
                with open_dict(config):
                    del config["hydra"]
        yield config


class _Composer(NamedTuple):
    loader: ConfigLoader
    primary: str | None
    of_all: list[str]

    def config(self, job: Sequence[str]) -> DictConfig:
        """A config as `hydra.compose` makes it, the node `hydra` included."""
        return self._load(self.primary, job)

    def of_no_job(self) -> DictConfig:
        """The same without a job: of Hydra alone where only a job says what the defaults need."""
        try:
            return self.config([])
        except Exception:  # whatever an option raises, a job may choose another one
            if self.primary is None or not self._has_primary():
                raise
        config = self._load(None, [])
        with read_write(config), open_dict(config):
            config.hydra.job.config_name = self.primary
        return config

    def _load(self, primary: str | None, job: Sequence[str]) -> DictConfig:
        lines = [*self.of_all, *job]
        return self.loader.load_configuration(primary, lines, RunMode.RUN, from_shell=False)

    def _has_primary(self) -> bool:
        repository = cast("Any", self.loader).repository
        try:
            return repository.load_config(self.primary) is not None
        except Exception:  # what is wrong with it has been raised
            return False


class Place(NamedTuple):
    """Where configs are.

    Args:
        configs: a folder or a package, `pkg://...`; None where there is none.
        primary: the name of the primary config.
        name: of the jobs.
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
    """The configs that are named, or else an app's own.

    Args:
        config_path: relative to the file of the caller.
        config_name: the primary config.
        function: the app's, if there is one.
        own_path: the app's, relative to the file of its function.
        own_name: the app's.
    """
    code = None if config_path is not None else code_of(function)
    folder, name = caller() if code is None else source_of(code)
    path = own_path if config_path is None else os.fspath(config_path)
    if path is not None and "://" not in path:
        path = os.path.realpath(folder / path)
    return Place(path, own_name if config_name is None else config_name, name)


def caller() -> tuple[Path, str]:
    """The folder that relative paths of the calling code begin at, and what Hydra calls its jobs.

    A cell of a notebook is where the notebook is, as for Hydra.
    """
    frame = frame_of_caller()
    folders = frame.f_globals.get("_dh")  # IPython's, in the globals of its cells only
    return (Path(folders[0]), "notebook") if folders else source_of(frame.f_code)


def source_of(code: CodeType) -> tuple[Path, str]:
    """The same for some code."""
    file = Path(code.co_filename).absolute()
    return file.parent, re.sub(r"[^-\w.]", "", file.stem.strip().replace(" ", "_"))


def code_of(function: Any) -> CodeType | None:
    """The code of a function, or of an object's `__call__`; None where that is not Python's."""
    if function is None:
        return None
    called: Any = function if hasattr(function, "__code__") else type(function).__call__
    return getattr(called, "__code__", None)


def checked_overrides(method: str, config_name: Any, overrides: Any) -> list[str]:
    """The overrides as a list.

    Args:
        method: which takes them.
        config_name: the primary config, or None.
        overrides: an ordered collection of lines, or None.

    Raises:
        SweepError: one of them is of another type.

    >>> checked_overrides("compose", None, "lr=0.1")
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: compose takes a list of lines as its overrides, got 'lr=0.1'. \
Write ['lr=0.1'].
    """
    if not isinstance(config_name, (str, type(None))):
        raise SweepError(f"{method} takes text as its config_name, got {shown(config_name)}.")
    lines: Any = [] if overrides is None else overrides
    ordered = isinstance(lines, Iterable) and not isinstance(lines, (str, bytes, Mapping, Set))
    found = list(cast("Iterable[Any]", lines)) if ordered else []
    if not ordered or not all(isinstance(line, str) for line in found):
        cure = [overrides] if isinstance(overrides, str) else ["lr=0.1", "seed=7"]
        raise SweepError(
            f"{method} takes a list of lines as its overrides, got {shown(overrides)}."
            f" Write {cure!r}."
        )
    return found
