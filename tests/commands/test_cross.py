import json

import polars as pl
import pytest

import heartfeat
from heartfeat.commands.show_cross import crossed
from heartfeat.errors import ConfigError, FeatureKeyError, RunError
from heartfeat.evaluation.predictions import load_predictions
from heartfeat.evaluation.results import load_results

from .conftest import write_2016, write_config

MAP = "Present=Abnormal, Unknown=Abnormal, Absent=Normal"


def extract(folder, data, store, *settings):
    config, settings = write_config(folder, data), ["data.cohort=physionet2016", *settings]
    heartfeat.extract(config=config, set=settings, store=str(store), device="cpu", workers=1)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A store of a cohort in the 2016 layout, one of whose recordings is missing."""
    folder = tmp_path_factory.mktemp("other")
    data = write_2016(folder, patients=16, seed=5)
    with (data / "training-a/REFERENCE.csv").open("a") as file:
        file.write("x99,1\n")
    extract(folder, data, folder / "other.zarr")
    return folder / "other.zarr"


def test_a_run_is_judged_by_the_labels_of_another_cohort(project, other, capsys):
    found = heartfeat.cross(
        run="murmur-logistic", on=str(other), task="normal_abnormal", map=MAP, config=project
    )
    assert found.folder == project.parent / "runs/murmur-logistic/on-other-normal_abnormal"
    assert load_results(found.folder).scores == pytest.approx(found.results.scores, nan_ok=True)
    assert {"macc", "auroc"} <= found.results.scores.keys() & found.results.clean_scores.keys()
    assert found.results.patients == 16
    assert found.silent == 1
    table = load_predictions(found.folder)
    said = heartfeat.predict(run="murmur-logistic", store=str(other), config=project).drop_nulls("decision")
    assert table["p_Abnormal"].to_list() == pytest.approx((said["p_Present"] + said["p_Unknown"]).to_list())
    groups = pl.read_parquet(found.folder / "groups.parquet")
    assert set(groups["group"]) == {"training-a", "training-b"}
    about = json.loads((found.folder / "cross.json").read_text())
    assert about["map"] == {"Present": "Abnormal", "Unknown": "Abnormal", "Absent": "Normal"}
    assert (about["seen"], about["without_recording"]) == (0, 1)
    assert crossed(found) == 0
    shown = capsys.readouterr().out
    assert "clean view alone" in shown
    assert "1 patients have no usable recording" in shown


def test_another_map_of_the_same_task_takes_the_place_of_the_first(project, other):
    arguments = {"run": "murmur-logistic", "on": str(other), "task": "normal_abnormal", "config": project}
    first = heartfeat.cross(**arguments, map=MAP)
    second = heartfeat.cross(**arguments, map=MAP.replace("Unknown=Abnormal", "Unknown=Normal"))
    assert first.folder == second.folder
    assert json.loads((first.folder / "cross.json").read_text())["map"]["Unknown"] == "Normal"


def test_persons_whom_every_head_saw_are_said_loudly(project, other, capsys):
    record = project.parent / "runs/murmur-logistic/run.json"
    raw = json.loads(record.read_text())
    record.write_text(json.dumps({**raw, "seen": [[*persons, "x0", "x1"] for persons in raw["seen"]]}))
    found = heartfeat.cross(
        run="murmur-logistic", on=str(other), task="normal_abnormal", map=MAP, config=project
    )
    crossed(found)
    assert "WARNING: every head was trained on 2 of these patients" in capsys.readouterr().out


def test_a_class_that_no_class_of_the_run_becomes_is_left_out_loudly(project, other, capsys):
    found = heartfeat.cross(
        run="murmur-logistic",
        on=str(other),
        task="normal_abnormal",
        map=MAP.replace("=Abnormal", "=Normal"),
        config=project,
    )
    crossed(found)
    assert (
        f"not scored, since no class of the run is mapped to theirs: Abnormal {found.hidden['Abnormal']}"
        in (" ".join(capsys.readouterr().out.split()))
    )
    assert found.results.patients == 16 - found.hidden["Abnormal"]


def test_a_class_without_a_place_in_the_map_is_refused(project, other):
    with pytest.raises(ConfigError, match="leaves out Unknown"):
        heartfeat.cross(
            run="murmur-logistic",
            on=str(other),
            task="normal_abnormal",
            map="Present=Abnormal, Absent=Normal",
            config=project,
        )


def test_a_store_without_the_labels_is_refused(project, other):
    with pytest.raises(RunError, match="none of the 16 predicted patients has a outcome label"):
        heartfeat.cross(run="murmur-logistic", on=str(other), task="outcome", map=MAP, config=project)


@pytest.mark.parametrize("run", ["murmur-logistic-AV", "sites"])
def test_a_store_without_the_site_that_a_run_left_out_is_refused(project, other, run):
    heartfeat.fit(head="logistic", leave_out_site="AV", config=project)
    heartfeat.ensemble(["murmur-logistic-AV", "murmur-logistic"], name="sites", config=project)
    reason = (
        "murmur-logistic-AV predicts recordings at the site AV alone.* no usable recording of .*other.zarr"
    )
    with pytest.raises(RunError, match=reason):
        heartfeat.predict(run=run, store=str(other), config=project)
    with pytest.raises(RunError, match=reason):
        heartfeat.cross(run=run, on=str(other), task="normal_abnormal", map=MAP, config=project)


def test_a_store_with_other_features_is_refused(project, other, tmp_path):
    store = tmp_path / "other.zarr"
    extract(tmp_path, other.parent / "data", store, "backbones.logmel.bands=24")
    with pytest.raises(FeatureKeyError, match="dim was 16 and is 24"):
        heartfeat.cross(run="murmur-logistic", on=str(store), task="normal_abnormal", map=MAP, config=project)
