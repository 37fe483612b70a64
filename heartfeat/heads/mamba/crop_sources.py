"""What crops are cut from: tokens along time, and what there is once per recording."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding

from heartfeat.heads.examples import FeatureArrays
from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.neural.resident import resident


class TimeTokens:
    """Evenly spaced tokens; a recording shorter than a crop is repeated cyclically (a heart is periodic).

    Parameters
    ----------
    arrays, spec
        A feature set with tokens.
    device
        Where crops are wanted.
    """

    def __init__(self, arrays: FeatureArrays, spec: FeatureSpec, device: str = "cpu") -> None:
        if arrays.tokens is None or spec.token_rate is None:
            raise ValueError(
                f"the feature set {spec.name!r} was loaded without tokens; load examples with tokens=True"
            )
        # Rows of all views under one another: taking rows is several times faster than indexing two axes.
        self._tokens, self._device = resident(arrays.tokens, device).flatten(0, 1), device
        self._rows, self._rate = arrays.tokens.shape[1], spec.token_rate
        self._starts, self._lengths = arrays.spans[:, 0], np.diff(arrays.spans)[:, 0]
        self.durations = self._lengths / spec.token_rate

    def clean_tokens(self) -> Tensor:
        """``(rows, D)`` float16, recording by recording, where the features lie."""
        before = np.repeat(np.cumsum(self._lengths) - self._lengths, self._lengths)
        return self._take(np.repeat(self._starts, self._lengths) + np.arange(len(before)) - before)

    def cut(self, recordings: np.ndarray, starts: np.ndarray, views: np.ndarray, seconds: float) -> Tensor:
        """``(crops, tokens, D)`` float32, ``seconds`` long from ``starts`` (s)."""
        steps = np.arange(max(1, round(seconds * self._rate)))
        first = np.rint(starts * self._rate).astype(np.int64)[:, None]
        rows = self._starts[recordings, None] + (first + steps) % self._lengths[recordings, None]
        of_view = np.asarray(views, dtype=np.int64)[:, None] * self._rows
        return self._take(of_view + rows).to(self._device).float()

    def _take(self, rows: np.ndarray) -> Tensor:
        return embedding(torch.from_numpy(rows).to(self._tokens.device), self._tokens)


class CycleImages:
    """Statistics over a recording's beats as one token per phase of the heart cycle.

    Parameters
    ----------
    arrays, spec
        A feature set of heart beats, pooled.
    device
        Where images are wanted.
    """

    def __init__(self, arrays: FeatureArrays, spec: FeatureSpec, device: str = "cpu") -> None:
        if spec.cycle is None:
            raise ValueError(f"the feature set {spec.name!r} is not one of heart beats")
        self._device = device
        images = resident(arrays.pooled, device)
        self._images = images.unflatten(2, (len(spec.statistics), *spec.cycle))

    def clean_tokens(self) -> Tensor:
        """``(recordings x phases, bands x statistics)`` float32."""
        return _as_tokens(self._images[0]).flatten(0, 1)

    def cut(self, recordings: np.ndarray, views: np.ndarray) -> Tensor:
        """``(recordings, phases, bands x statistics)`` float32."""
        of_view = torch.from_numpy(np.asarray(views, dtype=np.int64))
        return _as_tokens(self._images[of_view, torch.from_numpy(recordings)]).to(self._device).float()


class RecordingStatistics:
    """The pooled tokens of whole recordings.

    Parameters
    ----------
    arrays
        A feature set.
    device
        Where statistics are wanted.
    """

    def __init__(self, arrays: FeatureArrays, device: str = "cpu") -> None:
        self._device, self._rows = device, resident(arrays.pooled, device)

    def clean_tokens(self) -> Tensor:
        """``(recordings, D x statistics)`` float32."""
        return self._rows[0]

    def cut(self, recordings: np.ndarray, views: np.ndarray) -> Tensor:
        """``(recordings, D x statistics)`` float32."""
        of_view = torch.from_numpy(np.asarray(views, dtype=np.int64))
        return self._rows[of_view, torch.from_numpy(recordings)].to(self._device).float()


def _as_tokens(images: Tensor) -> Tensor:
    """``(n, statistics, phases, bands)`` to ``(n, phases, bands x statistics)``; a band's numbers are neighbours."""
    return images.permute(0, 2, 3, 1).flatten(2)
