import numpy as np
import pytest

from heartfeat.extraction.pooling import STATISTICS, pool


@pytest.mark.parametrize("length", [1, 2, 3, 10, 57])
def test_statistics_equal_numpy_s(length: int) -> None:
    tokens = np.random.default_rng(length).standard_normal((length, 5)).astype(np.float16)
    exact = tokens.astype(np.float64)
    delta = np.abs(np.diff(exact, axis=0)).mean(axis=0) if length > 1 else np.zeros(5)
    expected = {
        "mean": exact.mean(axis=0),
        "std": exact.std(axis=0),
        **{f"p{q}": np.percentile(exact, q, axis=0) for q in (10, 50, 90)},
        "delta": delta,
    }
    pooled = pool(tokens)
    assert pooled.dtype == np.float32
    np.testing.assert_allclose(pooled.reshape(-1, 5), [expected[name] for name in STATISTICS], atol=1e-6)
