import numpy as np
import pytest

from heartfeat.stores.finite import is_finite

TOKENS, POOLED = np.array([[65504, -65504, 6e-8, 0]], np.float16), np.array([3e38, -0.0], np.float32)


def test_the_largest_and_smallest_numbers_are_finite():
    assert is_finite(TOKENS, POOLED)
    assert is_finite(TOKENS[:0], POOLED)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_not(bad):
    tokens, pooled = TOKENS.copy(), POOLED.copy()
    tokens[0, 3], pooled[1] = bad, bad
    assert not is_finite(tokens, POOLED)
    assert not is_finite(TOKENS, pooled)
