"""Write one feature set into a new tree, checking every row on the way."""

from collections.abc import Sequence

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.progress import Progress
from heartfeat.stores.checksums import block_checksum
from heartfeat.stores.finite import is_finite
from heartfeat.stores.schema import check_feature_attrs, plain_json
from heartfeat.stores.sources import FeatureSetSource
from heartfeat.stores.tree_writer import TreeWriter


def write_features(
    writer: TreeWriter,
    source: FeatureSetSource,
    recordings: Sequence[str],
    progress: Progress | None = None,
) -> None:
    """Write a feature set's attributes, tokens, offsets, pooled tokens, done marks and checksums.

    Parameters
    ----------
    writer
        The new tree.
    source
        The set.
    recordings
        Recording ids in stored order.
    progress
        ``progress(what, done, total)``, told of every recording and view.

    Raises
    ------
    StoreError
        Names the set, recording and view whose rows are not finite or not as announced.
    """
    attrs = plain_json({**source.attrs, "name": source.name, "type": "feature-set", "version": 1})
    check_feature_attrs(attrs)
    lengths = np.asarray(source.lengths, np.int64)
    if lengths.shape != (len(recordings),) or (lengths < 0).any():
        raise StoreError(
            f"feature set {source.name!r} needs one length >= 0 for each of {len(recordings)} recordings, "
            f"not an array {lengths.shape}"
        )
    path, views, dim = f"features/{source.name}", attrs["views"], attrs["dim"]
    width = dim * len(attrs["statistics"])
    writer.group(path, attrs)
    writer.array(f"{path}/offsets", np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    tokens = writer.sink(f"{path}/tokens", (len(views), int(lengths.sum()), dim), "<f2")
    pooled = writer.sink(f"{path}/pooled", (len(views), len(recordings), width), "<f4")
    done = np.zeros((len(views), len(recordings)), bool)
    checksums = np.zeros(done.shape, "<u4")
    for number, (view, recording) in enumerate(np.ndindex(done.shape), start=1):
        block = source.read(view, recording)
        done[view, recording] = block is not None
        where = f"feature set {source.name!r}, recording {recordings[recording]!r}, view {views[view]!r}"
        checked = _checked(block, (int(lengths[recording]), dim), width, where)
        if block is not None:
            checksums[view, recording] = block_checksum(*checked)
        tokens.append(checked[0])
        pooled.append(checked[1][None])
        if progress is not None:
            progress(f"writing {source.name}", number, done.size)
    tokens.finish()
    pooled.finish()
    writer.array(f"{path}/done", done)
    writer.array(f"{path}/checksum", checksums)


def _checked(
    block: tuple[np.ndarray, np.ndarray] | None, shape: tuple[int, int], width: int, where: str
) -> tuple[np.ndarray, np.ndarray]:
    if block is None:  # NaN, which no reader can take for a measurement
        return np.full(shape, np.nan, np.float16), np.full(width, np.nan, np.float32)
    tokens, pooled = block
    if tokens.shape != shape or tokens.dtype != np.float16:
        raise StoreError(f"{where}: tokens must be float16 {shape}, not {tokens.dtype} {tokens.shape}")
    if pooled.shape != (width,) or pooled.dtype != np.float32:
        raise StoreError(f"{where}: pooled must be float32 ({width},), not {pooled.dtype} {pooled.shape}")
    if not is_finite(tokens, pooled):
        raise StoreError(f"{where}: the features are not finite, or beyond the range of float16 (65,504)")
    return tokens, pooled
