"""A launcher that runs the jobs in this process, and makes no directories for them."""

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict


class InProcess(Launcher):
    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        return [self._run(job, initial_job_idx + n) for n, job in enumerate(job_overrides)]

    def _run(self, job: Sequence[str], number: int) -> JobReturn:
        config = self.hydra_context.config_loader.load_sweep_config(self.config, list(job))
        with open_dict(config):
            config.hydra.job.id = str(number)
            config.hydra.job.num = number
        task: Any = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        returned = self.task_function(task)
        return JobReturn(
            overrides=job,
            cfg=task,
            hydra_cfg=config,
            status=JobStatus.COMPLETED,
            _return_value=returned,
        )
