import numpy as np
import pytest

from heartfeat.extraction.pooling import STATISTICS, pool


@pytest.mark.parametrize("length", [1, 2, 3, 10, 57])
def test_statistics_equal_numpy_s(length: int) -> None:
    tokens = np.random.default_rng(length).standard_normal((length, 5)).astype(np.float16)
    exact = tokens.astype(np.float64)
    expected = {
        "mean": exact.mean(axis=0),
        "std": exact.std(axis=0),
        **{f"p{q}": np.percentile(exact, q, axis=0) for q in (10, 50, 90)},
        "delta": np.abs(np.diff(exact, axis=0)).mean(axis=0) if length > 1 else np.zeros(5),
        "delta200ms": np.abs(exact[10:] - exact[:-10]).mean(axis=0) if length > 10 else np.zeros(5),
    }
    pooled = pool(tokens, token_rate=50.0)
    assert pooled.dtype == np.float32
    np.testing.assert_allclose(pooled.reshape(-1, 5), [expected[name] for name in STATISTICS], atol=1e-6)


def test_systole_is_a_time_not_a_number_of_tokens():
    tokens = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float16)
    fast, slow = (
        dict(zip(STATISTICS, pool(tokens, rate).reshape(-1, 3), strict=True)) for rate in (50.0, 5.0)
    )
    assert not np.allclose(fast["delta200ms"], fast["delta"])
    assert np.array_equal(slow["delta200ms"], slow["delta"])


def test_a_set_may_hold_fewer_statistics_and_then_needs_no_token_rate():
    tokens = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float16)
    every = dict(zip(STATISTICS, pool(tokens, 50.0).reshape(-1, 3), strict=True))
    few = pool(tokens, None, ("p90", "mean")).reshape(-1, 3)
    np.testing.assert_array_equal(few, [every["p90"], every["mean"]])
    with pytest.raises(ValueError, match="evenly spaced"):
        pool(tokens, None)
