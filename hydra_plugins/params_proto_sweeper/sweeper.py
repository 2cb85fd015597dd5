"""The sweeper that Hydra sees; `params_proto.multirun` is imported when it runs.

Hydra imports this module for every app in the environment, so at its top it imports nothing of
`params_proto`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

# Registers the options: an entry point leads Hydra 1.4 to this module alone.
from hydra_plugins.params_proto_sweeper import config as config


class ParamsProtoSweeper(Sweeper):
    """Runs a configured sweep times the command line, on whichever launcher is selected.

    Args:
        sweep: `hydra.sweeper.sweep`. What runs is read from the composed config, in which an
            escaped interpolation still is one.
        compose: `hydra.sweeper.compose`.
        options: the other options, see `config.py`.
    """

    def __init__(self, *, sweep: Any, compose: str, **options: Any) -> None:
        self._compose = compose
        self._options = options

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Takes what Hydra has composed, before `sweep` is called."""
        from params_proto.compose import chosen
        from params_proto.multirun.errors import reported_by_hydra

        with reported_by_hydra():
            self.hydra_context = chosen(self._compose, hydra_context)
        self.config = config
        self.task_function = task_function

    def sweep(self, arguments: list[str]) -> list[Sequence[JobReturn]]:
        """Runs the jobs.

        Args:
            arguments: the overrides of the command line, those of Hydra itself left out.

        Returns:
            The jobs' returns, batch by batch; none where there are more than 1,000 jobs.
        """
        from contextlib import ExitStack

        from hydra.core.plugins import Plugins

        from params_proto.multirun import (
            AppContext,
            JobRunner,
            Options,
            resume_target,
            run,
            run_as_rank,
        )
        from params_proto.multirun.errors import reported_by_hydra

        assert self.hydra_context is not None
        assert self.config is not None
        returned = run_as_rank(self.hydra_context, self.config, self.task_function)
        if returned is not None:
            return returned
        if self._options["work"] is not None:
            from pathlib import Path

            from params_proto.workers.worker import work

            with reported_by_hydra():
                work(Path(str(self._options["work"])), self.hydra_context, self.task_function)
        loader, task = self.hydra_context.config_loader, self.task_function
        with ExitStack() as held:
            with reported_by_hydra():
                found = resume_target(self._options["resume"], self.config, loader, task, held)
            self.config = found.config
            if found.saved:  # as composed with what the sweep was given then
                node = self.config.hydra.sweeper
                self._options = {name: node[name] for name in self._options}
            recorded = JobRunner(task)
            # Its options may name the directory, which is known from here on.
            self.launcher = Plugins.instance().instantiate_launcher(
                hydra_context=self.hydra_context, task_function=recorded, config=self.config
            )
            host = AppContext(self.config, loader, task)
            with reported_by_hydra():
                options = Options(**self._options)
            if found.saved:
                arguments = list(self.config.hydra.overrides.task)
            if options.asks_for_workers:
                from params_proto.workers.start import run_by_workers

                return run_by_workers(options, arguments, host, self.hydra_context, found)
            return run(options, arguments, host, self.launcher, recorded, found)
