"""The configs of a sweep, composed in Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.types import RunMode
from omegaconf import open_dict

from params_proto.app.configs import entries, task_of
from params_proto.decorated.function import App
from params_proto.from_python.arguments import checked
from params_proto.from_python.caller import Caller, caller
from params_proto.from_python.surroundings import Surroundings
from params_proto.multirun.asked import Asked
from params_proto.multirun.commandline import given
from params_proto.multirun.compose import loader_over
from params_proto.multirun.host import Host
from params_proto.overrides.reading import read

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

    from params_proto.sweep import Sweep


class _Place(NamedTuple):
    """Where the configs are: a folder or a package, the primary config, the name of the jobs."""

    configs: str | None
    primary: str | None
    name: str


def configs(
    sweep: Sweep,
    config_path: str | os.PathLike[str] | None,
    config_name: str | None,
    overrides: Iterable[str] | None,
    job: bool,
) -> Iterator[DictConfig]:
    """Composes the configs of a sweep, each when it is asked for. See `Sweep.compose`."""
    lines = checked(config_path, config_name, overrides)
    app = _app(sweep)
    place = _place(app, config_path, config_name)
    task = None if app is None else task_of(app, closed=False)
    surroundings = Surroundings(place.name, [] if task is None else entries(task, {}))
    with surroundings.here():
        loader = loader_over(place.configs)
        of_all = [line for line in lines if read(line).is_hydra_override()]
        of_jobs = [line for line in lines if line not in of_all]
        composer = _Composer(loader, place.primary, of_all)
        host = Host(composer.config([]), loader, task or _nothing)
        jobs = Asked(host, [], sweep, given(of_jobs, loader), ()).plan.jobs()
    return _each(jobs, composer, surroundings, job)


def _app(sweep: Sweep) -> App[..., Any] | None:
    """The app that a sweep is over, if there is one."""
    for target in sweep.targets:
        if isinstance(target, App):
            return cast("App[..., Any]", target)
    return None


def _nothing(config: DictConfig) -> None:
    """What a job runs that is only composed."""


class _Composer(NamedTuple):
    loader: ConfigLoader
    primary: str | None
    of_all: list[str]

    def config(self, job: Sequence[str]) -> DictConfig:
        """A config as `hydra.compose` makes it, the node `hydra` included."""
        lines = [*self.of_all, *job]
        return self.loader.load_configuration(self.primary, lines, RunMode.RUN, from_shell=False)


def _each(
    jobs: Iterator[list[str]], composer: _Composer, surroundings: Surroundings, whole: bool
) -> Iterator[DictConfig]:
    while True:
        with surroundings.here():  # not while the caller has the config
            job = next(jobs, None)
            if job is None:
                return
            config = composer.config(job)
            if not whole:
                with open_dict(config):
                    del config["hydra"]
        yield config


def _place(
    app: App[..., Any] | None, config_path: str | os.PathLike[str] | None, config_name: str | None
) -> _Place:
    """The place that is named, or that of the app."""
    at = caller()
    if app is not None and config_path is None:
        at, config_path = Caller.of(app.__wrapped__.__code__), app.config_path
    if app is not None and config_name is None:
        config_name = app.config_name
    if config_path is None:
        return _Place(None, config_name, at.name)
    path = os.fspath(config_path)
    if "://" not in path:
        path = str(Path(os.path.realpath(at.folder / path)))
    return _Place(path, config_name, at.name)
