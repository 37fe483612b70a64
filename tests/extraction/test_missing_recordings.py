from pathlib import Path

import polars as pl
import pytest

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import RecordingError, StoreError
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import open_store
from heartfeat.stores.verify import verify_store

from .small_cohorts import add_rows, contents, write_heart

LOGMEL = LogMelSettings()
COARSE = LogMelSettings(name="coarse", bands=16, token_rate=25)
VIEWS = ("clean", "gain-6")


def without(cohort: Cohort, *patients: str) -> Cohort:
    left = ~pl.col("patient").is_in(patients)
    return Cohort(cohort.name, cohort.recordings.filter(left), cohort.patients.filter(left))


def hide(cohort: Cohort, *recordings: str) -> list[tuple[Path, Path]]:
    paths = [
        Path(path)
        for name, path in cohort.recordings.select("recording", "path").rows()
        if name in recordings
    ]
    return [(path.rename(path.with_suffix(".away")), path) for path in paths]


def test_a_cohort_that_lacks_stored_recordings_is_refused_unless_they_may_go(
    cohort: Cohort, uri: Path
) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    before = contents(uri)
    smaller = without(cohort, "p1", "p3")
    message = r"holds 4 recordings that the cohort 'small' does not have \(p1_AV, p1_PV, p3_AV, p3_PV\).*--drop-missing"
    with pytest.raises(StoreError, match=message):
        run_extraction(smaller, uri, [LOGMEL], VIEWS)
    assert contents(uri) == before

    summary = run_extraction(smaller, uri, [LOGMEL], VIEWS, drop_missing=True)

    assert (summary.recordings, summary.encoded) == (4, 0)
    fresh = uri.with_name(f"fresh{uri.suffix}")
    run_extraction(smaller, fresh, [LOGMEL], VIEWS)
    assert contents(uri) == contents(fresh)


def test_a_recording_without_features_may_leave_unasked(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    listed = add_rows(cohort, ("gone", "x", "x", "AV", str(tmp_path / "gone.wav"), None, "Absent"))
    run_extraction(listed, uri, [LOGMEL], VIEWS)
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    assert open_store(uri).recordings.height == 8


def test_features_of_files_that_are_away_stay_and_are_not_paid_for_again(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    before = contents(uri)
    hidden = hide(cohort, "p0_AV", "p2_PV")

    summary = run_extraction(cohort, uri, [LOGMEL], VIEWS)

    assert summary.nothing_to_do
    assert (summary.skipped, summary.missing) == ({}, dict.fromkeys(("p0_AV", "p2_PV"), "missing file"))
    assert summary.lacking
    assert contents(uri) == before
    with pytest.raises(RecordingError, match="missing file: recording p0_AV"):
        run_extraction(cohort, uri, [LOGMEL], VIEWS, strict=True)
    write_heart(Path(cohort.recordings["path"][2]), seed=77)
    assert run_extraction(cohort, uri, [LOGMEL], VIEWS).encoded == 1
    for now, then in hidden:
        now.rename(then)
    again = run_extraction(cohort, uri, [LOGMEL], VIEWS)
    assert again.nothing_to_do
    assert not again.lacking


def test_a_file_that_the_system_refuses_keeps_its_features(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    before = contents(uri)
    ((_, path),) = hide(cohort, "p1_AV")
    path.symlink_to(path)
    assert run_extraction(cohort, uri, [LOGMEL], VIEWS).missing == {"p1_AV": "no access"}
    assert run_extraction(cohort, uri, [LOGMEL], VIEWS, drop_missing=True).missing == {"p1_AV": "no access"}
    assert contents(uri) == before


def test_a_new_set_lacks_what_is_away_until_it_is_back(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    before = contents(uri)
    ((now, then),) = hide(cohort, "p1_AV")

    summary = run_extraction(cohort, uri, [LOGMEL, COARSE], VIEWS)

    assert (summary.encoded, summary.reused, set(summary.missing)) == (7, 0, {"p1_AV"})
    after = contents(uri)
    assert {key: after[key] for key in before} == before
    assert open_store(uri).features("coarse").done.sum(axis=1).tolist() == [7, 7]
    assert not verify_store(uri).damaged
    assert run_extraction(cohort, uri, [LOGMEL, COARSE], VIEWS).nothing_to_do
    now.rename(then)
    assert run_extraction(cohort, uri, [LOGMEL, COARSE], VIEWS).encoded == 1
    assert open_store(uri).features("coarse").done.all()


def test_a_new_view_lacks_what_is_away_and_the_others_stay(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    tokens = open_store(uri).tokens(recording="p1_AV", view="gain-6").tobytes()
    hide(cohort, "p1_AV")
    run_extraction(cohort, uri, [LOGMEL], (*VIEWS, "shift"))
    features = open_store(uri).features()
    assert features.done[:, 2].tolist() == [True, True, False]
    assert features.done.sum() == 3 * 8 - 1
    assert open_store(uri).tokens(recording="p1_AV", view="gain-6").tobytes() == tokens
    assert not verify_store(uri).damaged


def test_files_that_are_gone_for_good_are_let_go_when_asked(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    hide(cohort, "p1_AV")
    summary = run_extraction(cohort, uri, [LOGMEL], VIEWS, drop_missing=True)
    assert (summary.skipped, summary.missing) == ({"p1_AV": "missing file"}, {})
    assert open_store(uri).features().done.sum() == 2 * 7


def test_a_renamed_recording_takes_its_features_along(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    renamed = cohort.recordings.with_columns(pl.col("recording").str.replace("p3_AV", "p3_AV_1"))
    other = Cohort(cohort.name, renamed, cohort.patients)
    assert run_extraction(other, uri, [LOGMEL], VIEWS, drop_missing=True).encoded == 0
