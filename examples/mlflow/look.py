"""The runs of MLflow, by experiment."""

from mlflow import MlflowClient

client = MlflowClient("sqlite:///mlflow.db")
for experiment in client.search_experiments(filter_string="name != 'Default'"):
    print(experiment.name)
    for run in client.search_runs([experiment.experiment_id], order_by=["tags.job"]):
        metrics = {name: round(value, 2) for name, value in run.data.metrics.items()}
        print(f"  {run.info.run_name} {run.info.status} {run.data.params} {metrics}")
