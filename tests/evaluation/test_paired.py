import numpy as np
import polars as pl
import pytest

from heartfeat.evaluation.paired import p_value, paired_differences
from heartfeat.tasks import MURMUR


def test_a_run_does_not_differ_from_itself(make_run):
    table = make_run().predictions
    paired = paired_differences(MURMUR, table, table, resamples=50)
    assert paired.patients == 40
    assert paired.differences["uar"] == (0.0, 0.0, 0.0, 1.0)


def test_swapping_the_runs_turns_the_signs_and_keeps_the_p_value(make_run):
    strong, weak = make_run(skill=2.0).predictions, make_run(skill=0.5).predictions
    there = paired_differences(MURMUR, strong, weak, resamples=200).differences["auroc"]
    back = paired_differences(MURMUR, weak, strong, resamples=200).differences["auroc"]
    assert there.value > 0
    assert back == pytest.approx((-there.value, -there.high, -there.low, there.p))


def test_the_difference_is_that_of_the_scores_on_the_same_patients(make_run):
    strong, weak = make_run(skill=2.0), make_run(skill=0.5)
    found = paired_differences(MURMUR, strong.predictions, weak.predictions, resamples=50).differences
    for name in ("weighted_accuracy", "uar", "auroc"):
        assert found[name].value == pytest.approx(strong.scores[name] - weak.scores[name])
        assert found[name].low <= found[name].value <= found[name].high


def test_pairing_gives_a_narrower_interval_than_two_intervals_side_by_side(make_run):
    run, near = make_run(skill=1.0), make_run(skill=1.05)
    found = paired_differences(MURMUR, near.predictions, run.predictions).differences["auroc"]
    low, high = run.intervals["auroc"]
    assert found.high - found.low < (high - low) / 3


def test_a_clear_difference_has_a_small_p_value_and_an_interval_without_zero(make_run):
    strong, weak = make_run(skill=6.0).predictions, make_run(skill=0.0).predictions
    found = paired_differences(MURMUR, strong, weak, resamples=500).differences["uar"]
    assert found.low > 0
    assert found.p == pytest.approx(2 / 501)


def test_order_and_patients_of_one_run_alone_do_not_matter(make_run):
    one, other = make_run(skill=2.0).predictions, make_run(skill=0.5).predictions
    half = paired_differences(MURMUR, one.head(25), other.head(25), resamples=50)
    shuffled = other.sample(fraction=1.0, shuffle=True, seed=1)
    assert paired_differences(MURMUR, one.head(25), shuffled, resamples=50) == half
    assert half.patients == 25


def test_patients_with_another_label_person_or_none_are_not_shared(make_run):
    one = make_run().predictions
    changed = one.with_columns(
        label=pl.when(pl.col("patient") == "p0").then(None).otherwise("label"),
        person=pl.when(pl.col("patient") == "p1").then(pl.lit("p2")).otherwise("person"),
    )
    assert paired_differences(MURMUR, one, changed, resamples=5).patients == 38
    assert paired_differences(MURMUR, changed, one, resamples=5).patients == 38


def test_runs_on_other_patients_have_no_differences(make_run):
    one = make_run().predictions
    paired = paired_differences(MURMUR, one.head(20), one.tail(20))
    assert (paired.patients, paired.differences) == (0, {})


def test_the_murmur_cost_is_compared_where_both_know_the_outcome(make_run):
    one, other = make_run(skill=2.0).predictions, make_run(skill=0.5).predictions
    outcome = pl.Series("outcome", ["Abnormal", "Normal"] * 20)
    with_outcome = [table.with_columns(outcome) for table in (one, other)]
    assert paired_differences(MURMUR, *with_outcome, resamples=20).differences["cost"].value != 0
    assert "cost" not in paired_differences(MURMUR, with_outcome[0], other, resamples=20).differences


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1, 2, 3, 4], 2 / 5),
        ([-1, 2, 3, 4], 4 / 5),
        ([1, -1], 1.0),
        ([0, 0, 0], 1.0),
        ([1, np.nan, 2], 2 / 3),
    ],
)
def test_the_p_value_counts_the_rarer_sign_twice(differences, p):
    assert p_value(np.array(differences, dtype=float)) == pytest.approx(p)


def test_a_difference_that_is_never_defined_has_no_p_value():
    assert np.isnan(p_value(np.full(3, np.nan)))


def test_p_values_are_rarely_small_when_runs_are_equally_good():
    generator = np.random.default_rng(0)
    small = 0
    for _ in range(400):
        paired = generator.normal(size=100)
        draws = paired[generator.integers(0, 100, size=(400, 100))].mean(axis=1)
        small += p_value(draws) < 0.05
    assert 0.02 < small / 400 < 0.09


def test_an_undefined_difference_is_null(make_run):
    runs = [make_run("a"), make_run("b", 0.5)]
    one_class = [
        run.predictions.with_columns(label=pl.lit("Absent", pl.String)) for run in runs
    ]  # no class has both sides, so there is no ROC curve
    paired = paired_differences(MURMUR, *one_class, resamples=20)
    assert np.isnan(paired.differences["auroc"]).all()
