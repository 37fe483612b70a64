"""What a run holds beside its heads: calibrators, validation patients, recordings."""

import json

import polars as pl
import pytest

import heartfeat
from heartfeat.evaluation.run_calibration import load_calibration
from heartfeat.evaluation.selective import abstain

from .test_fit import with_test_labels_moved


@pytest.fixture
def sides(project):
    """A split with twenty validation patients, among them each class."""
    with heartfeat.open_store(project.parent / "store.zarr") as store:
        ids = store.patients.sort("person", "patient")["patient"].to_list()
    sides = {"train": ids[4:7], "valid": ids[7:27], "test": ids[27:] + ids[:4]}
    (project.parent / "one.json").write_text(json.dumps({"patients": sides}))
    return sides


def fit(project, name, *changes):
    file = project.parent / "one.json"
    return heartfeat.fit(head="logistic", name=name, config=project, split=file, set=list(changes)).folder


def test_calibrators_decisions_and_thresholds_do_not_depend_on_test_labels(project, sides):
    before = fit(project, "before")
    with_test_labels_moved(project, sides["test"])
    after = fit(project, "after")
    (calibration,) = load_calibration(before, 1)
    assert calibration.mean_view.method == "temperature"
    assert calibration.mean_view.patients == 20
    assert (before / "calibration.json").read_bytes() == (after / "calibration.json").read_bytes()
    tables = [
        {
            name: pl.read_parquet(folder / f"{name}predictions.parquet")
            for name in ("", "valid_", "recording_")
        }
        for folder in (before, after)
    ]
    assert tables[0]["valid_"].equals(tables[1]["valid_"])
    for name in ("", "recording_"):
        assert tables[0][name].drop("label").equals(tables[1][name].drop("label"))
    answered = [abstain(table[""], table["valid_"], 0.2) for table in tables]
    assert answered[0]["threshold"].null_count() == 0
    assert answered[0].drop("label").equals(answered[1].drop("label"))
    assert not answered[0]["label"].equals(answered[1]["label"])


def test_the_config_chooses_the_calibration(project, sides):
    (calibration,) = load_calibration(fit(project, "curves", "calibration=isotonic"), 1)
    assert calibration.mean_view.method == "isotonic"
    plain = pl.read_parquet(fit(project, "plain", "calibration=none") / "predictions.parquet")
    assert plain["p_Present"].equals(plain["raw_Present"].alias("p_Present"))


def test_predict_calibrates_as_the_run_did(project, sides):
    stored = pl.read_parquet(fit(project, "mine") / "predictions.parquet").sort("patient")
    table = heartfeat.predict(run="mine", config=project).filter(pl.col("patient").is_in(sides["test"]))
    assert table.sort("patient")["p_Present"].to_list() == pytest.approx(stored["p_Present"].to_list())
    assert not stored["p_Present"].equals(stored["raw_Present"].alias("p_Present"))


def test_every_tested_recording_has_its_site_and_label(project):
    table = pl.read_parquet(project.parent / "runs/murmur-logistic/recording_predictions.parquet")
    with heartfeat.open_store(project.parent / "store.zarr") as store:
        stored = store.recordings.select("recording", "site", "murmur")
    joined = table.join(stored, on="recording", suffix="_stored")
    assert joined.height == table.height == stored.height
    assert joined["site"].equals(joined["site_stored"].alias("site"))
    assert joined["label"].equals(joined["murmur"].alias("label"))
    chances = table.select("p_Present", "p_Unknown", "p_Absent").sum_horizontal()
    assert chances.to_list() == pytest.approx([1.0] * table.height)


def test_validation_patients_of_a_fold_are_never_tested_by_it(project):
    run = project.parent / "runs/murmur-logistic"
    valid, tested = (pl.read_parquet(run / f"{name}predictions.parquet") for name in ("valid_", ""))
    assert valid.columns == tested.columns
    assert valid.join(tested, on=["patient", "fold"], how="semi").height == 0
    assert valid["label"].null_count() == 0
