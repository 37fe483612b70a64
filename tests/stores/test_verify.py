import json
import shutil

import h5py
import numpy as np
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import open_store, row_sink, write_store
from heartfeat.stores.verify import verify_store

from .damage import flip, unseal
from .processes import UNPRIVILEGED, run_python

VERIFY = "import sys; from heartfeat.stores.verify import verify_store; verify_store(sys.argv[1])"


def lines(path):
    return [str(problem) for problem in verify_store(path).problems]


def test_a_whole_store_has_no_problem(ward, path):
    seen = []
    found = verify_store(ward.write(path), lambda *update: seen.append(update))
    assert (found.damaged, found.problems, found.unsealed) == (False, (), ())
    assert (found.recordings, found.blocks) == (6, 12)
    assert seen[-1] == ("verifying logmel", 12, 12)


def test_a_store_without_recordings_or_sets_has_no_problem(ward, make_ward, path):
    assert not verify_store(make_ward(((), ())).write(path)).damaged
    write_store(path, ward.recordings, ward.patients, [], {})
    assert not verify_store(path).damaged


def test_no_store_is_an_error(path):
    with pytest.raises(StoreError, match="there is no store"):
        verify_store(path)


@pytest.mark.parametrize("array", ["tokens", "pooled"])
def test_a_flipped_bit_is_named_with_element_recording_and_view(ward, path, array):
    ward.write(path, ward.source("one"), ward.source("two"))
    width = {"tokens": 21 * 6, "pooled": 6 * 24}[array]
    flip(path, f"features/two/{array}", width + 1)
    (line,) = lines(path)
    assert line.startswith("features/two, recording 100_0, view gain-6: its bytes are not those")


@pytest.mark.parametrize(
    ("element", "byte"),
    [
        ("recordings/recording/values", 2),
        ("recordings/duration/values", 9),
        ("recordings/reason/valid", 1),
        ("recordings/site/offsets", 8),
        ("patients/age/values", 0),
        ("patients/offsets", 8),
        ("features/logmel/offsets", 8),
        ("features/logmel/done", 11),
        ("features/logmel/checksum", 3),
    ],
)
def test_a_flipped_bit_in_any_small_array_is_named(ward, path, element, byte):
    ward.write(path)
    flip(path, element, byte)
    assert any(
        line.startswith(f"{element}: its bytes are not those that were written") for line in lines(path)
    )


def test_several_problems_are_all_named(ward, path):
    ward.write(path)
    flip(path, "recordings/site/values", 0)
    flip(path, "features/logmel/tokens", 0)
    flip(path, "features/logmel/pooled", 12 * 24 - 1)
    elements = [line.split(":")[0] for line in lines(path)]
    assert elements == [
        "recordings/site/values",
        "features/logmel, recording 100_0, view clean",
        "features/logmel, recording 103_0, view gain-6",
    ]


@pytest.mark.parametrize("group", ["", "recordings", "patients/age", "features", "features/logmel"])
def test_changed_attributes_are_named(ward, path, group):
    ward.write(path)
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            node = file[group or "/"]
            attrs = json.loads(node.attrs["attributes"])
            node.attrs["attributes"] = json.dumps(attrs | {"new": 1})
    else:
        file = path / group / "zarr.json"
        content = json.loads(file.read_text())
        content["attributes"]["new"] = 1
        file.write_text(json.dumps(content))
    assert (
        f"{group or '/'}: its attributes are not those that were written: their checksum is another"
        in lines(path)
    )


def test_a_lost_chunk_and_its_recordings_are_named(ward, tmp_path, monkeypatch):
    monkeypatch.setattr(row_sink, "SLAB_BYTES", 24)
    path = ward.write(tmp_path / "ward.zarr")
    (path / "features/logmel/tokens/c/0/0/0").unlink()
    truncated = path / "features/logmel/pooled/c/1/5/0"
    truncated.write_bytes(truncated.read_bytes()[:-3])
    found = lines(path)
    assert "view clean: the chunk" in found[0]
    assert found[0].endswith("tokens/c/0/0/0 is missing")
    assert "view gain-6: the chunk" in found[1]
    assert found[1].endswith("pooled/c/1/5/0 has 21 bytes, not 24")
    assert found[2:] == [
        "features/logmel, recording 100_0, view clean: its chunk is lost",
        "features/logmel, recording 100_1, view clean: its chunk is lost",
        "features/logmel, recording 103_0, view gain-6: its chunk is lost",
    ]


