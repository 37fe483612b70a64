"""What a `mambaformer` knows of the patients it learned from, besides weights: what turns examples into inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from heartfeat.errors import ConfigError
from heartfeat.heads.examples import Examples
from heartfeat.heads.feature_spec import FeatureSpec, check_features, feature_specs
from heartfeat.heads.mamba.crops import CropCutter
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.mamba.predictor import Predictor
from heartfeat.heads.metadata import CATEGORIES, NUMBERS, MetadataEncoder
from heartfeat.heads.neural.class_weights import loss_weights
from heartfeat.heads.neural.compute import current_compute, on_device
from heartfeat.heads.patient_quality import (
    PATIENT_QUALITY,
    encode_patients,
    learn_quality,
    patients_with_quality,
)
from heartfeat.heads.settings import MambaFormerSettings
from heartfeat.heads.site_codes import site_codes


@dataclass(frozen=True)
class Inputs:
    """Classes, sites, feature sets and encoders.

    Attributes
    ----------
    settings
        Of the head.
    classes, sites
        Class names of the task, and known sites.
    specs
        Feature sets.
    tasks
        Class names of every auxiliary task.
    metadata
        Encoder of metadata and quality figures for the patient classifier, or None.
    quality
        Encoder of the quality figures for the combiner, or None.
    class_weights
        ``(classes,)`` weights in the loss.
    """

    settings: MambaFormerSettings
    classes: tuple[str, ...]
    sites: tuple[str, ...]
    specs: tuple[FeatureSpec, ...]
    tasks: Mapping[str, tuple[str, ...]]
    metadata: MetadataEncoder | None
    quality: MetadataEncoder | None
    class_weights: np.ndarray

    @classmethod
    def learn(cls, settings: MambaFormerSettings, examples: Examples) -> Self:
        """From the patients to learn from; of labels, only how many there are of each class is looked at.

        Raises
        ------
        ConfigError
            When there are no labels of an auxiliary task, or the class weights do not fit the classes.
        """
        patients = patients_with_quality(examples)
        categories, numbers = (CATEGORIES, NUMBERS) if settings.metadata else ((), ())
        numbers = (*numbers, *(PATIENT_QUALITY if settings.quality else ()))
        weighed = settings.quality and settings.inner_folds
        return cls(
            settings=settings,
            classes=examples.classes,
            sites=tuple(sorted(examples.recordings["site"].drop_nulls().unique().to_list())),
            specs=feature_specs(examples),
            tasks=_tasks(settings, examples),
            metadata=MetadataEncoder.fit(patients, categories, numbers) if numbers else None,
            quality=learn_quality(examples) if weighed else None,
            class_weights=loss_weights(examples.labels, examples.classes, settings.class_weights),
        )

    def new_net(self) -> MambaFormerNet:
        """A network with random weights."""
        # One site code more, for sites that training never saw.
        sites, metadata = len(self.sites) + 1, self.metadata.dim if self.metadata else 0
        tasks = {name: len(classes) for name, classes in self.tasks.items()}
        return MambaFormerNet(self.settings, self.specs, sites, metadata, len(self.classes), tasks)

    def predictor(self, net: MambaFormerNet, examples: Examples) -> Predictor:
        """``net`` together with the patients that it is to judge.

        Raises
        ------
        FeatureKeyError
            When the features are not those that the head was fitted on.
        """
        check_features(self.specs, examples)
        device = current_compute().device
        cutter = CropCutter(examples, self.specs, self.settings.crop_seconds, device)
        sites, metadata = self.sites_of(examples), self.metadata_of(examples)
        return Predictor(on_device(net, device), cutter, examples, sites, metadata, self.class_weights)

    def sites_of(self, examples: Examples) -> np.ndarray:
        """``(recordings,)`` site codes."""
        return site_codes(examples, self.sites)

    def metadata_of(self, examples: Examples) -> np.ndarray:
        """``(patients, columns)`` float32 for the patient classifier; no columns where nothing is used."""
        return encode_patients(self.metadata, examples)

    def quality_of(self, examples: Examples) -> np.ndarray:
        """``(patients, columns)`` float32 for the combiner; no columns where nothing is used."""
        return encode_patients(self.quality, examples)

    def as_json(self) -> dict[str, Any]:
        """JSON-able fields."""
        return {
            "settings": self.settings.model_dump(mode="json"),
            "classes": list(self.classes),
            "sites": list(self.sites),
            "features": [spec.as_json() for spec in self.specs],
            "tasks": {name: list(classes) for name, classes in self.tasks.items()},
            "metadata": self.metadata.as_json() if self.metadata else None,
            "quality": self.quality.as_json() if self.quality else None,
            "class_weights": self.class_weights.tolist(),
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        metadata, quality = fields["metadata"], fields["quality"]
        return cls(
            settings=MambaFormerSettings.model_validate(fields["settings"]),
            classes=tuple(fields["classes"]),
            sites=tuple(fields["sites"]),
            specs=tuple(FeatureSpec.from_json(spec) for spec in fields["features"]),
            tasks={name: tuple(classes) for name, classes in fields["tasks"].items()},
            metadata=MetadataEncoder.from_json(metadata) if metadata else None,
            quality=MetadataEncoder.from_json(quality) if quality else None,
            class_weights=np.asarray(fields["class_weights"], dtype=np.float64),
        )


def _tasks(settings: MambaFormerSettings, examples: Examples) -> dict[str, tuple[str, ...]]:
    missing = [name for name in settings.tasks if name not in examples.extra_labels]
    if missing:
        raise ConfigError(
            f"tasks names {missing[0]!r}, of which the training patients have no labels; they have "
            f"{', '.join(examples.extra_labels) or 'none besides those of the task itself'}"
        )
    return {name: examples.extra_labels[name].classes for name in settings.tasks}
