import subprocess
import sys
import textwrap

import numpy as np
import polars as pl
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores import KeptFeatureSet, open_store, write_store


def beside(path):
    return sorted(entry.name for entry in path.parent.iterdir() if entry != path)


def contents(path):
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {str(file): file.read_bytes() for file in files if file.is_file()}


def test_nothing_but_the_store_is_left_behind(ward, path):
    ward.write(path)
    ward.write(path)
    assert beside(path) == []


def test_missing_folders_are_made(ward, path):
    assert open_store(ward.write(path.parent / "a/b" / path.name)).feature_sets == ("logmel",)


def test_the_same_content_gives_the_same_bytes(ward, path):
    first = contents(ward.write(path, created="then"))
    assert contents(ward.write(path, created="then")) == first


def test_a_source_that_fails_half_way_leaves_the_old_store_as_it_was(ward, make_ward, path):
    before = contents(ward.write(path))
    other = make_ward(seed=1)

    def read(view, recording):
        if view == 1:
            raise ZeroDivisionError("half-way")
        return other.read(view, recording)

    with pytest.raises(ZeroDivisionError, match="half-way"):
        other.write(path, other.source(read=read))
    assert contents(path) == before
    assert beside(path) == []


def test_a_source_that_fails_at_the_first_write_leaves_no_store(ward, path):
    def read(view, recording):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ward.write(path, ward.source(read=read))
    assert not path.exists()
    assert beside(path) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", [0, 1])
def test_a_row_that_is_not_finite_is_refused_by_name(ward, path, bad, part):
    (ward.tokens[1, -1], ward.pooled[1, -1])[part][0] = bad
    with pytest.raises(StoreError, match=r"set 'logmel', recording '103_0', view 'gain-6'.*not finite"):
        ward.write(path)
    assert not path.exists()


def test_the_largest_float16_is_kept(ward, path):
    ward.tokens[0, 0] = [65504, -65504, 6e-8]
    np.testing.assert_array_equal(open_store(ward.write(path)).tokens(), ward.tokens[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda tokens, pooled: (tokens[1:], pooled),
            r"tokens must be float16 \(3, 3\), not float16 \(2, 3\)",
        ),
        (lambda tokens, pooled: (tokens.astype("f4"), pooled), "tokens must be float16"),
        (lambda tokens, pooled: (tokens, pooled[:2]), r"pooled must be float32 \(6,\)"),
    ],
)
def test_rows_that_are_not_as_announced_are_refused(ward, path, change, message):
    def read(view, recording):
        return change(*ward.read(view, recording))

    with pytest.raises(StoreError, match=message):
        ward.write(path, ward.source(read=read))


def test_a_recording_done_in_one_view_only_is_nan_in_the_other(ward, path):
    def read(view, recording):
        return None if (view, recording) == (1, 0) else ward.read(view, recording)

    features = open_store(ward.write(path, ward.source(read=read))).features()
    assert features.done[:, 0].tolist() == [True, False]
    np.testing.assert_array_equal(features.tokens("clean", "100_0"), ward.tokens[0, :3])
    assert np.isnan(features.tokens("gain-6", "100_0")).all()
    np.testing.assert_array_equal(features.tokens("gain-6", "100_1"), ward.tokens[1, 3:8])


@pytest.mark.parametrize("lengths", [[1, 2], [-1, 5, 2, 0, 4, 7]])
def test_lengths_must_fit_the_recordings(ward, path, lengths):
    ward.lengths = np.array(lengths)
    with pytest.raises(StoreError, match="one length >= 0 for each of 6 recordings"):
        ward.write(path)


