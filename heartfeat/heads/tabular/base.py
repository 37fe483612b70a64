"""What the classical heads share: models of recordings and of patients, and one that weighs what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from heartfeat.errors import ConfigError, RunError
from heartfeat.heads.combiner import Combiner
from heartfeat.heads.examples import UNLABELLED, Examples
from heartfeat.heads.head import HeadState, Prediction
from heartfeat.heads.metadata import MetadataEncoder
from heartfeat.heads.patient_evidence import patient_evidence
from heartfeat.heads.patient_quality import encode_patients, learn_quality
from heartfeat.heads.person_folds import person_folds
from heartfeat.heads.settings import LgbmSettings, LogisticSettings
from heartfeat.heads.tabular.cross_fit import RowModel, cross_fit, predict_views
from heartfeat.heads.tabular.encoder import TabularEncoder
from heartfeat.heads.tabular.training_table import join_tables, patient_rows, training_table
from heartfeat.progress import Progress

LEVELS = ("recording", "patient")


class TabularHead:
    """Base of the heads on pooled features.

    One model is fitted on single recordings with the labels per recording (the patient's where the dataset
    has none), one on the averages of each patient's recordings. A small linear model turns what they say of a
    patient into the patient's probabilities; it is fitted on what they say of patients that they had not
    seen, from inner folds, and so calibrates them too.
    """

    uses_tokens: ClassVar[bool] = False
    trains_on_valid: bool = True
    settings_class: ClassVar[type[LogisticSettings] | type[LgbmSettings]]

    def __init__(self, settings: Any) -> None:  # noqa: ANN401 - each head narrows it to its own settings
        self.settings = settings
        self._classes: tuple[str, ...] = ()
        self._encoder: TabularEncoder | None = None
        self._models: dict[str, RowModel] = {}
        self._quality: MetadataEncoder | None = None
        self._combiner: Combiner | None = None
        self.held_out: Prediction | None = None

    def _fit_rows(self, rows: np.ndarray, labels: np.ndarray) -> RowModel:
        """Fit a model of rows."""
        raise NotImplementedError

    def _model_state(self, level: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Arrays and texts of the fitted model of a level."""
        raise NotImplementedError

    def _load_model(self, level: str, state: HeadState) -> RowModel:
        """The model that `_model_state` described."""
        raise NotImplementedError

    def fit(self, train: Examples, valid: Examples, progress: Progress) -> list[dict[str, float]]:
        """Fit on ``train`` and ``valid``, all views.

        There is nothing to stop early and no setting to tune, so the validation patients are trained on too;
        `held_out` is what the inner folds say of them.

        Returns
        -------
        list of dict
            Empty: there are no epochs.

        Raises
        ------
        ConfigError
            When fewer than two persons have a labelled patient.
        """
        settings, self._classes, self.held_out = self.settings, train.classes, None
        self._encoder = TabularEncoder.fit(train, metadata=settings.metadata, quality=settings.quality)
        self._quality = learn_quality(train) if settings.quality else None
        table = join_tables([training_table(self._encoder, part) for part in (train, valid)])
        quality = np.concatenate([encode_patients(self._quality, part.labelled()) for part in (train, valid)])
        if len(set(table.persons)) < 2:
            raise ConfigError(
                f"the {settings.kind} head needs patients of at least two persons that have a label, got "
                f"{len(set(table.persons))}; choose another task or another split"
            )
        fold = person_folds(table.persons, table.patient_labels, settings.inner_folds, settings.seed)
        total, count = 2 * (int(fold.max()) + 2), iter(range(1, 1_000))

        def done() -> None:
            progress("inner fold", next(count), total)

        averages = patient_rows(table.rows, table.patient_of, len(fold))
        # These matrices are small: more threads of linear algebra would only wait for each other.
        with threadpool_limits(1):
            of_recordings = cross_fit(
                self._fit_rows, table.rows, table.labels, fold[table.patient_of], settings.seed, done
            )
            of_patients = cross_fit(self._fit_rows, averages, table.patient_labels, fold, settings.seed, done)
            self._models = {"recording": of_recordings.model, "patient": of_patients.model}
            views = zip(of_recordings.unseen, of_patients.unseen, strict=True)
            evidence = np.stack([patient_evidence(*view, table.patient_of) for view in views])
            labels, classes = table.patient_labels, len(self._classes)
            self._combiner = Combiner.fit(evidence, quality, labels, classes)
            held = np.arange(len(fold)) >= len(fold) - int((valid.labels != UNLABELLED).sum())
            if held.any() and not held.all():
                combiner = Combiner.fit(evidence[:, ~held], quality[~held], labels[~held], classes)
                patients = np.stack([combiner.predict(view[held], quality[held]) for view in evidence])
                self.held_out = Prediction(patients, of_recordings.unseen[:, held[table.patient_of]])
        return []

    def predict(self, examples: Examples) -> Prediction:
        """Probabilities for each view of ``examples`` by itself; labels are not looked at.

        Raises
        ------
        RunError
            When the head has not been fitted.
        FeatureKeyError
            When the features are not those that the head was fitted on.
        """
        encoder, combiner = self._fitted()
        rows, patient_of = encoder(examples), examples.patient_of
        averages = patient_rows(rows, patient_of, len(examples.patients))
        with threadpool_limits(1):
            of_recordings = predict_views(self._models["recording"], rows)
            of_patients = predict_views(self._models["patient"], averages)
            views = zip(of_recordings, of_patients, strict=True)
            quality = encode_patients(self._quality, examples)
            patients = [combiner.predict(patient_evidence(*view, patient_of), quality) for view in views]
        return Prediction(np.stack(patients), of_recordings)

    def state(self) -> HeadState:
        """The fitted head as plain data.

        Raises
        ------
        RunError
            When the head has not been fitted.
        """
        encoder, combiner = self._fitted()
        described: Mapping[str, Any] = {
            "settings": self.settings.model_dump(mode="json"),
            "classes": list(self._classes),
            "encoder": encoder.as_json(),
            "quality": self._quality.as_json() if self._quality else None,
        }
        arrays, texts = combiner.arrays("combiner."), dict[str, str]()
        for level in LEVELS:
            of_level = self._model_state(level)
            arrays, texts = arrays | of_level[0], texts | of_level[1]
        return HeadState(described, arrays, texts)

    @classmethod
    def from_state(cls, state: HeadState) -> Self:
        """The head that ``state`` describes."""
        head = cls(cls.settings_class.model_validate(state.settings["settings"]))
        head._classes = tuple(state.settings["classes"])
        head._encoder = TabularEncoder.from_json(state.settings["encoder"])
        quality = state.settings["quality"]
        head._quality = MetadataEncoder.from_json(quality) if quality else None
        head._models = {level: head._load_model(level, state) for level in LEVELS}
        head._combiner = Combiner.from_arrays(state.arrays, "combiner.", len(head._classes))
        return head

    def _fitted(self) -> tuple[TabularEncoder, Combiner]:
        if self._encoder is None or self._combiner is None:
            raise RunError(
                f"this {self.settings.kind} head has not been fitted; call fit() or from_state() first"
            )
        return self._encoder, self._combiner