def test_a_lost_chunk_of_a_table_is_named(ward, tmp_path):
    path = ward.write(tmp_path / "ward.zarr")
    (path / "recordings/recording/values/c/0").unlink()
    (line,) = [line for line in lines(path) if line.startswith("recordings/recording")]
    assert "recordings/recording/values/c/0 is missing" in line


@pytest.mark.parametrize("gone", ["features/logmel/tokens", "features/logmel/checksum", "patients/offsets"])
def test_a_missing_array_is_named(ward, path, gone):
    ward.write(path)
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            del file[gone]
    else:
        shutil.rmtree(path / gone)
    (line,) = lines(path)
    assert line.startswith(f"{gone}: ")
    assert line.endswith("is missing")


@pytest.mark.parametrize("share", [0.999, 0.5, 0.01])
def test_a_truncated_file_is_named(ward, tmp_path, share):
    path = ward.write(tmp_path / "ward.h5")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    (problem,) = verify_store(path).problems
    assert problem.remedy == "restore"
    assert str(path) in problem.problem


def test_another_format_is_named_and_nothing_else(ward, tmp_path):
    path = ward.write(tmp_path / "ward.zarr")
    file = path / "zarr.json"
    file.write_text(file.read_text().replace('"format_version": 1', '"format_version": 2'))
    (line,) = lines(path)
    assert "format version 2" in line


def test_a_store_without_checksums_is_read_and_checked_for_numbers_alone(ward, path):
    unseal(ward.write(path))
    np.testing.assert_array_equal(open_store(path).tokens(), ward.tokens[0])
    found = verify_store(path)
    assert (found.damaged, found.unsealed) == (False, ("logmel",))
    with h5py.File(path, "r+") if path.suffix == ".h5" else open_zarr(path) as tree:
        tree["features/logmel/tokens"][1, 0] = np.nan
    (line,) = lines(path)
    assert line == "features/logmel, recording 100_0, view gain-6: its features are not finite"


class open_zarr:  # noqa: N801 - used as a function
    def __init__(self, path):
        self.path = path

    def __enter__(self):
        import zarr

        return zarr.open_group(self.path, mode="r+")

    def __exit__(self, *_):
        pass


def test_contradictory_tables_are_named(ward, path):
    unseal(ward.write(path))
    flip(path, "recordings/patient/values", 2)
    (line,) = lines(path)
    assert "recordings must be grouped by patient" in line


def test_a_remote_store_is_verified_by_uri(ward, tmp_path):
    import fsspec

    path = ward.write(tmp_path / "ward.zarr")
    flip(path, "features/logmel/tokens", 0)
    memory = fsspec.filesystem("memory")
    memory.put(str(path), "/verified/ward.zarr", recursive=True)
    try:
        assert [line.split(":")[0] for line in lines("memory://verified/ward.zarr")] == [
            "features/logmel, recording 100_0, view clean"
        ]
    finally:
        memory.rm("/verified", recursive=True)


@pytest.mark.parametrize("element", ["tokens/c/0/0/0", "zarr.json", "done/zarr.json"])
def test_what_may_not_be_read_is_no_damage(ward, tmp_path, element):
    path = ward.write(tmp_path / "ward.zarr")
    (path / "features/logmel" / element).chmod(0)
    done = run_python(VERIFY, path, limit=UNPRIVILEGED)
    assert done.returncode != 0
    assert "UnreadableError" in done.stderr
    assert "Permission denied" in done.stderr


def test_a_file_that_may_not_be_read_is_no_damage(ward, tmp_path):
    path = ward.write(tmp_path / "ward.h5")
    path.chmod(0)
    assert "UnreadableError" in run_python(VERIFY, path, limit=UNPRIVILEGED).stderr
