"""A task whose classes are worth the same in all: by which shares `fit`, ensembles, `predict` and `sweep` decide."""

import json
import shutil

import polars as pl
import pytest

import heartfeat
from heartfeat.commands import show
from heartfeat.evaluation.predictions import prediction_arrays
from heartfeat.evaluation.scores import score
from heartfeat.tasks import NORMAL_ABNORMAL

from .conftest import write_2016, write_config


@pytest.fixture(scope="module")
def extracted_2016(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hearts")
    data = write_2016(folder, patients=40, seed=5)
    config = write_config(folder, data, task="normal_abnormal")
    heartfeat.extract(config=config, set=["data.cohort=physionet2016"], device="cpu", workers=1)
    return folder


@pytest.fixture
def hearts(extracted_2016, tmp_path):
    """A project of the task `normal_abnormal`, two folds, a third of whose validation patients are abnormal."""
    folder = tmp_path / "hearts"
    shutil.copytree(extracted_2016, folder)
    config = write_config(folder, folder / "data", task="normal_abnormal")
    with heartfeat.open_store(folder / "store.zarr") as store:
        known = store.patients.select("patient", "normal_abnormal")
    abnormal, normal = (
        known.filter(pl.col("normal_abnormal") == name)["patient"].to_list()
        for name in ("Abnormal", "Normal")
    )
    valid = [*abnormal[:3], *normal[:6]]
    rest = [patient for patient in known["patient"] if patient not in valid]
    halves = rest[::2], rest[1::2]
    folds = {"one": halves, "two": halves[::-1]}
    sides = {name: {"train": train, "valid": valid, "test": test} for name, (train, test) in folds.items()}
    (folder / "split.json").write_text(json.dumps(sides))
    return config


def worth(table):
    return table["worth_Abnormal"].unique().to_list()


def decided_by_worth(table):
    abnormal = table["worth_Abnormal"] * table["p_Abnormal"] >= table["p_Normal"]
    return (abnormal == (table["decision"] == "Abnormal")).all()


def test_runs_their_ensemble_and_predict_decide_by_the_shares_among_validation_patients(hearts):
    fitted = heartfeat.fit(head="logistic", seeds="0,1", name="both", config=hearts)
    for run in (fitted, *fitted.members):
        table = pl.read_parquet(run.folder / "predictions.parquet")
        said = heartfeat.predict(run=run.record.name, config=hearts)
        assert worth(table) == worth(said) == [2.0]
        assert decided_by_worth(table)
        assert decided_by_worth(said)
        assert "macc" in run.results.scores


def test_a_sweep_judges_the_decisions_that_a_fit_makes(hearts):
    found = heartfeat.sweep("logistic", grid=["penalty=0.3"], config=hearts)
    assert found.score == "macc"
    change = ["heads.logistic.penalty=0.3", "calibration=none"]
    fitted = heartfeat.fit(head="logistic", name="same", config=hearts, set=change)
    valid = pl.read_parquet(fitted.folder / "valid_predictions.parquet")
    for number in (0, 1):
        arrays = prediction_arrays(valid.filter(pl.col("fold") == number), NORMAL_ABNORMAL)
        value = score(NORMAL_ABNORMAL, arrays.labels, arrays.probabilities, arrays.decisions)["macc"]
        assert found.trials[f"fold{number}"][0] == pytest.approx(value)


def test_a_comparison_shows_and_ranks_by_macc(hearts, capsys):
    for penalty in ("0.001", "10"):
        heartfeat.fit(head="logistic", config=hearts, set=[f"heads.logistic.penalty={penalty}"])
    table = heartfeat.compare(config=hearts)
    assert table["macc"].to_list() == sorted(table["macc"], reverse=True)
    assert table["macc_difference"][1] == pytest.approx(table["macc"][1] - table["macc"][0])
    assert show.comparison(table) == 0
    shown = capsys.readouterr().out
    assert shown.count("macc") == 2
    assert f"{table['macc'][0]:.3f}" in shown
