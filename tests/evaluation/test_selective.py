import numpy as np
import polars as pl
import pytest

from heartfeat.errors import ConfigError
from heartfeat.evaluation.selective import (
    abstain,
    abstain_threshold,
    coverage_risk,
    decision_confidence,
    run_coverage_risk,
)


def test_the_curve_answers_the_surest_first():
    curve = coverage_risk(np.array([0.6, 0.9, 0.8, 0.7]), np.array([True, False, True, False]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert curve.area() == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_patients_of_one_confidence_are_answered_together_in_any_order():
    wrong = np.array([True, False, False, True])
    curve = coverage_risk(np.array([0.9, 0.9, 0.5, 0.5]), wrong)
    assert curve.coverage.tolist() == [0.5, 1.0]
    assert curve.area() == coverage_risk(np.array([0.9, 0.9, 0.5, 0.5]), wrong[[1, 0, 3, 2]]).area()


def test_a_confidence_that_tells_right_from_wrong_has_the_smaller_area():
    wrong = np.arange(100) < 30
    knowing, guessing = np.where(wrong, 0.2, 0.9), np.random.default_rng(0).uniform(size=100)
    assert coverage_risk(knowing, wrong).area() < coverage_risk(guessing, wrong).area()


def test_the_confidence_is_the_probability_of_what_was_decided_not_the_largest(make_run):
    table = make_run(skill=0.3).predictions
    named = [row[f"p_{row['decision']}"] for row in table.iter_rows(named=True)]
    assert decision_confidence(table).tolist() == named
    largest = table.select(pl.max_horizontal("p_Present", "p_Unknown", "p_Absent")).to_series()
    assert (decision_confidence(table) < largest.to_numpy()).any()


def test_unlabelled_patients_are_not_on_the_curve(make_run):
    whole, part = make_run(), make_run(unlabelled=4)
    assert run_coverage_risk(part.predictions).risk[-1] == pytest.approx(
        (whole.predictions[4:]["label"] != whole.predictions[4:]["decision"]).mean()
    )


def test_the_threshold_lets_through_as_many_errors_as_the_rate_allows():
    confidence, wrong = np.linspace(0.01, 0.99, 99), np.arange(99) % 3 == 0
    threshold = abstain_threshold(confidence, wrong, 0.1)
    assert threshold is not None
    assert (wrong & (confidence > threshold)).sum() == 9  # (1 + 9) / (99 + 1) is 0.1
    lower = abstain_threshold(confidence, wrong, 0.11)
    assert lower is not None
    assert (wrong & (confidence > lower)).sum() == 10


def test_with_few_errors_every_patient_is_answered():
    assert abstain_threshold(np.full(50, 0.4), np.arange(50) < 2, 0.1) == 0.0


@pytest.mark.parametrize(
    ("patients", "rate", "given"), [(8, 0.1, False), (9, 0.1, True), (0, 0.5, False), (1, 0.5, True)]
)
def test_too_few_validation_patients_promise_nothing(patients, rate, given):
    threshold = abstain_threshold(np.full(patients, 0.9), np.zeros(patients, dtype=bool), rate)
    assert (threshold is not None) == given


def test_the_promised_rate_holds_on_average_over_draws():
    generator, rate, wrongly = np.random.default_rng(0), 0.1, []
    for _ in range(2000):
        confidence = generator.uniform(size=41)
        wrong = generator.uniform(size=41) > confidence
        threshold = abstain_threshold(confidence[:40], wrong[:40], rate)
        wrongly.append(wrong[40] and confidence[40] > threshold)
    assert np.mean(wrongly) < rate + 0.02
    assert np.mean(wrongly) > rate - 0.04


def test_a_fold_abstains_by_its_own_validation_patients_alone(make_run):
    run = make_run().predictions
    tested = pl.concat([run.with_columns(fold=pl.lit(number, pl.Int64)) for number in (0, 1)])
    valid = pl.concat(
        [run.with_columns(fold=pl.lit(0, pl.Int64)), run.head(4).with_columns(fold=pl.lit(1, pl.Int64))]
    )
    table = abstain(tested, valid, 0.1)
    right = valid.with_columns(decision=pl.when(pl.col("fold") == 1).then("label").otherwise("decision"))
    assert abstain(tested, right, 0.1).filter(pl.col("fold") == 0).equals(table.filter(pl.col("fold") == 0))
    without = table.filter(pl.col("fold") == 1)
    assert without["threshold"].null_count() == 40
    assert not without["answered"].any()
    assert table.filter(pl.col("fold") == 0)["answered"].any()


def test_labels_of_the_tested_make_no_difference(make_run):
    tested = valid = make_run().predictions
    hidden = tested.with_columns(label=pl.lit(None, pl.String))
    assert abstain(hidden, valid, 0.1).drop("label").equals(abstain(tested, valid, 0.1).drop("label"))


@pytest.mark.parametrize("rate", [0.0, 1.0, -1.0, float("nan")])
def test_a_rate_out_of_range_is_refused(make_run, rate):
    run = make_run().predictions
    with pytest.raises(ConfigError, match="--abstain"):
        abstain(run, run, rate)
