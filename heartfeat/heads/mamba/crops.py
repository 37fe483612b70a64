"""Fixed-length crops of cached tokens, cut at the same time in every feature set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.crop_sources import CycleImages, RecordingStatistics, TimeTokens


def statistics_of(name: str) -> str:
    """What the statistics of the feature set ``name`` are called among its crops."""
    return f"statistics of {name}"


class CropCutter:
    """Cuts crops out of the features of some patients.

    A recording shorter than a crop is repeated cyclically (a heart is periodic), so no crop needs padding. Sets of
    heart beats know no time: of them there is one image per recording, as there are statistics of every other set.

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
        self._whole: dict[str, CycleImages | RecordingStatistics] = {
            spec.name: CycleImages(examples.features[spec.name], spec, device)
            for spec in specs
            if spec.cycle is not None
        }
        self._whole |= {
            statistics_of(name): RecordingStatistics(examples.features[name], device)
            for name in self._in_time
        }
        # Where beats are all there is, one crop stands for a recording.
        durations = [source.durations for source in self._in_time.values()]
        self.durations = (
            np.min(durations, axis=0) if durations else np.full(len(examples.patient_of), seconds)
        )

    def clean_tokens(self) -> dict[str, Tensor]:
        """All tokens and statistics in the clean view, ``(rows, D)`` each."""
        sources = {**self._in_time, **self._whole}
        return {name: source.clean_tokens() for name, source in sources.items()}

    def cut(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray) -> dict[str, Tensor]:
        """Crops ``(crops, tokens, D)`` float32 per feature set, each with what `cut_whole` has of its recording.

        Parameters
        ----------
        recordings, starts, views
            ``(crops,)``: row of the recording, start of the crop (s), and number of the view.
        """
        return {**self.cut_time(recordings, starts, views), **self.cut_whole(recordings, views)}

    def cut_time(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray) -> dict[str, Tensor]:
        """As `cut`, without what there is once per recording."""
        return {
            name: source.cut(recordings, starts, views, self.seconds)
            for name, source in self._in_time.items()
        }

    def cut_whole(self, recordings: np.ndarray, views: np.ndarray) -> dict[str, Tensor]:
        """Images ``(recordings, phases, numbers x statistics)`` float32 per set of heart beats, and statistics
        ``(recordings, D x statistics)`` of every other set under the name `statistics_of` gives.

        Parameters
        ----------
        recordings, views
            ``(recordings,)``: rows and numbers of views.
        """
        return {name: source.cut(recordings, views) for name, source in self._whole.items()}

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
