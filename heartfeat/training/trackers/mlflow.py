"""MLflow: one run per heartfeat run, in ``mlflow.db`` beside the runs unless ``MLFLOW_TRACKING_URI`` says where."""

from __future__ import annotations

import os
from collections.abc import Mapping

from heartfeat.heads.monitor import Epoch
from heartfeat.training.trackers.tracker import TrackedRun, finite, values_of

# MLflow would report its use to its makers; nothing goes out that nobody asked for.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from mlflow.tracking import MlflowClient

LONGEST = 500
"""Characters of a parameter that every MLflow store takes."""


class MLflow:
    """Logs to MLflow, an experiment per task; ``mlflow ui --backend-store-uri sqlite:///mlflow.db`` shows it.

    The extra is mlflow-skinny with what its database needs; only the whole ``mlflow`` has the pages of ``mlflow ui``.
    """

    def __init__(self, run: TrackedRun) -> None:
        local = f"sqlite:///{run.folder.resolve() / 'mlflow.db'}"
        self._client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or local)
        name = f"heartfeat-{run.task}"
        found = self._client.get_experiment_by_name(name)
        experiment = found.experiment_id if found else self._client.create_experiment(name)
        self._run = self._client.create_run(experiment, run_name=run.name).info.run_id
        for key, value in run.settings.items():
            self._client.log_param(self._run, key, str(value)[:LONGEST])

    def __call__(self, epoch: Epoch) -> None:
        """Log the values of an epoch."""
        for name, value in values_of(epoch).items():
            self._client.log_metric(self._run, f"{epoch.network}/{name}", value, step=epoch.epoch)

    def finish(self, scores: Mapping[str, float]) -> None:
        """Log the scores of the finished run, and close."""
        for name, value in finite(scores).items():
            self._client.log_metric(self._run, name, value)
        self._client.set_terminated(self._run, "FINISHED")

    def abandon(self) -> None:
        """Close the run as failed."""
        self._client.set_terminated(self._run, "FAILED")
