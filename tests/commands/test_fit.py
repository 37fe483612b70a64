import json

import polars as pl
import pytest

import heartfeat
from heartfeat.commands import show
from heartfeat.commands.fit import Fitted
from heartfeat.errors import ConfigError, FeatureKeyError, RunError, SplitError, StoreError
from heartfeat.evaluation.results import load_results
from heartfeat.stores import KeptFeatureSet, write_store
from heartfeat.training.runs import load_record


@pytest.mark.parametrize("head", ["logistic", "lgbm", "linear", "mlp", "attention", "mambaformer"])
def test_every_head_writes_a_whole_run(project, head):
    fitted = heartfeat.fit(head=head, name="mine", config=project)
    assert {path.name for path in fitted.folder.iterdir()} == {
        "calibration.json",
        "fold0",
        "fold1",
        "history.json",
        "predictions.csv",
        "predictions.parquet",
        "recording_predictions.csv",
        "recording_predictions.parquet",
        "run.json",
        "scores.json",
        "valid_predictions.csv",
        "valid_predictions.parquet",
    }
    table = pl.read_parquet(fitted.folder / "predictions.parquet")
    with heartfeat.open_store(project.parent / "store.zarr") as store:
        assert sorted(table["patient"]) == sorted(store.patients["patient"])
    shares = table.select("p_Present", "p_Unknown", "p_Absent").sum_horizontal()
    assert ((shares - 1).abs() < 1e-6).all()
    assert 0 <= fitted.results.scores["weighted_accuracy"] <= 1
    assert len(json.loads((fitted.folder / "history.json").read_text())) == 2


LABELS = ("murmur", "outcome", "murmur_locations", "systolic_grade", "systolic_timing")


def with_test_labels_moved(project, test):
    """Rewrite the project's store with the labels of its test patients handed round among them."""
    uri = project.parent / "store.zarr"
    with heartfeat.open_store(uri) as store:
        moved = dict(zip(test, [*test[1:], test[0]], strict=True))
        labels = {row["patient"]: row for row in store.patients.iter_rows(named=True)}
        patients = [
            {**row, **{name: labels[moved.get(row["patient"], row["patient"])][name] for name in LABELS}}
            for row in store.patients.iter_rows(named=True)
        ]
        recordings = [
            {**row, "murmur": "Absent" if row["murmur"] == "Present" else "Present"}
            if row["patient"] in moved
            else row
            for row in store.recordings.iter_rows(named=True)
        ]
        write_store(
            uri,
            pl.DataFrame(recordings, schema=store.recordings.schema),
            pl.DataFrame(patients, schema=store.patients.schema),
            [KeptFeatureSet(name) for name in store.feature_sets],
            {name: store.attrs[name] for name in ("cohort", "cohort_digest")},
        )


@pytest.mark.parametrize("head", ["logistic", "lgbm", "linear", "mlp", "attention", "mambaformer"])
def test_test_labels_are_read_by_scoring_alone(project, head):
    with heartfeat.open_store(project.parent / "store.zarr") as store:
        patients = store.patients.sort("person", "patient")
    ids, persons = patients["patient"].to_list(), patients["person"].to_list()
    cuts = [next(n for n in range(at, len(ids)) if persons[n] != persons[n - 1]) for at in (14, 20)]
    sides = {"train": ids[: cuts[0]], "valid": ids[cuts[0] : cuts[1]], "test": ids[cuts[1] :]}
    file = project.parent / "one.json"
    file.write_text(json.dumps({"patients": sides}))
    changes = [f"split.file={file}"]
    # Every label that a head may look at.
    changes += ["heads.mambaformer.tasks=[outcome,grade,timing]"] if head == "mambaformer" else []
    options = {"head": head, "config": project, "set": changes, "allow_shared_persons": True}

    before = heartfeat.fit(name="before", **options)
    with_test_labels_moved(project, sides["test"])
    after = heartfeat.fit(name="after", **options)

    heads = [
        {path.name: path.read_bytes() for path in (fitted.folder / "fold0").iterdir()}
        for fitted in (before, after)
    ]
    assert heads[0] == heads[1]
    for file in before.folder.glob("predictions*.parquet"):
        tables = [pl.read_parquet(fitted.folder / file.name) for fitted in (before, after)]
        chances = [table.select("patient", pl.selectors.starts_with("p_")) for table in tables]
        assert chances[0].equals(chances[1])
        assert not tables[0]["label"].equals(tables[1]["label"])


