import json
import math

import numpy as np
import pytest

from heartfeat.evaluation.challenge2016 import (
    QualityWeights,
    modified_accuracy,
    quality_weighted_accuracy,
    quality_weights,
)


def _assert_scores(scores, expected):
    wanted = [math.nan if expected[name] is None else expected[name] for name in ("Se", "Sp", "MAcc")]
    np.testing.assert_allclose(list(scores), wanted, rtol=0, atol=1e-9)


@pytest.mark.data
def test_every_reference_case_is_met_in_both_forms(data_folder):
    file = data_folder.parent / "reference" / "challenge_2016_score_cases.json"
    if not file.exists():
        pytest.skip(f"the reference cases are not at {file}")
    cases = json.loads(file.read_text())["cases"]
    assert len(cases) == 12
    for case in cases:
        labels, answers, quality = case["reference"], case["answers"], case["quality"]
        _assert_scores(modified_accuracy(labels, answers), case["expected_script"])
        _assert_scores(quality_weighted_accuracy(labels, answers, quality), case["expected_quality_weighted"])


LABELS = [1, 1, 1, 1, -1, -1]
ANSWERS = [1, 0, -1, 0, -1, None]
QUALITY = [1, 1, 1, 0, 1, 0]


def test_script_form_counts_unsure_and_missing_answers_half():
    assert modified_accuracy(LABELS, ANSWERS) == pytest.approx((2 / 4, 1.5 / 2, 0.625))


def test_quality_weighted_form_counts_unsure_right_only_when_noisy():
    # Abnormal: 3 clean (one right) and 1 noisy (unsure, so right); normal: one of each, both right.
    assert quality_weighted_accuracy(LABELS, ANSWERS, QUALITY) == pytest.approx((0.75 / 3 + 0.25, 1.0, 0.75))


def test_given_weights_replace_the_shares():
    weights = QualityWeights(0.9, 0.1, 0.5, 0.5)
    scores = quality_weighted_accuracy(LABELS, ANSWERS, QUALITY, weights)
    assert scores.sensitivity == pytest.approx(0.9 / 3 + 0.1)


def test_weights_are_shares_of_clean_and_noisy_in_each_class():
    assert quality_weights(LABELS, QUALITY) == pytest.approx((0.75, 0.25, 0.5, 0.5))


def test_a_class_that_does_not_occur_makes_its_score_and_macc_nan():
    scores = modified_accuracy([1, 1], [1, -1])
    assert scores.sensitivity == 0.5
    assert math.isnan(scores.specificity)
    assert math.isnan(scores.macc)
    assert math.isnan(quality_weighted_accuracy([1, 1], [1, -1], [1, 0]).specificity)


@pytest.mark.parametrize(
    ("labels", "answers", "quality", "message"),
    [
        ([1], [1, 1], [1], "1 labels but 2 answers"),
        ([0], [1], [1], "labels must be 1"),
        ([1], [2], [1], "answers must be 1"),
        ([1], [1], [2], "quality must be"),
        ([1, 1], [1, 1], [1], "quality must be"),
    ],
)
def test_values_outside_the_vocabulary_are_refused(labels, answers, quality, message):
    with pytest.raises(ValueError, match=message):
        quality_weighted_accuracy(labels, answers, quality)
