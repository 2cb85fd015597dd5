"""The configs of a sweep, composed in Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.types import RunMode
from omegaconf import open_dict, read_write

from params_proto.app.configs import entries
from params_proto.app.function import App
from params_proto.app.task import Task
from params_proto.compose import loader_over
from params_proto.multirun.context import AppContext
from params_proto.multirun.request import SweepRequest, given, in_full, lines_in_full
from params_proto.multirun.sources import ConfiguredSweep
from params_proto.overrides.parse import read
from params_proto.python.arguments import checked
from params_proto.python.place import Own, place_of
from params_proto.python.surroundings import Surroundings

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
    lines = checked("compose", config_path, config_name, overrides)
    app = _app(sweep)
    own = None if app is None else Own(app.__wrapped__, app.config_path, app.config_name)
    place = place_of(config_path, config_name, own)
    task = None if app is None else Task.of(app, closed=False)
    surroundings = Surroundings(place.name, [] if task is None else entries(task.targets, {}))
    with surroundings.here():
        loader = loader_over(place.configs)
        of_all = [line for line in lines if read(line).is_hydra_override()]
        of_jobs = [line for line in lines if line not in of_all]
        composer = _Composer(loader, place.primary, of_all)
        host = AppContext(composer.of_no_job(), loader, task or _nothing)
        outside = given(lines_in_full(of_jobs, host), loader)
        configured = in_full(ConfiguredSweep(sweep.expression, sweep.targets), host)
        jobs = SweepRequest(host, [], configured, outside, ()).plan.jobs()
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

    def of_no_job(self) -> DictConfig:
        """The same without a job: of Hydra alone where only a job says what the defaults need."""
        try:
            return self.config([])
        except Exception:  # whatever an option raises, a job may choose another one
            if not self._reads_primary():
                raise
            config = self.loader.load_configuration(
                None, self.of_all, RunMode.RUN, from_shell=False
            )
            with read_write(config), open_dict(config):
                config.hydra.job.config_name = self.primary
            return config

    def _reads_primary(self) -> bool:
        repository = cast("Any", self.loader).repository
        try:
            return repository.load_config(self.primary) is not None
        except Exception:  # what is wrong with it has been told
            return False


def _each(
    jobs: Iterator[Job], composer: _Composer, surroundings: Surroundings, whole: bool
) -> Iterator[DictConfig]:
    while True:
        with surroundings.here():  # not while the caller has the config
            job = next(jobs, None)
            if job is None:
                return
            config = composer.config(job.overrides)
            if not whole:
                with open_dict(config):
                    del config["hydra"]
        yield config
