"""A launcher that runs jobs in this process, with no directories, and the config of the first."""

from collections.abc import Sequence
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict


class InThisProcess(Launcher):
    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        loader = self.hydra_context.config_loader
        config: Any = loader.load_sweep_config(self.config, list(job_overrides[0]))
        HydraConfig.instance().cfg = config
        with open_dict(config):
            return [
                self._run(job, initial_job_idx + n, config) for n, job in enumerate(job_overrides)
            ]

    def _run(self, job: Sequence[str], number: int, config: Any) -> JobReturn:
        config.hydra.job.num = number
        config.hydra.overrides.task = list(job)
        config.hydra.runtime.output_dir = f"{config.hydra.sweep.dir}/{number}"
        return JobReturn(
            overrides=job,
            cfg=config,
            hydra_cfg=config,
            status=JobStatus.COMPLETED,
            _return_value=self.task_function(config),
        )
