"""One row of numbers per recording: pooled features, metadata, site and quality figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from heartfeat.errors import FeatureKeyError
from heartfeat.heads.examples import Examples
from heartfeat.heads.feature_spec import FeatureSpec, check_features, feature_specs
from heartfeat.heads.metadata import MetadataEncoder, numbers_in
from heartfeat.heads.site_codes import site_codes
from heartfeat.signals.quality import WHOLE

_OF_BEATS = ("mean", "p10")
"""Statistics over heart beats that become columns."""

_PHASES_TOGETHER, _BANDS_TOGETHER = 4, 2
"""Neighbours on the grid of a heart beat that become one column."""


@dataclass(frozen=True)
class TabularEncoder:
    """The columns of a table, learned on training recordings.

    Attributes
    ----------
    specs
        Feature sets whose pooled statistics are used.
    widths
        Pooled numbers per recording, by feature set.
    sites
        Known sites; any other site has none of their flags.
    metadata
        Encoder of the patient's metadata, or None where a head does without.
    quality
        Median over the training recordings of each quality figure of a recording as a whole, put where one is missing
        (a flag says so); empty where a head does without.
    """

    specs: tuple[FeatureSpec, ...]
    widths: dict[str, int]
    sites: tuple[str, ...]
    metadata: MetadataEncoder | None
    quality: dict[str, float]

    @classmethod
    def fit(cls, examples: Examples, *, metadata: bool, quality: bool) -> Self:
        """Learn sites, metadata categories and medians; labels are not looked at."""
        specs = feature_specs(examples)
        return cls(
            specs=specs,
            widths={spec.name: examples.features[spec.name].pooled.shape[2] for spec in specs},
            sites=tuple(sorted(examples.recordings["site"].drop_nulls().unique().to_list())),
            metadata=MetadataEncoder.fit(examples.patients) if metadata else None,
            quality={name: _median(examples.recordings, name) for name in WHOLE} if quality else {},
        )

    @property
    def dim(self) -> int:
        """Numbers per recording."""
        metadata = self.metadata.dim if self.metadata else 0
        return (
            sum(self._columns(spec) for spec in self.specs)
            + len(self.sites)
            + metadata
            + 2 * len(self.quality)
        )

    def __call__(self, examples: Examples) -> np.ndarray:
        """The table of every view, ``(views, recordings, dim)`` float32, finite.

        Raises
        ------
        FeatureKeyError
            When the features are not those that the encoder was fitted on.
        """
        check_features(self.specs, examples)
        pooled = [coarse(self._pooled(examples, spec.name), spec) for spec in self.specs]
        known = self._known(examples)
        views = np.broadcast_to(known, (len(examples.views), *known.shape))
        return np.concatenate([*pooled, views], axis=2, dtype=np.float32)

    def _columns(self, spec: FeatureSpec) -> int:
        return coarse(np.zeros((1, 1, self.widths[spec.name])), spec).shape[2]

    def _pooled(self, examples: Examples, name: str) -> np.ndarray:
        pooled = examples.features[name].pooled
        if pooled.shape[2] != self.widths[name]:
            raise FeatureKeyError(
                f"the feature set {name!r} has {pooled.shape[2]} pooled numbers per recording, the head was "
                f"fitted on {self.widths[name]}; extract with the statistics of the fit, or fit again"
            )
        return pooled

    def _known(self, examples: Examples) -> np.ndarray:
        """What does not differ between views, ``(recordings, columns)``."""
        columns = [np.eye(len(self.sites) + 1)[site_codes(examples, self.sites), : len(self.sites)]]
        if self.metadata is not None:
            columns.append(self.metadata(examples.patients)[examples.patient_of])
        for name, median in self.quality.items():
            values = numbers_in(examples.recordings, name)
            missing = ~np.isfinite(values)
            columns.append(np.stack([np.where(missing, median, values), missing], axis=1))
        return np.concatenate(columns, axis=1)

    def as_json(self) -> dict[str, Any]:
        """JSON-able fields."""
        return {
            "features": [spec.as_json() for spec in self.specs],
            "widths": self.widths,
            "sites": list(self.sites),
            "metadata": self.metadata.as_json() if self.metadata else None,
            "quality": self.quality,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """The encoder that `as_json` described."""
        return cls(
            specs=tuple(FeatureSpec.from_json(spec) for spec in fields["features"]),
            widths=dict(fields["widths"]),
            sites=tuple(fields["sites"]),
            metadata=MetadataEncoder.from_json(fields["metadata"]) if fields["metadata"] else None,
            quality=dict(fields["quality"]),
        )


def coarse(pooled: np.ndarray, spec: FeatureSpec) -> np.ndarray:
    """Pooled numbers ``(views, recordings, width)`` as they are, those of heart beats fewer and coarser.

    Of the statistics over beats the mean and the tenth percentile are kept: what sounds on average, and what sounds
    in nearly every beat. Phases and bands of a spectrogram are finer than a table of a few thousand recordings can use,
    so neighbours are averaged; the numbers of an encoder's vectors have no neighbours.
    """
    if spec.cycle is None:
        return pooled
    images = pooled.reshape(*pooled.shape[:2], len(spec.statistics), *spec.cycle)
    images = images[:, :, [name in _OF_BEATS for name in spec.statistics]]
    axes = () if spec.vectors else ((3, _PHASES_TOGETHER), (4, _BANDS_TOGETHER))
    for axis, size in axes:
        starts = np.arange(0, images.shape[axis], size)
        counts = np.diff(np.append(starts, images.shape[axis])).astype(np.float32)
        shape = [1] * 5
        shape[axis] = -1
        images = np.add.reduceat(images, starts, axis=axis) / counts.reshape(shape)
    return images.reshape(*pooled.shape[:2], math.prod(images.shape[2:]))


def _median(table: pl.DataFrame, column: str) -> float:
    values = numbers_in(table, column)
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0
