"""CRC-32 of what is on disk, so that flipped bytes can be told from right ones."""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from heartfeat.stores.schema import canonical_json

CHECKSUMS = "checksums"
"""Attribute of every group: ``{"arrays": {name: CRC-32}, "attributes": CRC-32}``."""


def array_checksum(values: np.ndarray) -> int:
    """CRC-32 of an array's little-endian bytes in C order."""
    return zlib.crc32(_little(values))


def block_checksum(tokens: np.ndarray, pooled: np.ndarray) -> int:
    """CRC-32 of one recording's features under one view: the tokens' bytes, then the pooled tokens'."""
    return zlib.crc32(_little(pooled), zlib.crc32(_little(tokens)))


def seal(attrs: Mapping[str, Any], arrays: Mapping[str, int]) -> dict[str, Any]:
    """A group's attributes with checksums of themselves and of the group's arrays."""
    of_attrs = zlib.crc32(canonical_json({**attrs, CHECKSUMS: dict(arrays)}).encode())
    return {**attrs, CHECKSUMS: {"arrays": dict(arrays), "attributes": of_attrs}}


def unseal(sealed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """The attributes and checksums that `seal` put together; no checksums where there is no seal.

    Raises
    ------
    ValueError
        When they are not those that were sealed.
    """
    attrs = dict(sealed)
    if CHECKSUMS not in attrs:
        return attrs, {}
    arrays = stored_checksums(attrs.pop(CHECKSUMS))
    if seal(attrs, arrays) != sealed:
        raise ValueError("its attributes are not those that were written: their checksum is another")
    return attrs, arrays


def stored_checksums(found: object) -> dict[str, int]:
    """The arrays' checksums in a seal; ValueError where that is malformed."""
    arrays = found.get("arrays") if isinstance(found, dict) else None
    if not isinstance(arrays, dict) or not all(isinstance(one, int) for one in arrays.values()):
        raise ValueError(f"its attribute {CHECKSUMS!r} is malformed")
    return arrays


def _little(values: np.ndarray) -> bytes:
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
