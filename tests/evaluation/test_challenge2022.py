import json
import math

import numpy as np
import polars as pl
import pytest

from heartfeat.evaluation.challenge2022 import challenge_cost, referral_cost
from heartfeat.tasks import MURMUR, OUTCOME, Task, encode_labels

from .official2022 import challenge_scores, read_indicators, read_scores


def _official(case, task):
    columns = case["output_classes"]
    return challenge_scores(
        task,
        encode_labels(task, pl.Series(case[f"{task.name}_labels"])),
        read_scores(task.classes, columns, case["scalar_outputs"]),
        read_indicators(task.classes, columns, case["binary_outputs"]),
        encode_labels(OUTCOME, pl.Series(case["outcome_labels"])),
    )


@pytest.mark.data
@pytest.mark.parametrize("task", [MURMUR, OUTCOME], ids=lambda task: task.name)
def test_every_case_of_the_official_scorer_is_met(task, data_folder):
    file = data_folder.parent / "reference" / "challenge_2022_score_cases.json"
    if not file.exists():
        pytest.skip(f"the official scorer's cases are not at {file}")
    cases = json.loads(file.read_text())["cases"]
    assert len(cases) == 17
    for case in cases:
        scores = _official(case, task)
        for name, expected in case["expected"][task.name].items():
            if name != "classes":
                wanted = np.array(expected, dtype=float)
                np.testing.assert_allclose(scores[name], wanted, rtol=0, atol=1e-9, err_msg=case["name"])


# Four patients, worked by hand: two Present (one found), one Unknown (taken for Present), one Absent (found).
LABELS = np.array([0, 0, 1, 2])
DECISIONS = np.array([0, 2, 0, 2])
SCORES = np.array([[0.8, 0.1, 0.1], [0.3, 0.2, 0.5], [0.6, 0.3, 0.1], [0.2, 0.1, 0.7]])
ABNORMAL = np.array([0, 0, 1, 1])


def test_hand_worked_murmur_scores():
    scores = challenge_scores(MURMUR, LABELS, SCORES, DECISIONS, ABNORMAL)
    assert scores["weighted_accuracy"] == pytest.approx((5 + 1) / (10 + 3 + 1))
    assert scores["accuracy"] == pytest.approx(0.5)
    assert scores["accuracy_classes"] == pytest.approx([0.5, 0.0, 1.0])
    assert scores["f_measure_classes"] == pytest.approx([0.5, 0.0, 2 / 3])
    # Present: 3 of the 4 pairs of a Present and another patient are in order.
    assert scores["auroc_classes"] == pytest.approx([0.75, 1.0, 1.0])
    # Present: precision 1/1 at the first hit, 2/3 at the second, each worth half of the recall.
    assert scores["auprc_classes"] == pytest.approx([(1 + 2 / 3) / 2, 1.0, 1.0])
    assert scores["auroc"] == pytest.approx((0.75 + 1 + 1) / 3)


def test_hand_worked_murmur_cost_refers_present_and_unknown():
    # Half of four patients referred, one abnormal patient treated and one missed.
    expert = 25 + 397 * 0.5 - 1718 * 0.25 + 11296 * 0.0625
    assert challenge_cost(MURMUR, DECISIONS, ABNORMAL) == pytest.approx(10 + expert + (10000 + 50000) / 4)
    as_unknown = np.where(DECISIONS == 0, 1, DECISIONS)
    assert challenge_cost(MURMUR, as_unknown, ABNORMAL) == challenge_cost(MURMUR, DECISIONS, ABNORMAL)


def test_outcome_cost_refers_abnormal():
    assert challenge_cost(OUTCOME, np.array([1, 1]), np.array([1, 1])) == pytest.approx(35)
    assert challenge_cost(OUTCOME, np.array([1, 1]), np.array([0, 0])) == pytest.approx(50035)


def test_cost_of_a_task_without_referral_is_refused():
    grade = Task("grade", ("loud", "soft"), "grade", None, (1.0, 1.0))
    with pytest.raises(ValueError, match="'grade' has none"):
        challenge_cost(grade, np.array([0]), np.array([0]))


def test_cost_counts_patients_by_their_weight():
    abnormal, referred = np.array([True, False, False]), np.array([True, True, False])
    repeated = [np.repeat(values, [2, 0, 1]) for values in (abnormal, referred)]
    assert referral_cost(abnormal, referred, np.array([2.0, 0, 1])) == pytest.approx(referral_cost(*repeated))


def test_a_class_that_does_not_occur_is_nan_and_left_out_of_the_mean():
    scores = challenge_scores(MURMUR, np.array([0, 2]), SCORES[[0, 3]], np.array([0, 2]), np.array([0, 1]))
    assert math.isnan(scores["auroc_classes"][1])
    assert math.isnan(scores["accuracy_classes"][1])
    assert scores["auroc"] == 1.0


def test_none_or_several_positive_answers_count_as_the_first_class():
    rows = [[0, 0, 1], [0, 0, 0], [0, 1, 1], [0, 1, 0]]
    assert read_indicators(MURMUR.classes, MURMUR.classes, rows).tolist() == [2, 0, 0, 1]


def test_scores_are_found_by_column_name_and_what_is_no_number_is_zero():
    rows = [["nan", 0.25], ["-inf", "x"], [None, "1e3"]]
    scores = read_scores(MURMUR.classes, ("Absent", "Present"), rows)
    assert scores.tolist() == [[0.25, 0, 0], [0, 0, -math.inf], [1000, 0, 0]]
