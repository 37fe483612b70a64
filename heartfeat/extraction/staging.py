"""Where a worker puts finished blocks until the store is packed.

``<store>.staging/<shard>/`` holds two files that are only ever appended to: ``blocks.bin``, the arrays, and
``journal.jsonl``, one line per block or recording. A block counts once its line is whole, and the line is
written after the block has reached the disk; whatever a killed worker leaves behind the last whole line is
ignored. Each worker of each run has a shard of its own, so no shard is ever shared, locked or repaired; ``held``
beside them keeps a second extraction out.
"""

import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.extraction.facts import Facts
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.locks import held

BLOCKS = "blocks.bin"
JOURNAL = "journal.jsonl"
HELD = "held"
TOKEN_DTYPE = np.dtype("<f2")
POOLED_DTYPE = np.dtype("<f4")
SHARD_PREFIX = "v1-"
"""Shards of another version of this format are left alone."""


@contextmanager
def alone(staging: Path) -> Iterator[None]:
    """Keep other extractions, and repairs, out of the store that a staging folder belongs to.

    Where nothing can be written there, nothing can be changed either, and nobody is kept out.

    Raises
    ------
    StoreError
        When another process is changing that store.
    """
    store = staging.with_suffix("")
    refusal = StoreError(
        f"another process is extracting into {store} or repairing it; wait for it, or extract into another store "
        "and merge the two"
    )
    with ExitStack() as stack:
        with suppress(OSError):
            staging.mkdir(parents=True, exist_ok=True)
            stack.enter_context(held(staging / HELD, refusal))
            stack.callback(_let_go, staging)
        yield


def _let_go(staging: Path) -> None:
    """Remove the held file while it is held, and the folder with it where no work is left there."""
    with suppress(OSError):
        (staging / HELD).unlink()
        staging.rmdir()


@dataclass(frozen=True, slots=True)
class StagedBlock:
    """Where one block lies.

    Attributes
    ----------
    shard
        Folder of the worker that wrote it.
    offset
        First byte of the tokens; the pooled vector follows them.
    rows, dim, pooled
        Shapes: ``(rows, dim)`` tokens and ``(pooled,)`` statistics.
    checksum
        CRC-32 of all its bytes.
    """

    shard: Path
    offset: int
    rows: int
    dim: int
    pooled: int
    checksum: int

    @property
    def size(self) -> int:
        """Bytes of tokens and pooled vector together."""
        return self.rows * self.dim * TOKEN_DTYPE.itemsize + self.pooled * POOLED_DTYPE.itemsize

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """``(rows, dim)`` float16 tokens and ``(pooled,)`` float32 statistics.

        Raises
        ------
        StoreError
            When the bytes are not those that were written.
        """
        data = self._bytes()
        if data is None:
            raise StoreError(
                f"staged features in {self.shard} were damaged while this ran; run the same command again"
            )
        split = self.rows * self.dim * TOKEN_DTYPE.itemsize
        tokens = np.frombuffer(data[:split], TOKEN_DTYPE).reshape(self.rows, self.dim)
        return tokens, np.frombuffer(data[split:], POOLED_DTYPE)

    def is_whole(self) -> bool:
        """Whether the bytes are those that were written."""
        return self._bytes() is not None

    def _bytes(self) -> bytes | None:
        """Those that were written, or None."""
        try:
            with (self.shard / BLOCKS).open("rb") as file:
                file.seek(self.offset)
                data = file.read(self.size)
        except OSError:
            return None
        return data if len(data) == self.size and zlib.crc32(data) == self.checksum else None


