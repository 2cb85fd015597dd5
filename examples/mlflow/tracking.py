"""A Hydra callback that logs each job as a run of MLflow."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from mlflow import MlflowClient, MlflowException
from omegaconf import DictConfig


class LogJobs(Callback):
    """Logs the overrides and the return value of each job.

    A sweep is an experiment of MLflow, named by its directory; a job is a run in it, whose
    parameters are the job's overrides and whose metrics are the numbers that the task returned.

    Args:
        uri: where MLflow keeps its runs: a file of SQLite or a server, the same for each worker.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.run = ""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Creates the tables of a new store, before two workers do so at the same time."""
        MlflowClient(self.uri)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Starts a run with the job's overrides."""
        client, hydra = MlflowClient(self.uri), config.hydra
        swept = hydra.mode == RunMode.MULTIRUN
        experiment = _experiment(client, hydra.sweep.dir if swept else hydra.job.name)
        number = str(hydra.job.num) if swept else "0"
        tags = {"job": number, "dir": hydra.runtime.output_dir}
        if swept:  # a job whose process died, and that runs again
            lost = f"tags.job = '{number}' and attributes.status = 'RUNNING'"
            for run in client.search_runs([experiment], lost):
                client.set_terminated(run.info.run_id, "KILLED")
        made = client.create_run(experiment, run_name=f"{hydra.job.name}-{number}", tags=tags)
        self.run = made.info.run_id
        for override in hydra.overrides.task:
            key, _, value = override.partition("=")
            client.log_param(self.run, key.lstrip("+~"), value)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        """Ends the run with what the task returned."""
        client = MlflowClient(self.uri)
        completed = job_return.status == JobStatus.COMPLETED
        for name, value in _metrics(job_return.return_value if completed else None).items():
            client.log_metric(self.run, name, value)
        client.set_terminated(self.run, "FINISHED" if completed else "FAILED")


def _experiment(client: MlflowClient, name: str) -> str:
    """The id of an experiment, which several workers may create at the same time."""
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return client.create_experiment(name)
        except MlflowException:
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return found.experiment_id


def _metrics(returned: object) -> dict[str, float]:
    """The numbers of what a task returned: a dict by its keys, a number as `value`."""
    named = returned if isinstance(returned, Mapping) else {"value": returned}
    return {str(name): float(value) for name, value in named.items() if isinstance(value, Real)}
