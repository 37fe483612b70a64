"""Weights & Biases: one run, curves ``fold<n>/...``; with ``WANDB_MODE=offline`` nothing leaves the machine."""

from __future__ import annotations

import os
from collections.abc import Mapping

from heartfeat.errors import ConfigError
from heartfeat.heads.monitor import Epoch
from heartfeat.training.trackers.tracker import TrackedRun, finite, values_of

# Its crashes would be reported to its makers, offline too; nothing goes out that nobody asked for.
os.environ.setdefault("WANDB_ERROR_REPORTING", "false")

import wandb

PROJECT = "heartfeat"
"""Project of the runs, unless ``WANDB_PROJECT`` names another."""


class WeightsAndBiases:
    """Logs to W&B, in the mode and under the account that its own variables and login say."""

    def __init__(self, run: TrackedRun) -> None:
        try:
            self._run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                name=run.name,
                group=run.task,
                job_type=run.head,
                config=dict(run.settings),
                dir=str(run.folder),
                reinit="create_new",
                settings=wandb.Settings(silent=True),
            )
        except wandb.Error as error:
            raise ConfigError(
                f"--tracker wandb: {error} Or set WANDB_MODE=offline, and send the runs later with `wandb sync`"
            ) from error
        self._networks: set[str] = set()

    def __call__(self, epoch: Epoch) -> None:
        """Log the values of an epoch."""
        network = epoch.network
        if network not in self._networks:
            self._networks.add(network)
            self._run.define_metric(f"{network}/*", step_metric=f"{network}/epoch")
        values = {"epoch": epoch.epoch, **values_of(epoch)}
        self._run.log({f"{network}/{name}": value for name, value in values.items()})

    def finish(self, scores: Mapping[str, float]) -> None:
        """Log the scores of the finished run, and close."""
        self._run.summary.update(finite(scores))
        self._run.finish()

    def abandon(self) -> None:
        """Close the run as failed."""
        self._run.finish(exit_code=1)
