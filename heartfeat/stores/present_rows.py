"""Which features are there, told without reading them."""

import numpy as np

from heartfeat.stores.blocks import Blocks
from heartfeat.stores.container import LostRows


def present_rows(blocks: Blocks) -> np.ndarray:
    """Whether each recording has features under each view, and the files that hold them.

    Files are looked for, and their sizes compared; none is read. In HDF5 all rows are in the one file, so this
    is what is marked done.

    Returns
    -------
    np.ndarray
        ``(views, recordings)`` bool.
    """
    return blocks.done & ~lost_blocks(blocks, blocks.tokens.lost_rows(), blocks.pooled.lost_rows())


def lost_blocks(blocks: Blocks, tokens: list[LostRows], pooled: list[LostRows]) -> np.ndarray:
    """``(views, recordings)`` bool: blocks of which any byte is lost."""
    lost = np.zeros(blocks.done.shape, bool)
    for rows in tokens:
        first = int(np.searchsorted(blocks.offsets[1:], rows.start, "right"))
        last = int(np.searchsorted(blocks.offsets[:-1], rows.stop, "left"))
        lost[rows.view, first:last] = True
    for rows in pooled:
        lost[rows.view, rows.start : rows.stop] = True
    return lost