def test_the_split_is_made_once_and_reused(project):
    before = (project.parent / "split.json").read_bytes()
    heartfeat.fit(head="logistic", config=project)
    assert (project.parent / "split.json").read_bytes() == before


def test_runs_are_numbered_not_replaced(project):
    assert heartfeat.fit(head="logistic", config=project).folder.name == "murmur-logistic-2"


def test_a_name_that_is_taken_is_refused_before_anything_is_fitted(project):
    with pytest.raises(RunError, match="--overwrite"):
        heartfeat.fit(head="logistic", name="murmur-logistic", config=project)


def test_the_same_seed_gives_the_same_predictions(project):
    first = heartfeat.fit(head="mambaformer", seed=7, config=project)
    second = heartfeat.fit(head="mambaformer", seed=7, config=project)
    assert (first.folder / "predictions.csv").read_bytes() == (second.folder / "predictions.csv").read_bytes()


def test_a_person_on_two_sides_is_refused_unless_allowed(project):
    with heartfeat.open_store(project.parent / "store.zarr") as store:
        patients = store.patients
    twice = patients.filter(pl.col("person").is_duplicated()).sort("person")["patient"].to_list()
    others = [patient for patient in patients["patient"] if patient not in twice]
    sides = {"train": [twice[0], *others[:15]], "valid": others[15:20], "test": [twice[1], *others[20:]]}
    file = project.parent / "crossing.json"
    file.write_text(json.dumps({"patients": sides}))
    with pytest.raises(SplitError, match="two sides"):
        heartfeat.fit(head="logistic", split=file, config=project)
    fitted = heartfeat.fit(head="logistic", split=file, allow_shared_persons=True, config=project)
    assert len(fitted.record.shared_persons) == 1


def test_splits_that_test_a_patient_twice_are_refused(project):
    made = json.loads((project.parent / "split.json").read_text())
    file = project.parent / "twice.json"
    file.write_text(json.dumps({"first": made["folds"][0], "second": made["folds"][0]}))
    with pytest.raises(SplitError, match="tested by several folds"):
        heartfeat.fit(head="logistic", split=file, config=project)


def test_a_store_with_other_features_than_the_config_says_is_refused(project):
    with pytest.raises(FeatureKeyError, match="dim was 24 and is 16"):
        heartfeat.fit(head="logistic", config=project, set=["backbones.logmel.bands=24"])


def test_the_views_of_the_config_are_used(project):
    assert heartfeat.fit(head="logistic", config=project, set=["views=none"]).record.views == ["clean"]
    with pytest.raises(StoreError, match="lacks the view 'bandstop'"):
        heartfeat.fit(head="logistic", config=project, set=["views=clean,bandstop"])


@pytest.mark.parametrize("name", ["../out", "a/b", ".hidden"])
def test_a_run_cannot_be_written_outside_the_runs_folder(project, name):
    with pytest.raises(ConfigError, match="plain folder name"):
        heartfeat.fit(head="logistic", name=name, config=project)


def test_an_outcome_head_is_one_setting_away(project):
    fitted = heartfeat.fit(
        head="logistic", config=project, set=["task=outcome", f"split.file={project.parent / 'outcome.json'}"]
    )
    assert {"cost", "auroc", "sensitivity_Abnormal"} <= fitted.results.scores.keys()


def test_calibration_that_was_not_done_is_told_with_the_reason(project, capsys):
    folder = project.parent / "runs" / "murmur-logistic"
    show.fitted(Fitted(folder, load_record(folder), load_results(folder)))
    printed = capsys.readouterr().out
    assert "not calibrated: fewer than 20 labelled validation patients in every fold" in printed


def test_an_unknown_head_names_the_heads(project):
    with pytest.raises(ConfigError, match="logistic"):
        heartfeat.fit(head="svm", config=project)
