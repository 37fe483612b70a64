import numpy as np
import polars as pl
import pytest

from heartfeat.evaluation.averaging import (
    average_recordings,
    average_tables,
    averaged_table,
    calibrate_average,
)
from heartfeat.evaluation.recordings import recording_table
from heartfeat.evaluation.results import tabulate
from heartfeat.evaluation.run_calibration import FoldCalibration
from heartfeat.tasks import OUTCOME

VIEWS = ("clean", "gain-6")
CLASSES = ["p_Abnormal", "p_Normal"]


def table(chances, patients, fold=0):
    """A run's table: two views, of which the clean one says ``chances``."""
    chances = np.asarray(chances, dtype=float)
    clean = np.stack([chances, 1 - chances], axis=1)
    views = np.stack([clean, 0.5 * clean + 0.25])
    return tabulate(OUTCOME, patients, [f"person of {patient}" for patient in patients], fold, views, VIEWS)


def test_each_patient_is_averaged_over_the_runs_that_speak_of_it():
    first, second = table([0.2, 0.6], ["a", "b"]), table([1.0, 0.4], ["b", "c"])
    mean = average_tables(OUTCOME, [first, second], 0)
    assert mean.patients["patient"].to_list() == ["a", "b", "c"]
    assert mean.clean[:, 0] == pytest.approx([0.2, 0.8, 0.4])
    assert mean.mean_view[:, 0] == pytest.approx([0.275, 0.725, 0.425])
    assert mean.member_spread[1] == pytest.approx(0.15)
    assert np.isnan(mean.member_spread[[0, 2]]).all()
    spreads = [first["view_spread"][1], second["view_spread"][0]]
    assert mean.view_spread[1] == pytest.approx(np.mean(spreads))


def test_only_rows_of_the_fold_count():
    both = pl.concat([table([0.2], ["a"], fold=0), table([0.9], ["b"], fold=1)])
    assert average_tables(OUTCOME, [both, both], 1).patients["patient"].to_list() == ["b"]


def test_a_table_of_the_mean_is_decided_anew():
    first, second = table([0.0, 0.5], ["a", "b"]), table([0.01, 0.5], ["a", "b"])
    mean = average_tables(OUTCOME, [first, second], 0)
    made = averaged_table(OUTCOME, mean, 3, FoldCalibration())
    # Worth 5 to 1: Abnormal above one in six.
    assert made["decision"].to_list() == ["Normal", "Abnormal"]
    assert made["fold"].to_list() == [3, 3]
    assert made.select(CLASSES).to_numpy() == pytest.approx(mean.mean_view)
    assert made["member_spread"].null_count() == 0
    assert (
        averaged_table(OUTCOME, average_tables(OUTCOME, [first], 0), 0, FoldCalibration())[
            "member_spread"
        ].null_count()
        == 2
    )


def test_the_mean_is_calibrated_on_validation_patients():
    generator = np.random.default_rng(0)
    abnormal = generator.random(400) < 0.5
    # Both runs are far too sure of themselves, and so is their mean.
    sure = np.where(abnormal ^ (generator.random(400) < 0.3), 0.99, 0.01)
    patients = [f"p{number}" for number in range(400)]
    mean = average_tables(OUTCOME, [table(sure, patients)] * 2, 0)
    labels = pl.Series(np.where(abnormal, "Abnormal", "Normal"))
    calibration = calibrate_average(OUTCOME, "temperature", mean, labels)
    ways = mean.calibrated(calibration)
    assert ways.calibrated.max() == pytest.approx(0.7, abs=0.05)
    assert ways.clean.max() == pytest.approx(0.7, abs=0.05)
    assert ways.raw is mean.mean_view
    assert ways.clean_raw is mean.clean


def test_recordings_are_averaged_over_the_runs_that_have_them():
    patients = pl.DataFrame({"patient": ["a"], "person": ["x"]})
    recordings = pl.DataFrame({"recording": ["a_AV", "a_MV"], "patient": ["a", "a"], "site": ["AV", "MV"]})
    chances = np.array([[[0.2, 0.8], [0.6, 0.4]]])
    whole = recording_table(OUTCOME, recordings, patients, 0, chances, ["clean"])
    part = recording_table(OUTCOME, recordings[1:], patients, 0, np.array([[[1.0, 0.0]]]), ["clean"])
    mean = average_recordings(OUTCOME, [whole, part])
    assert mean.columns == whole.columns
    assert mean["recording"].to_list() == ["a_AV", "a_MV"]
    assert mean["p_Abnormal"].to_list() == pytest.approx([0.2, 0.8])
    assert mean["clean_Normal"].to_list() == pytest.approx([0.8, 0.2])