def test_a_feature_set_given_twice_is_refused(ward, path):
    with pytest.raises(StoreError, match="'logmel' is given twice"):
        ward.write(path, ward.source(), ward.source())


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("recordings", pl.DataFrame.reverse, "must be grouped by patient"),
        ("recordings", lambda t: t.drop("site"), "recordings table lacks the column 'site'"),
        (
            "recordings",
            lambda t: t.with_columns(recording=pl.lit("x")),
            "recording id 'x' occurs more than once",
        ),
        ("recordings", lambda t: t.with_columns(patient=pl.lit("nobody")), "name the patient 'nobody'"),
        ("recordings", lambda t: t.with_columns(recording=pl.lit(1)), "must be text without nulls"),
        (
            "recordings",
            lambda t: t.with_columns(offsets=pl.lit(1)),
            "column named 'offsets', which is reserved",
        ),
        ("patients", lambda t: t.with_columns(pl.lit(1).alias("")), "column named '', which is reserved"),
        ("patients", lambda t: pl.concat([t, t]), "patient id '10.' occurs more than once"),
        ("patients", lambda t: t.with_columns(born=pl.lit("2020-01-01").str.to_date()), "type Date"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(ward, path, table, change, message):
    setattr(ward, table, change(getattr(ward, table)))
    with pytest.raises(StoreError, match=message):
        ward.write(path)
    assert not path.exists()


def test_something_that_is_no_store_is_not_overwritten(ward, path):
    keep = path
    if path.suffix == ".zarr":
        path.mkdir()
        keep = path / "thesis.txt"
    keep.write_text("years of work")
    with pytest.raises(StoreError, match="in the way and will not be overwritten"):
        ward.write(path)
    assert keep.read_text() == "years of work"


def test_progress_counts_every_recording_and_view(ward, path):
    seen = []
    write_store(
        path, ward.recordings, ward.patients, [ward.source()], {}, lambda *update: seen.append(update)
    )
    assert seen[0] == ("writing logmel", 1, 12)
    assert [done for _, done, _ in seen] == list(range(1, 13))


def test_a_set_is_added_while_another_is_kept_untouched(ward, make_ward, path):
    ward.write(path, ward.source("first"))
    other = make_ward(dim=5, seed=2)
    ward.write(path, KeptFeatureSet("first"), other.source("second"))
    store = open_store(path)
    assert store.feature_sets == ("first", "second")
    np.testing.assert_array_equal(store.features("first").tokens("gain-6"), ward.tokens[1])
    np.testing.assert_array_equal(store.features("second").tokens("gain-6"), other.tokens[1])


def test_a_kept_zarr_set_takes_no_second_space(ward, tmp_path):
    path = ward.write(tmp_path / "ward.zarr")
    chunk = next(file for file in (path / "features/logmel/tokens/c").rglob("*") if file.is_file())
    inode = chunk.stat().st_ino
    ward.write(path, KeptFeatureSet("logmel"))
    assert chunk.stat().st_ino == inode


def test_a_set_that_is_not_there_cannot_be_kept(ward, path):
    with pytest.raises(StoreError, match="there is no store yet"):
        ward.write(path, KeptFeatureSet("logmel"))
    ward.write(path)
    with pytest.raises(StoreError, match="no feature set 'other'"):
        ward.write(path, KeptFeatureSet("other"))


def test_a_write_to_a_remote_place_is_refused(ward):
    with pytest.raises(StoreError, match="written on a local disk"):
        write_store("s3://bucket/x.zarr", ward.recordings, ward.patients, [], {})


def test_attributes_that_json_cannot_hold_are_refused(ward, path):
    with pytest.raises(StoreError, match="plain JSON"):
        ward.write(path, weights=np.zeros(2))


WRITER = """
import os, resource, signal, sys
import numpy as np, polars as pl
from heartfeat.stores import FeatureSetSource, feature_key, write_store

path, how, when = sys.argv[1], sys.argv[2], int(sys.argv[3])
if how == "full":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
calls = 0
def read(view, recording):
    global calls
    calls += 1
    if how == "kill" and calls == when:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.full((20_000, 8), 7, np.float16), np.full(8, 7, np.float32)

renames = 0
if how == "swap":  # die at the n-th change of a name beside the store
    def die(event, arguments):
        global renames
        if event == "os.rename" and os.path.dirname(arguments[0]) == os.path.dirname(path):
            renames += 1
            if renames == when:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(die)
names = pl.DataFrame({"recording": ["a", "b", "c"], "patient": ["a", "b", "c"], "person": "x", "site": "AV"})
core = {"new": True}
attrs = {"core": core, "core_key": feature_key(core), "views": ["clean"], "dim": 8, "statistics": ["mean"]}
source = FeatureSetSource("new", attrs | {"token_rate": None}, np.full(3, 20_000), read)
write_store(path, names, names.select("patient", "person"), [source], {})
"""


def run_writer(path, how, when=0):
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), how, str(when)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("when", [1, 3])
def test_a_writer_killed_while_it_writes_costs_nothing(ward, path, when):
    before = contents(ward.write(path))
    assert run_writer(path, "kill", when).returncode == -9
    assert contents(path) == before
    np.testing.assert_array_equal(open_store(path).tokens(), ward.tokens[0])
    ward.write(path)
    assert beside(path) == [], "what the dead writer left is swept away by the next"


@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_writer_killed_while_it_renames_leaves_the_old_store_or_the_new(ward, path, when):
    ward.write(path)
    died = run_writer(path, "swap", when).returncode == -9
    assert died == (when == 1 or path.suffix == ".zarr"), "one rename for a file, three for a folder"
    store = open_store(path)
    if store.feature_sets == ("logmel",):
        np.testing.assert_array_equal(store.tokens(), ward.tokens[0])
    else:
        assert (store.tokens() == 7).all()
        assert store.tokens().shape == (60_000, 8)
    ward.write(path)
    assert beside(path) == []
    np.testing.assert_array_equal(open_store(path).tokens(), ward.tokens[0])


def test_a_disk_that_fills_up_leaves_the_old_store_and_says_what_to_do(ward, path):
    before = contents(ward.write(path))
    failed = run_writer(path, "full")
    assert "StoreError" in failed.stderr
    assert "what was there before is unchanged" in failed.stderr
    assert contents(path) == before
    assert beside(path) == []
