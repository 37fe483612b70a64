"""What the neural heads on pooled features share: encoding, training, prediction and state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
import torch

from heartfeat.errors import ConfigError, RunError
from heartfeat.heads.examples import UNLABELLED, Examples
from heartfeat.heads.head import HeadState, Prediction
from heartfeat.heads.monitor import Monitor, as_monitor
from heartfeat.heads.neural.bags import slots_of
from heartfeat.heads.neural.checkpoint import made_of
from heartfeat.heads.neural.class_weights import loss_weights, posterior
from heartfeat.heads.neural.compute import current_compute, moved, on_device
from heartfeat.heads.neural.loop import Loop
from heartfeat.heads.neural.losses import make_loss
from heartfeat.heads.neural.threads import one_thread
from heartfeat.heads.neural.trainer import Trainer
from heartfeat.heads.pooled.bag_net import BagNet
from heartfeat.heads.pooled.settings import PooledSettings
from heartfeat.heads.pooled.training_rows import RowBatch, RowBatches
from heartfeat.heads.tabular.encoder import TabularEncoder
from heartfeat.progress import Progress


class PooledHead:
    """Base of the neural heads on pooled features; a head fills in `_new_net`.

    Parameters
    ----------
    settings
        Sizes, recipe and seed.
    """

    uses_tokens: ClassVar[bool] = False
    uses_device: ClassVar[bool] = True
    settings_class: ClassVar[type[PooledSettings]]

    def __init__(self, settings: Any) -> None:  # noqa: ANN401 - each head narrows it to its own settings
        self.settings = settings
        self._classes: tuple[str, ...] = ()
        self._encoder: TabularEncoder | None = None
        self._weights = np.ones(0)
        self._criterion = make_loss(settings.loss, settings.gamma, settings.label_smoothing)
        self._net: BagNet | None = None

    def _new_net(self, columns: int, classes: int) -> BagNet:
        """A network with random weights."""
        raise NotImplementedError

    def fit(self, train: Examples, valid: Examples, progress: Progress) -> list[dict[str, float]]:
        """Train on ``train`` until `stop_on` of ``valid`` got no better for `patience` epochs; keep its best weights.

        Where no training recording has a label of its own, recordings are trained on their patient's label. With
        nobody labelled in ``valid``, all epochs are trained and the last weights kept.

        Returns
        -------
        list of dict
            Per epoch ``epoch``, ``loss`` and ``valid_loss`` (mean negative log-likelihood of the labelled
            validation patients, clean view, under the averaged weights) and the scores of a `Monitor`.

        Raises
        ------
        ConfigError
            When nobody in ``train`` has a label, the class weights do not fit the classes, or `stop_on` needs
            scores that ``progress`` does not bring.
        RunError
            When the checkpoint of ``progress``, a `Monitor`, is of another fit.
        """
        settings = self.settings
        if not (train.labels != UNLABELLED).any():
            raise ConfigError("no training patient has a label; choose another task or another split")
        self._classes = train.classes
        self._encoder = TabularEncoder.fit(train, metadata=settings.metadata, quality=settings.quality)
        self._weights = loss_weights(train.labels, train.classes, settings.class_weights)
        with one_thread(), torch.random.fork_rng(devices=current_compute().gpus):
            torch.manual_seed(settings.seed)
            return self._train(train, valid, self._encoder, as_monitor(progress))

    def _train(
        self, train: Examples, valid: Examples, encoder: TabularEncoder, monitor: Monitor
    ) -> list[dict[str, float]]:
        settings, compute, rows = self.settings, current_compute(), encoder(train)
        net = self._new_net(encoder.dim, len(self._classes))
        net.standardise.learn(torch.from_numpy(rows[0]))
        net = on_device(net, compute.device)
        generator = np.random.default_rng(settings.seed)
        batches = RowBatches(train, rows, settings.batch_patients, generator)
        steps, rate, decay = settings.epochs * batches.batches, settings.learning_rate, settings.weight_decay
        trainer = Trainer(net, steps, batches.batches, rate, decay, settings.clip)
        self._net = trainer.averaged
        weights = torch.from_numpy(self._weights).float().to(compute.device)

        def losses() -> Iterator[torch.Tensor]:
            for batch in batches.epoch():
                with compute.autocast():
                    loss = self._loss(net, moved(batch, compute.device), weights)
                yield loss

        watched = encoder(valid)[0]
        described = made_of(settings.model_dump(mode="json"), train, valid)
        judge = lambda: self._judge(watched, valid)[0]  # noqa: E731
        history = Loop(settings, trainer, losses, valid.labels, judge, generator, monitor, described).run()
        self._net = on_device(trainer.averaged, "cpu")
        return history

    def predict(self, examples: Examples) -> Prediction:
        """Probabilities for each view of ``examples`` by itself; labels are not looked at.

        Raises
        ------
        RunError
            When the head has not been fitted.
        FeatureKeyError
            When the features are not those that the head was fitted on.
        """
        encoder, _ = self._fitted()
        rows = encoder(examples)
        with one_thread():
            views = [self._judge(view, examples) for view in rows]
        return Prediction(
            np.stack([patients for patients, _ in views]), np.stack([recordings for _, recordings in views])
        )

    def state(self) -> HeadState:
        """The fitted head as plain data.

        Raises
        ------
        RunError
            When the head has not been fitted.
        """
        encoder, net = self._fitted()
        described = {
            "settings": self.settings.model_dump(mode="json"),
            "classes": list(self._classes),
            "encoder": encoder.as_json(),
            "class_weights": self._weights.tolist(),
        }
        return HeadState(
            described, {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}
        )

    @classmethod
    def from_state(cls, state: HeadState) -> Self:
        """The head that ``state`` describes."""
        described = state.settings
        head = cls(cls.settings_class.model_validate(described["settings"]))
        head._classes = tuple(described["classes"])
        head._encoder = TabularEncoder.from_json(described["encoder"])
        head._weights = np.asarray(described["class_weights"], dtype=np.float64)
        with torch.random.fork_rng(devices=[]):
            head._net = head._new_net(head._encoder.dim, len(head._classes))
        head._net.load_state_dict(
            {name: torch.from_numpy(array.copy()) for name, array in state.arrays.items()}
        )
        return head

    def _loss(self, net: BagNet, batch: RowBatch, weights: torch.Tensor) -> torch.Tensor:
        of_patients, of_recordings = net(batch.rows, batch.slots)
        loss = self._criterion(of_patients, batch.patient_targets, weights)
        extra = self._criterion(of_recordings, batch.recording_targets, weights)
        return loss + self.settings.recording_weight * extra

    @torch.no_grad()
    def _judge(self, rows: np.ndarray, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
        """Posterior of one view: ``(patients, classes)`` and ``(recordings, classes)`` float64."""
        _, net = self._fitted()
        compute = current_compute()
        inputs = (
            torch.from_numpy(rows),
            torch.from_numpy(slots_of(examples.patient_of, len(examples.patients))),
        )
        with compute.autocast():
            logits = on_device(net, compute.device).eval()(*moved(inputs, compute.device))
        patients, recordings = (torch.softmax(part.cpu().double(), dim=-1).numpy() for part in logits)
        return posterior(patients, self._weights), posterior(recordings, self._weights)

    def _fitted(self) -> tuple[TabularEncoder, BagNet]:
        if self._encoder is None or self._net is None:
            raise RunError(
                f"this {self.settings.kind} head has not been fitted; call fit() or from_state() first"
            )
        return self._encoder, self._net
