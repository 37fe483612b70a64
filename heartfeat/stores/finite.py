"""Whether features are numbers at all."""

import numpy as np

_F16_EXPONENT = 0x7C00


def is_finite(tokens: np.ndarray, pooled: np.ndarray) -> bool:
    """Whether all float16 tokens and float32 pooled tokens are finite."""
    # Infinity and NaN are the float16 numbers with all exponent bits set; bits are tested faster than floats.
    bits = np.ascontiguousarray(tokens).view(np.uint16) & _F16_EXPONENT
    return not (bits == _F16_EXPONENT).any() and bool(np.isfinite(pooled).all())
