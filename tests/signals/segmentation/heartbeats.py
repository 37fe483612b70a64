"""Heartbeats whose onsets are known to the sample, for tests of the segmentation."""

import numpy as np

RATE = 2000


def heartbeats(
    seconds: float, beats_per_minute: float = 80, rate: int = RATE, seed: int = 0, noise: float = 0.02
) -> tuple[np.ndarray, np.ndarray]:
    """Bursts of low tones in noise, and their annotation; the first cycle begins after 0.3 s.

    The states' lengths depend on the cycle's about as they do in children.
    """
    rng = np.random.default_rng(seed)
    samples = noise * rng.standard_normal(int(seconds * rate))
    rows = [(0.0, 0.3, 0)]
    start = 0.3
    while (end := start + 60 / beats_per_minute * rng.uniform(0.97, 1.03)) < seconds:
        cycle = end - start
        lengths = 0.07 + 0.08 * cycle, 0.05 + 0.15 * cycle, 0.065 + 0.07 * cycle
        edges = np.round([start, *(start + np.cumsum(lengths)), end], 6)
        for first, last, pitch, loudness in ((0, 1, 50, 0.5), (2, 3, 80, 0.4)):
            span = slice(int(edges[first] * rate), int(edges[last] * rate))
            time = np.arange(span.stop - span.start) / rate
            samples[span] += loudness * np.sin(2 * np.pi * pitch * time) * np.hanning(len(time))
        rows += [(edges[k], edges[k + 1], k + 1) for k in range(4)]
        start = float(edges[-1])
    return samples.astype(np.float32), np.array(rows)
