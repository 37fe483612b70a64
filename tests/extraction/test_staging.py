from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heartfeat.errors import StoreError
from heartfeat.extraction.facts import OK, SKIPPED, Facts, FileMark
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.extraction.staging import BLOCKS, JOURNAL, StagingWriter, alone, read_staging, remove_shards
from heartfeat.signals.quality import QUALITY

FACTS = Facts("r1", FileMark(10, 20), OK, None, "digest", 4000, 2.5, dict.fromkeys(QUALITY, 3.0))


def key(number: int) -> BlockKey:
    return BlockKey("core", "clean", f"digest{number}")


def block(number: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(number)
    return rng.standard_normal((number + 1, 3)).astype(np.float16), rng.standard_normal(6).astype(np.float32)


def write(staging: Path, numbers: range, commit: bool = True) -> Path:
    with StagingWriter(staging) as writer:
        for number in numbers:
            writer.add(key(number), *block(number))
            if commit:
                writer.note(FACTS)
                writer.commit()
        return writer.shard


def test_a_recording_whose_figures_are_of_an_earlier_release_is_looked_at_again(tmp_path: Path) -> None:
    earlier = replace(FACTS, quality={"snr_db": 3.0})
    skipped = replace(FACTS, status=SKIPPED, reason="silent", quality=None)
    with StagingWriter(tmp_path / "s") as writer:
        writer.add(key(0), *block(0))
        for facts in (earlier, skipped):
            writer.note(facts)
        writer.commit()

    staged = read_staging(tmp_path / "s")

    assert staged.facts == (skipped,)
    assert list(staged.blocks) == [key(0)]


def test_what_was_committed_is_read_back_from_all_shards(tmp_path: Path) -> None:
    shards = (write(tmp_path / "s", range(3)), write(tmp_path / "s", range(3, 5)))

    staged = read_staging(tmp_path / "s")

    assert staged.shards == shards
    assert staged.facts == (FACTS,) * 5
    assert list(staged.blocks) == [key(number) for number in range(5)]
    for number in range(5):
        for got, expected in zip(staged.blocks[key(number)].read(), block(number), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_where_nothing_can_be_written_nobody_is_kept_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    staging = tmp_path / "file" / "s.zarr.staging"
    with alone(staging), alone(staging):
        pass


def test_holding_a_store_leaves_staged_work_and_nothing_else(tmp_path: Path) -> None:
    empty, full = tmp_path / "a.staging", tmp_path / "b.staging"
    write(full, range(2))
    for staging in (empty, full):
        with alone(staging):
            assert (staging / "held").exists()
    assert not empty.exists()
    assert list(read_staging(full).blocks) == [key(0), key(1)]
    assert not (full / "held").exists()


def test_what_was_not_committed_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, range(2), commit=False)
    assert read_staging(tmp_path).blocks == {}


@pytest.mark.parametrize("keep", [0, 1, 40, -1])
def test_a_torn_last_line_does_not_count(keep: int, tmp_path: Path) -> None:
    journal = write(tmp_path, range(3)) / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-2]) + lines[-2][:keep])
    assert list(read_staging(tmp_path).blocks) == [key(0), key(1)]


def test_garbage_after_a_machine_crash_ends_the_journal(tmp_path: Path) -> None:
    journal = write(tmp_path, range(3)) / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:4]) + b"\0\0\0\n" + lines[4])
    assert list(read_staging(tmp_path).blocks) == [key(0), key(1)]


def test_a_line_whose_block_is_not_there_does_not_count(tmp_path: Path) -> None:
    blocks = write(tmp_path, range(3)) / BLOCKS
    blocks.write_bytes(blocks.read_bytes()[:-1])
    assert list(read_staging(tmp_path).blocks) == [key(0), key(1)]


def test_changed_bytes_are_noticed(tmp_path: Path) -> None:
    blocks = write(tmp_path, range(2)) / BLOCKS
    data = bytearray(blocks.read_bytes())
    data[-1] ^= 1
    blocks.write_bytes(data)
    staged = read_staging(tmp_path)
    staged.blocks[key(0)].read()
    assert [block.is_whole() for block in staged.blocks.values()] == [True, False]
    with pytest.raises(StoreError, match="run the same command again"):
        staged.blocks[key(1)].read()


def test_removing_the_last_shard_removes_the_folder(tmp_path: Path) -> None:
    first, second = write(tmp_path / "s", range(1)), write(tmp_path / "s", range(1))
    remove_shards(tmp_path / "s", [first])
    assert read_staging(tmp_path / "s").shards == (second,)
    remove_shards(tmp_path / "s", [second])
    assert not (tmp_path / "s").exists()


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("a file in the way")
    with pytest.raises(StoreError, match="Make room or permission"):
        StagingWriter(tmp_path / "s")
