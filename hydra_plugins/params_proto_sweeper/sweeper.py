"""The sweeper that Hydra sees; `params_proto.multirun` is imported when it runs.

Hydra imports this module for every app in the environment, so at its top it imports nothing of
`params_proto`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import copy
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

# Registers the options: an entry point leads Hydra 1.4 to this module alone.
from hydra_plugins.params_proto_sweeper import config as config


class ParamsProtoSweeper(Sweeper):
    """Runs the configured sweep, multiplied by the command line, with the selected launcher.

    Args:
        sweep: `hydra.sweeper.sweep`, unused: the composed config is read instead, in which escaped
            interpolations are still escaped.
        options: the other options, see `config.py`.
    """

    def __init__(self, *, sweep: Any, **options: Any) -> None:
        self._options = options

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Stores the context, the task function and the config; called before `sweep`."""
        self.hydra_context = copy(hydra_context)  # its loader is replaced if jobs share configs
        self.config = config
        self.task_function = task_function

    def sweep(self, arguments: list[str]) -> list[Sequence[JobReturn]]:
        """Runs the jobs.

        Args:
            arguments: the overrides of the command line, without those of Hydra itself.

        Returns:
            The jobs' results, batch by batch; empty if there are more than 1,000 jobs.
        """
        from contextlib import ExitStack

        from hydra.core.plugins import Plugins

        from params_proto import multirun

        context, task, resume = self.hydra_context, self.task_function, self._options["resume"]
        assert context is not None
        assert self.config is not None
        if multirun.ANNOUNCEMENT in os.environ:  # a job may have started this process
            from params_proto.multirun.ranks import run_as_rank

            returned = run_as_rank(context, self.config, task)
            if returned is not None:
                return returned
        if self._options["work"] is not None:
            from pathlib import Path

            from params_proto.workers.worker import run_worker

            with multirun.reported_by_hydra():
                run_worker(Path(str(self._options["work"])), context, task)
        with ExitStack() as stack:
            with multirun.reported_by_hydra():
                if resume in (None, False):
                    multirun.reserve_directory(self.config, stack)
                    target = multirun.ResumeTarget(self.config)
                else:
                    from params_proto.multirun.resume import resume_target

                    target = resume_target(resume, self.config, context.config_loader, task)
            self.config = target.config
            if target.saved:  # the config has the overrides that started the sweep
                node = self.config.hydra.sweeper
                self._options = {name: node[name] for name in self._options}
                arguments = list(self.config.hydra.overrides.task)
            runner = multirun.JobRunner(task)
            # Not earlier: its options may name the directory, which is final only now.
            self.launcher = Plugins.instance().instantiate_launcher(
                hydra_context=context, task_function=runner, config=self.config
            )
            app = multirun.AppContext(self.config, context.config_loader, task, context=context)
            with multirun.reported_by_hydra():
                options = multirun.Options(**self._options)
            if options.has_worker_options:
                from params_proto.workers.run import run_with_workers

                return run_with_workers(options, arguments, app, context, target)
            return multirun.run(options, arguments, app, self.launcher, runner, target)
