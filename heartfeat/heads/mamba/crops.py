"""Fixed-length crops of cached tokens, cut at the same time in every feature set."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from heartfeat.heads.examples import Examples
from heartfeat.heads.feature_spec import FeatureSpec


class CropCutter:
    """Cuts crops out of the tokens of some patients.

    A recording shorter than a crop is repeated cyclically (a heart is periodic), so no crop needs padding.

    Parameters
    ----------
    examples
        Patients whose feature arrays hold tokens.
    specs
        Feature sets to cut from.
    seconds
        Length of a crop (s).
    """

    def __init__(self, examples: Examples, specs: Sequence[FeatureSpec], seconds: float) -> None:
        self.seconds = seconds
        self.specs = tuple(specs)
        self._tokens: dict[str, Tensor] = {}
        self._offsets: dict[str, np.ndarray] = {}
        for spec in specs:
            arrays = examples.features[spec.name]
            if arrays.tokens is None:
                raise ValueError(
                    f"the feature set {spec.name!r} was loaded without tokens; load examples with tokens=True"
                )
            self._tokens[spec.name] = torch.from_numpy(arrays.tokens)
            self._offsets[spec.name] = arrays.offsets
        rates = [(self._offsets[spec.name], spec.token_rate) for spec in specs]
        self.durations = np.min([np.diff(offsets) / rate for offsets, rate in rates], axis=0)

    def tokens(self, name: str) -> Tensor:
        """All tokens of one feature set, ``(views, rows, D)`` float16."""
        return self._tokens[name]

    def cut(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray) -> dict[str, Tensor]:
        """Crops ``(crops, tokens, D)`` float32 per feature set.

        Parameters
        ----------
        recordings, starts, views
            ``(crops,)``: row of the recording, start of the crop (s), and number of the view.
        """
        crops = {}
        for spec in self.specs:
            tokens, offsets = self._tokens[spec.name], self._offsets[spec.name]
            lengths = np.diff(offsets)[recordings, None]
            steps = np.arange(max(1, round(self.seconds * spec.token_rate)))
            first = np.rint(starts * spec.token_rate).astype(np.int64)[:, None]
            rows = offsets[:-1][recordings, None] + (first + steps) % lengths
            of_view = torch.from_numpy(np.asarray(views, dtype=np.int64)[:, None])
            crops[spec.name] = tokens[of_view, torch.from_numpy(rows)].float()
        return crops

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
