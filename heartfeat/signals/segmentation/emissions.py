"""How likely each frame is in each state: dilated convolutions over the envelopes, in numpy."""

import numpy as np

from heartfeat.signals.segmentation.segmenter import Segmenter


def log_posteriors(envelopes: np.ndarray, segmenter: Segmenter) -> np.ndarray:
    """Log probability of each state given the sound around a frame.

    Parameters
    ----------
    envelopes
        ``(frames, bands)`` float32.

    Returns
    -------
    numpy.ndarray
        ``(frames, 4)`` float64; a row's probabilities add up to 1.
    """
    hidden = envelopes
    last = len(segmenter.kernels) - 1
    for layer, (kernel, bias) in enumerate(zip(segmenter.kernels, segmenter.biases, strict=True)):
        hidden = _convolve(hidden, kernel, 2**layer) + bias
        if layer < last:
            hidden = np.maximum(hidden, 0)
    logits = hidden.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _convolve(values: np.ndarray, kernel: np.ndarray, dilation: int) -> np.ndarray:
    """Correlation along the first axis, with zeros beyond the ends; ``(frames, channels out)``."""
    taps, channels, outputs = kernel.shape
    reach = dilation * (taps // 2)
    padded = np.pad(values, ((reach, reach), (0, 0)))
    seen = [padded[tap * dilation : tap * dilation + len(values)] for tap in range(taps)]
    return np.concatenate(seen, axis=1) @ kernel.reshape(taps * channels, outputs)
