"""Fixed-length crops of cached tokens, cut at the same time in every feature set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.crop_sources import CycleImages, TimeTokens


class CropCutter:
    """Cuts crops out of the features of some patients.

    A recording shorter than a crop is repeated cyclically (a heart is periodic), so no crop needs padding. Sets of
    heart beats know no time: of them there is one image per recording.

    Parameters
    ----------
    examples
        Patients whose feature arrays hold tokens, but for sets of heart beats, which are seen pooled.
    specs
        Feature sets to cut from.
    seconds
        Length of a crop (s).
    device
        Where crops are wanted; features are kept there as far as they fit.
    """

    def __init__(
        self, examples: Examples, specs: Sequence[FeatureSpec], seconds: float, device: str = "cpu"
    ) -> None:
        self.seconds, self.device = seconds, device
        self.specs = tuple(specs)
        self._in_time = {
            spec.name: TimeTokens(examples.features[spec.name], spec, device)
            for spec in specs
            if spec.cycle is None
        }
        self._in_cycle = {
            spec.name: CycleImages(examples.features[spec.name], spec, device)
            for spec in specs
            if spec.cycle is not None
        }
        # Where beats are all there is, one crop stands for a recording.
        durations = [source.durations for source in self._in_time.values()]
        self.durations = (
            np.min(durations, axis=0) if durations else np.full(len(examples.patient_of), seconds)
        )

    def clean_tokens(self) -> dict[str, Tensor]:
        """All tokens in the clean view, ``(rows, D)`` per feature set."""
        sources: dict[str, TimeTokens | CycleImages] = {**self._in_time, **self._in_cycle}
        return {name: source.clean_tokens() for name, source in sources.items()}

    def cut(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray) -> dict[str, Tensor]:
        """Crops ``(crops, tokens, D)`` float32 per feature set, each with its recording's images of heart beats.

        Parameters
        ----------
        recordings, starts, views
            ``(crops,)``: row of the recording, start of the crop (s), and number of the view.
        """
        return {**self.cut_time(recordings, starts, views), **self.cut_cycles(recordings, views)}

    def cut_time(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray) -> dict[str, Tensor]:
        """As `cut`, without sets of heart beats."""
        return {
            name: source.cut(recordings, starts, views, self.seconds)
            for name, source in self._in_time.items()
        }

    def cut_cycles(self, recordings: np.ndarray, views: np.ndarray) -> dict[str, Tensor]:
        """Images ``(recordings, phases, numbers x statistics)`` float32 per set of heart beats.

        Parameters
        ----------
        recordings, views
            ``(recordings,)``: rows and numbers of views.
        """
        return {name: source.cut(recordings, views) for name, source in self._in_cycle.items()}

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
