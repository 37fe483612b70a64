import json
import shutil

import polars as pl
import pytest

import heartfeat
from heartfeat.cohorts.synthetic import write_synthetic_cohort
from heartfeat.commands.show_cross import crossed
from heartfeat.errors import ConfigError, FeatureKeyError, RunError
from heartfeat.evaluation.predictions import load_predictions
from heartfeat.evaluation.results import load_results

from .conftest import write_config

MAP = "Present=Abnormal, Unknown=Abnormal, Absent=Normal"


def extract(folder, data, store, *settings):
    config, settings = write_config(folder, data), ["data.cohort=physionet2016", *settings]
    heartfeat.extract(config=config, set=settings, store=str(store), device="cpu", workers=1)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A store in the 2016 layout: the first recordings of synthetic patients, abnormal where they have a murmur."""
    folder = tmp_path_factory.mktemp("other")
    circor = heartfeat.read_circor(
        write_synthetic_cohort(folder / "circor", patients=16, seed=5, seconds=(2, 3))
    )
    for subset in "ab":
        (folder / f"data/training-{subset}").mkdir(parents=True)
    first = circor.recordings.unique("patient", keep="first", maintain_order=True)
    for number, (path, patient) in enumerate(first.select("path", "patient").iter_rows()):
        subset = folder / f"data/training-{'ab'[number % 2]}"
        shutil.copy(path, subset / f"x{number}.wav")
        murmur = circor.patients.filter(pl.col("patient") == patient)["murmur"][0]
        with (subset / "REFERENCE.csv").open("a") as file:
            file.write(f"x{number},{-1 if murmur == 'Absent' else 1}\n")
    with (folder / "data/training-a/REFERENCE.csv").open("a") as file:
        file.write("x99,1\n")
    extract(folder, folder / "data", folder / "other.zarr")
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


def test_a_store_with_other_features_is_refused(project, other, tmp_path):
    store = tmp_path / "other.zarr"
    extract(tmp_path, other.parent / "data", store, "backbones.logmel.bands=24")
    with pytest.raises(FeatureKeyError, match="dim was 16 and is 24"):
        heartfeat.cross(run="murmur-logistic", on=str(store), task="normal_abnormal", map=MAP, config=project)


def test_a_balanced_task_decides_by_the_shares_of_its_own_patients(other, tmp_path):
    split = {"folds": 2, "file": str(tmp_path / "split.json")}
    config = write_config(tmp_path, other.parent / "data", task="normal_abnormal", split=split)
    fitted = heartfeat.fit(head="logistic", name="own", store=str(other), config=config)
    assert "macc" in fitted.results.scores
    table = heartfeat.predict(run="own", store=str(other), config=config).drop_nulls("decision")
    abnormal = (load_predictions(fitted.folder)["label"] == "Abnormal").mean()
    assert table["worth_Abnormal"].to_list() == pytest.approx([(1 - abnormal) / abnormal] * 16)
    assert ((table["p_Abnormal"] >= abnormal) == (table["decision"] == "Abnormal")).all()
