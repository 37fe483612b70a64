"""The `mambaformer` head: Mamba-2 over cached tokens, attention over a patient's sites."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import torch

from heartfeat.errors import ConfigError, RunError
from heartfeat.heads.examples import UNLABELLED, Examples
from heartfeat.heads.feature_spec import FeatureSpec, check_features, feature_specs
from heartfeat.heads.head import HeadState, Prediction, Progress
from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.mamba.predictor import Predictor
from heartfeat.heads.mamba.training_bags import Batch, BatchMaker
from heartfeat.heads.metadata import CATEGORIES, NUMBERS, MetadataEncoder
from heartfeat.heads.neural.bags import one_hot
from heartfeat.heads.neural.class_weights import loss_weights
from heartfeat.heads.neural.threads import one_thread
from heartfeat.heads.neural.trainer import Trainer, weighted_cross_entropy
from heartfeat.heads.patient_quality import patients_with_quality
from heartfeat.heads.settings import MambaFormerSettings
from heartfeat.heads.site_codes import site_codes
from heartfeat.signals.quality import QUALITY

_WATCH_EVERY = 5
"""Epochs between looks at the validation patients, which cost about a third of an epoch."""


class MambaFormer:
    """Head over tokens of one or several feature sets.

    Parameters
    ----------
    settings
        Sizes, recipe and seed.
    """

    uses_tokens: ClassVar[bool] = True

    def __init__(self, settings: MambaFormerSettings) -> None:
        self.settings = settings
        self._classes: tuple[str, ...] = ()
        self._sites: tuple[str, ...] = ()
        self._specs: tuple[FeatureSpec, ...] = ()
        self._metadata: MetadataEncoder | None = None
        self._weights = np.ones(0)
        self._net: MambaFormerNet | None = None

    def fit(self, train: Examples, valid: Examples, progress: Progress) -> list[dict[str, float]]:
        """Train for the set number of epochs; ``valid`` is watched, never trained on.

        Where no training recording has a label of its own, recordings are trained on their patient's label.

        Returns
        -------
        list of dict
            Per epoch ``epoch`` and ``loss``; every fifth epoch and at the end also ``valid_loss`` (mean
            negative log-likelihood of the labelled validation patients under the averaged weights).

        Raises
        ------
        ConfigError
            When nobody in ``train`` has a label, or the class weights do not fit the classes.
        """
        if not (train.labels != UNLABELLED).any():
            raise ConfigError("no training patient has a label; choose another task or another split")
        self._classes, self._specs = train.classes, feature_specs(train)
        self._sites = tuple(sorted(train.recordings["site"].unique().to_list()))
        self._metadata = self._fit_metadata(train)
        self._weights = loss_weights(train.labels, train.classes, self.settings.class_weights)
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.seed)
            return self._train(train, valid, progress)

    def _train(self, train: Examples, valid: Examples, progress: Progress) -> list[dict[str, float]]:
        settings = self.settings
        net = self._new_net()
        cutter = CropCutter(train, self._specs, settings.crop_seconds)
        net.learn_scales({spec.name: cutter.tokens(spec.name)[0] for spec in self._specs})
        sites, metadata = site_codes(train, self._sites), self._metadata_of(train)
        generator = np.random.default_rng(settings.seed)
        maker = BatchMaker(train, cutter, sites, metadata, settings, generator)
        steps = settings.epochs * maker.batches
        trainer = Trainer(net, steps, maker.batches, settings.learning_rate, settings.weight_decay)
        self._net = trainer.averaged
        weights = torch.from_numpy(self._weights).float()
        history = []
        for epoch in range(1, settings.epochs + 1):
            net.train()
            losses = [trainer.step(self._loss(net, batch, weights)) for batch in maker.epoch(net)]
            history.append({"epoch": float(epoch), "loss": float(np.mean(losses))})
            if epoch % _WATCH_EVERY == 0 or epoch == settings.epochs:
                history[-1].update(self._watch(valid))
            progress("epoch", epoch, settings.epochs)
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
        predictor = self._predictor(examples)
        with one_thread():
            views = [predictor.view(number) for number in range(len(examples.views))]
        return Prediction(
            np.stack([patients for patients, _ in views]), np.stack([rows for _, rows in views])
        )

    def state(self) -> HeadState:
        """The fitted head as plain data.

        Raises
        ------
        RunError
            When the head has not been fitted.
        """
        described = {
            "settings": self.settings.model_dump(mode="json"),
            "classes": list(self._classes),
            "sites": list(self._sites),
            "features": [spec.as_json() for spec in self._specs],
            "metadata": self._metadata.as_json() if self._metadata else None,
            "class_weights": self._weights.tolist(),
        }
        arrays = {name: tensor.numpy().copy() for name, tensor in self._fitted().state_dict().items()}
        return HeadState(described, arrays)

    @classmethod
    def from_state(cls, state: HeadState) -> Self:
        """The head that ``state`` describes."""
        described = state.settings
        head = cls(MambaFormerSettings.model_validate(described["settings"]))
        head._classes, head._sites = tuple(described["classes"]), tuple(described["sites"])
        head._specs = tuple(FeatureSpec(**fields) for fields in described["features"])
        head._metadata = MetadataEncoder.from_json(described["metadata"]) if described["metadata"] else None
        head._weights = np.asarray(described["class_weights"], dtype=np.float64)
        with torch.random.fork_rng(devices=[]):
            head._net = head._new_net().eval()
        head._net.load_state_dict(
            {name: torch.from_numpy(array.copy()) for name, array in state.arrays.items()}
        )
        return head

    def _new_net(self) -> MambaFormerNet:
        metadata = self._metadata.dim if self._metadata else 0
        # One site code more, for sites that training never saw.
        return MambaFormerNet(self.settings, self._specs, len(self._sites) + 1, metadata, len(self._classes))

    def _fit_metadata(self, train: Examples) -> MetadataEncoder | None:
        categories, numbers = (CATEGORIES, NUMBERS) if self.settings.metadata else ((), ())
        numbers = (*numbers, *(QUALITY if self.settings.quality else ()))
        return MetadataEncoder.fit(patients_with_quality(train), categories, numbers) if numbers else None

    def _metadata_of(self, examples: Examples) -> np.ndarray:
        if self._metadata is None:
            return np.zeros((len(examples.patients), 0), dtype=np.float32)
        return self._metadata(patients_with_quality(examples))

    def _loss(self, net: MambaFormerNet, batch: Batch, weights: torch.Tensor) -> torch.Tensor:
        vectors = net.encode(batch.crops)
        of_patients = net.patient_logits(vectors, batch.sites, batch.slots, batch.metadata)
        loss = weighted_cross_entropy(of_patients, batch.patient_targets, weights)
        of_recordings = weighted_cross_entropy(
            net.recording_logits(vectors), batch.recording_targets, weights
        )
        return loss + self.settings.recording_weight * of_recordings

    def _watch(self, valid: Examples) -> dict[str, float]:
        targets = one_hot(valid.labels, len(self._classes))
        if not targets.any():
            return {}
        probabilities, _ = self._predictor(valid).view(0)
        losses = -(targets * np.log(np.maximum(probabilities, 1e-12))).sum(1)
        return {"valid_loss": float(losses.sum() / targets.sum())}

    def _predictor(self, examples: Examples) -> Predictor:
        net = self._fitted()
        check_features(self._specs, examples)
        cutter = CropCutter(examples, self._specs, self.settings.crop_seconds)
        sites, metadata = site_codes(examples, self._sites), self._metadata_of(examples)
        return Predictor(net, cutter, examples, sites, metadata, self._weights)

    def _fitted(self) -> MambaFormerNet:
        if self._net is None:
            raise RunError("this mambaformer head has not been fitted; call fit() or from_state() first")
        return self._net
