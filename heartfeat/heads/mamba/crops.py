"""Fixed-length crops of cached tokens, cut at the same time in every feature set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.crop_sources import CycleImages, TimeTokens


class CropCutter:
    """Cuts crops out of the features of some patients.

    A recording shorter than a crop is repeated cyclically (a heart is periodic), so no crop needs padding.

    Parameters
    ----------
    examples
        Patients whose feature arrays hold tokens, but for sets of heart beats, which are seen pooled.
    specs
        Feature sets to cut from.
    seconds
        Length of a crop (s).
    """

    def __init__(self, examples: Examples, specs: Sequence[FeatureSpec], seconds: float) -> None:
        self.seconds = seconds
        self.specs = tuple(specs)
        self._sources: dict[str, TimeTokens | CycleImages] = {
            spec.name: (TimeTokens if spec.cycle is None else CycleImages)(examples.features[spec.name], spec)
            for spec in specs
        }
        self.durations = np.min(
            [np.full(len(examples.patient_of), np.inf), *(source.durations for source in self._all())], axis=0
        )
        # Where beats are all there is, one crop stands for a recording.
        self.durations[np.isinf(self.durations)] = seconds

    def clean_tokens(self, name: str) -> Tensor:
        """All tokens of one feature set in the clean view, ``(rows, D)``."""
        return self._sources[name].clean_tokens()

    def cut(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray) -> dict[str, Tensor]:
        """Crops ``(crops, tokens, D)`` float32 per feature set.

        Parameters
        ----------
        recordings, starts, views
            ``(crops,)``: row of the recording, start of the crop (s), and number of the view.
        """
        return {
            name: source.cut(recordings, starts, views, self.seconds)
            for name, source in self._sources.items()
        }

    def _all(self) -> Iterable[TimeTokens | CycleImages]:
        return self._sources.values()

    def random_starts(self, recordings: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Uniform start times (s) at which a whole crop fits (0 where the recording is shorter)."""
        room = np.maximum(self.durations[recordings] - self.seconds, 0.0)
        return room * generator.random(len(recordings))

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """The fewest evenly spaced crops that cover every recording.

        Returns
        -------
        tuple
            ``recordings`` and ``starts``, both ``(crops,)``, by recording and in time order.
        """
        counts = np.maximum(1, np.ceil(self.durations / self.seconds - 1e-6)).astype(np.int64)
        recordings = np.repeat(np.arange(len(counts)), counts)
        position = np.arange(len(recordings)) - np.repeat(np.cumsum(counts) - counts, counts)
        room = np.maximum(self.durations - self.seconds, 0.0)
        return recordings, position * (room / np.maximum(counts - 1, 1))[recordings]
