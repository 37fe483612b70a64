"""What crops are cut from: tokens along time, or the image of a recording's mean heart cycle."""

import numpy as np
import torch
from torch import Tensor

from heartfeat.heads.examples import FeatureArrays
from heartfeat.heads.feature_spec import FeatureSpec


class TimeTokens:
    """Evenly spaced tokens; a recording shorter than a crop is repeated cyclically (a heart is periodic).

    Parameters
    ----------
    arrays, spec
        A feature set with tokens.
    """

    def __init__(self, arrays: FeatureArrays, spec: FeatureSpec) -> None:
        if arrays.tokens is None or spec.token_rate is None:
            raise ValueError(
                f"the feature set {spec.name!r} was loaded without tokens; load examples with tokens=True"
            )
        views, self._rows, dim = arrays.tokens.shape
        # Rows of all views under one another: taking rows is several times faster than indexing two axes.
        self._tokens, self._rate = arrays.tokens.reshape(views * self._rows, dim), spec.token_rate
        self._starts, self._lengths = arrays.spans[:, 0], np.diff(arrays.spans)[:, 0]
        self.durations = self._lengths / spec.token_rate

    def clean_tokens(self) -> Tensor:
        """``(rows, D)`` float16, recording by recording."""
        before = np.repeat(np.cumsum(self._lengths) - self._lengths, self._lengths)
        rows = np.repeat(self._starts, self._lengths) + np.arange(len(before)) - before
        return torch.from_numpy(self._tokens.take(rows, axis=0))

    def cut(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray, seconds: float) -> Tensor:
        """``(crops, tokens, D)`` float32, ``seconds`` long from ``starts`` (s)."""
        steps = np.arange(max(1, round(seconds * self._rate)))
        first = np.rint(starts * self._rate).astype(np.int64)[:, None]
        rows = self._starts[recordings, None] + (first + steps) % self._lengths[recordings, None]
        of_view = np.asarray(views, dtype=np.int64)[:, None] * self._rows
        return torch.from_numpy(self._tokens.take(of_view + rows, axis=0)).float()


class CycleImages:
    """Statistics over a recording's beats as one token per phase of the heart cycle, whatever the crop.

    Parameters
    ----------
    arrays, spec
        A feature set of heart beats, pooled.
    """

    def __init__(self, arrays: FeatureArrays, spec: FeatureSpec) -> None:
        if spec.cycle is None:
            raise ValueError(f"the feature set {spec.name!r} is not one of heart beats")
        self._images = torch.from_numpy(arrays.pooled).unflatten(2, (len(spec.statistics), *spec.cycle))
        self.durations = np.full(self._images.shape[1], np.inf)

    def clean_tokens(self) -> Tensor:
        """``(recordings x phases, bands x statistics)`` float32."""
        return _as_tokens(self._images[0]).flatten(0, 1)

    def cut(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray, seconds: float) -> Tensor:
        """``(crops, phases, bands x statistics)`` float32."""
        of_view = torch.from_numpy(np.asarray(views, dtype=np.int64))
        return _as_tokens(self._images[of_view, torch.from_numpy(recordings)]).float()


def _as_tokens(images: Tensor) -> Tensor:
    """``(n, statistics, phases, bands)`` to ``(n, phases, bands x statistics)``; a band's numbers are neighbours."""
    return images.permute(0, 2, 3, 1).flatten(2)
