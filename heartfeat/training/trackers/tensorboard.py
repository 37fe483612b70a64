"""TensorBoard: ``tensorboard/<run>/fold<n>``, one curve per network and value."""

from __future__ import annotations

import json
from collections.abc import Mapping

from torch.utils.tensorboard import SummaryWriter

from heartfeat.heads.monitor import Epoch
from heartfeat.training.trackers.tracker import TrackedRun, finite, values_of


class TensorBoard:
    """Writes event files that ``tensorboard --logdir tensorboard`` shows."""

    def __init__(self, run: TrackedRun) -> None:
        self.folder = run.folder / "tensorboard" / run.name
        self._networks: dict[str, SummaryWriter] = {}
        self._run = SummaryWriter(str(self.folder))
        self._run.add_text("settings", f"```json\n{json.dumps(run.settings, indent=1)}\n```")

    def __call__(self, epoch: Epoch) -> None:
        """Log the values of an epoch."""
        writer = self._networks.get(epoch.network)
        if writer is None:
            writer = self._networks[epoch.network] = SummaryWriter(str(self.folder / epoch.network))
        for name, value in values_of(epoch).items():
            writer.add_scalar(name, value, epoch.epoch)

    def finish(self, scores: Mapping[str, float]) -> None:
        """Log the scores of the finished run, and close."""
        for name, value in finite(scores).items():
            self._run.add_scalar(f"scores/{name}", value)
        self.abandon()

    def abandon(self) -> None:
        """Close; what was logged stays."""
        for writer in (self._run, *self._networks.values()):
            writer.close()