class StagingWriter:
    """Appends blocks and facts to a new shard.

    Parameters
    ----------
    staging
        The store's staging folder; made where it is missing.
    """

    def __init__(self, staging: Path) -> None:
        with _explained(staging):
            self.shard = _new_shard(staging)
            self._blocks = (self.shard / BLOCKS).open("xb")
            self._journal = (self.shard / JOURNAL).open("xb")
        self._lines: list[dict[str, Any]] = []

    def add(self, key: BlockKey, tokens: np.ndarray, pooled: np.ndarray) -> None:
        """Append one block; it counts after the next :meth:`commit`."""
        data = tokens.astype(TOKEN_DTYPE).tobytes() + pooled.astype(POOLED_DTYPE).tobytes()
        place = {
            "offset": self._blocks.tell(),
            "rows": len(tokens),
            "dim": tokens.shape[1],
            "pooled": len(pooled),
        }
        with _explained(self.shard):
            self._blocks.write(data)
        self._lines.append({"block": list(key), **place, "checksum": zlib.crc32(data)})

    def note(self, facts: Facts) -> None:
        """Remember what was seen of a recording; it counts after the next :meth:`commit`."""
        self._lines.append({"facts": facts.as_json()})

    def commit(self) -> None:
        """Bring everything added to the disk, and only then say so in the journal."""
        with _explained(self.shard):
            _flush(self._blocks)
            self._journal.write("".join(json.dumps(line) + "\n" for line in self._lines).encode())
            _flush(self._journal)
        self._lines.clear()

    def close(self) -> None:
        """Close the files; what was not committed does not count."""
        self._blocks.close()
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Staged:
    """Everything that counts in a staging folder.

    Attributes
    ----------
    shards
        Folders that were read.
    blocks
        Where each block lies.
    facts
        What was seen of recordings, oldest first.
    """

    shards: tuple[Path, ...]
    blocks: dict[BlockKey, StagedBlock]
    facts: tuple[Facts, ...]


def read_staging(staging: Path) -> Staged:
    """Read all journals of a staging folder, which need not exist."""
    shards = tuple(sorted(path for path in staging.glob(f"{SHARD_PREFIX}*") if path.is_dir()))
    blocks: dict[BlockKey, StagedBlock] = {}
    facts: list[Facts] = []
    for shard in shards:
        written = (shard / BLOCKS).stat().st_size if (shard / BLOCKS).is_file() else 0
        for line in _whole_lines(shard / JOURNAL):
            if "facts" in line:
                seen = Facts.from_json(line["facts"])
                if seen.whole:  # else the recording is looked at again
                    facts.append(seen)
                continue
            # Interned, because millions of blocks share few keys, views and digests.
            key = BlockKey(*map(sys.intern, line.pop("block")))
            block = StagedBlock(shard, **line)
            if block.offset + block.size <= written:
                blocks[key] = block
    return Staged(shards, blocks, tuple(facts))


def remove_shards(staging: Path, shards: Iterable[Path]) -> None:
    """Delete shards, and the staging folder once it is empty."""
    for shard in shards:
        # The journal goes first: blocks without a journal count for nothing, a journal without blocks would.
        for name in (JOURNAL, BLOCKS):
            (shard / name).unlink(missing_ok=True)
        with suppress(
            OSError
        ):  # a worker whose run was killed may be at its last batch; a later run clears up
            shard.rmdir()
    with suppress(OSError):
        staging.rmdir()


def _new_shard(staging: Path) -> Path:
    staging.mkdir(parents=True, exist_ok=True)
    number = 1 + sum(1 for _ in staging.iterdir())
    while True:
        shard = staging / f"{SHARD_PREFIX}{number:05d}"
        try:
            shard.mkdir()
        except FileExistsError:
            number += 1
        else:
            return shard


def _whole_lines(journal: Path) -> Iterable[dict[str, Any]]:
    *lines, _torn = journal.read_bytes().split(b"\n") if journal.is_file() else [b""]
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            # A crash of the whole machine can leave garbage in the place of what was never committed.
            return


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"staging in {folder} failed ({error}); the store and what was staged before are intact. "
            "Make room or permission for it, then run the same command again"
        ) from error


def _flush(file: Any) -> None:  # noqa: ANN401 - the type of binary files is private to io
    file.flush()
    os.fsync(file.fileno())
