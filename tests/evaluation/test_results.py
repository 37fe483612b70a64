import json

import numpy as np
import polars as pl
import pytest

from heartfeat.errors import RunError
from heartfeat.evaluation.calibrators import Calibrator
from heartfeat.evaluation.results import judge, load_results, save_results, tabulate
from heartfeat.evaluation.run_calibration import FoldCalibration
from heartfeat.evaluation.tables import with_labels
from heartfeat.tasks import MURMUR

IDS = [f"p{i}" for i in range(40)]
PATIENTS = pl.DataFrame({"patient": IDS, "murmur": [MURMUR.classes[i % 3] for i in range(40)]})
VIEWS = ("clean", "gain-6")
SOFT = FoldCalibration(Calibrator("temperature", 40, 2.0), Calibrator("temperature", 40, 3.0))


@pytest.fixture
def said():
    """Two views of forty patients; the second leans towards the labels."""
    odds = np.exp(np.random.default_rng(0).normal(size=(2, 40, 3)))
    odds[1] *= np.exp(2 * np.eye(3)[np.arange(40) % 3])
    return odds / odds.sum(axis=2, keepdims=True)


@pytest.fixture
def results(said):
    table = with_labels(tabulate(MURMUR, IDS, IDS, 0, said, VIEWS, SOFT), PATIENTS, "murmur")
    return judge(MURMUR, table, PATIENTS)


def test_a_run_decides_by_worth_on_calibrated_probabilities(said):
    table = tabulate(MURMUR, IDS, IDS, 0, said, VIEWS, SOFT)
    calibrated = SOFT.mean_view.apply(said.mean(axis=0))
    assert table.select("p_Present", "p_Unknown", "p_Absent").to_numpy() == pytest.approx(calibrated)
    codes = (calibrated * MURMUR.worth).argmax(axis=1)
    assert table["decision"].to_list() == [MURMUR.classes[code] for code in codes]
    assert table["fold_spread"].null_count() == 40


def test_scores_come_with_and_without_views_and_calibration(results):
    assert list(results.variants()) == ["both", "views alone", "calibration alone", "neither"]
    assert results.uncalibrated_scores["auroc_Present"] != results.clean_uncalibrated_scores["auroc_Present"]
    assert results.scores["ece"] != results.uncalibrated_scores["ece"]
    assert results.rules["worth"]["uar"] == results.scores["uar"]
    assert results.clean_rules["worth"]["uar"] == results.clean_scores["uar"]


def test_results_are_read_back(results, tmp_path):
    save_results(results, tmp_path)
    assert load_results(tmp_path) == results


def test_scores_of_an_older_run_are_still_read(results, tmp_path):
    save_results(results, tmp_path)
    raw = json.loads((tmp_path / "scores.json").read_text())
    later = {"rules", "clean_rules", "uncalibrated_scores", "clean_uncalibrated_scores"}
    (tmp_path / "scores.json").write_text(json.dumps({k: v for k, v in raw.items() if k not in later}))
    read = load_results(tmp_path)
    assert read.scores == results.scores
    assert list(read.variants()) == ["both", "calibration alone"]


def test_nothing_to_score_is_an_error(said):
    with pytest.raises(RunError, match="none of the 40"):
        judge(MURMUR, tabulate(MURMUR, IDS, IDS, 0, said, VIEWS), PATIENTS)
