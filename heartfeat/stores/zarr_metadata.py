"""The ``zarr.json`` of Zarr 3 groups and uncompressed arrays, as the zarr package writes them.

Written here because the package sends every small write through an event loop in a thread of its own: slow for many
small files, and one thing more that can hang.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def group_metadata(attrs: Mapping[str, Any]) -> bytes:
    """Metadata of a group."""
    return _text({"attributes": dict(attrs), "zarr_format": 3, "node_type": "group"})


def array_metadata(shape: tuple[int, ...], dtype: np.dtype, chunks: tuple[int, ...]) -> bytes:
    """Metadata of an array whose chunks are plain little-endian bytes.

    Floats fill with NaN, so that a lost chunk can never pass for silence.
    """
    codec: dict[str, Any] = {"name": "bytes"}
    if dtype.itemsize > 1:
        codec["configuration"] = {"endian": "little"}
    fill: object = {"f": "NaN", "b": False}.get(dtype.kind, 0)
    return _text(
        {
            "shape": shape,
            "data_type": dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": fill,
            "codecs": [codec],
            "attributes": {},
            "zarr_format": 3,
            "node_type": "array",
            "storage_transformers": [],
        }
    )


def _text(metadata: Mapping[str, Any]) -> bytes:
    return json.dumps(metadata, indent=2).encode()
