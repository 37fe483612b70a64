import numpy as np
import pytest

from heartfeat.errors import RunError
from heartfeat.evaluation.calibrators import fit_calibrator
from heartfeat.evaluation.run_calibration import (
    FoldCalibration,
    calibrate_fold,
    load_calibration,
    save_calibration,
    uncalibrated,
)

VIEWS = ("clean", "gain-6", "bandstop")


@pytest.fixture
def fold():
    generator = np.random.default_rng(0)
    return generator.integers(0, 3, 40), generator.dirichlet([1, 1, 1], (3, 40))


def test_the_clean_view_has_a_calibrator_of_its_own(fold):
    labels, said = fold
    made = calibrate_fold("temperature", labels, said, VIEWS)
    assert made.mean_view == fit_calibrator("temperature", labels, said[:2].mean(axis=0))
    assert made.clean_view == fit_calibrator("temperature", labels, said[0])


def test_calibrators_are_read_back(fold, tmp_path):
    made = [calibrate_fold(method, *fold, VIEWS) for method in ("temperature", "isotonic", "none")]
    save_calibration(made, tmp_path)
    assert load_calibration(tmp_path, 3) == made


def test_a_run_from_before_calibration_is_not_calibrated(tmp_path):
    assert load_calibration(tmp_path, 2) == [FoldCalibration()] * 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"folds": [1]}', '{"folds": [{"mean_view": {}}]}'])
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(RunError, match=r"calibration\.json cannot be read"):
        load_calibration(tmp_path, 1)


def test_calibrators_of_another_number_of_folds_are_refused(tmp_path):
    save_calibration([FoldCalibration()], tmp_path)
    with pytest.raises(RunError, match="for 1 folds and the run has 2"):
        load_calibration(tmp_path, 2)


def test_folds_that_are_not_calibrated_are_told_with_the_reason(fold):
    labels, said = fold
    whole = calibrate_fold("temperature", labels, said, VIEWS)
    few = calibrate_fold("temperature", labels[:19], said[:, :19], VIEWS)
    told = "not calibrated: fewer than 20 labelled validation patients in"
    assert uncalibrated([few, few]) == [f"{told} every fold"]
    assert uncalibrated([few, whole, few]) == [f"{told} fold 0, 2"]
    assert uncalibrated([whole, calibrate_fold("none", labels, said, VIEWS)]) == []
