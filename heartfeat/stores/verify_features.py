"""Damage to a feature set."""

from collections.abc import Iterator, Sequence

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.progress import Progress
from heartfeat.stores.blocks import Blocks
from heartfeat.stores.container import Container, LostRows
from heartfeat.stores.present_rows import lost_blocks
from heartfeat.stores.verification import Problem, found


def open_blocks(
    container: Container, name: str, recordings: Sequence[str]
) -> tuple[Blocks | None, list[Problem]]:
    """A set's blocks, or None and why there are none; and what else is wrong but for the blocks."""
    path = f"features/{name}"
    try:
        blocks = Blocks(container, name, recordings)
    except StoreError as error:
        return None, [found(container, path, error, "drop")]
    if blocks.attrs["name"] != name:
        return None, [Problem(path, f"it says that it is {blocks.attrs['name']!r}", "drop")]
    problems = []
    for array in ("done", "checksum") if blocks.checksums is not None else ("done",):
        try:
            container.read_checked(f"{path}/{array}")
        except StoreError as error:
            problems.append(found(container, f"{path}/{array}", error, "redo"))
    return blocks, problems


def block_problems(blocks: Blocks, recordings: Sequence[str], progress: Progress | None) -> Iterator[Problem]:
    """Every file that is missing or of the wrong size, and every block that is not what was written."""
    lost = {"tokens": blocks.tokens.lost_rows(), "pooled": blocks.pooled.lost_rows()}
    for array, rows in lost.items():
        yield from (_lost_file(blocks, array, one) for one in rows)
    gone = lost_blocks(blocks, lost["tokens"], lost["pooled"]) & blocks.done
    for number, (view, recording) in enumerate(np.ndindex(blocks.done.shape), start=1):
        problem = "its chunk is lost" if gone[view, recording] else ""
        if problem or (problem := blocks.problem(view, recording)):
            yield Problem(
                blocks.path, problem, "redo", recordings[recording], blocks.views[view], (view, recording)
            )
        if progress is not None:
            progress(f"verifying {blocks.path.removeprefix('features/')}", number, blocks.done.size)


def _lost_file(blocks: Blocks, array: str, rows: LostRows) -> Problem:
    view = None if rows.view is None else blocks.views[rows.view]
    return Problem(f"{blocks.path}/{array}", rows.problem, "redo", view=view)
