from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.splits import check_splits, holdout, kfold, leave_one_out
from heartfeat.errors import SplitError


def make_cohort(labels, persons=None):
    patients = [f"p{number}" for number in range(len(labels))]
    table = pl.DataFrame(
        {"patient": patients, "person": patients if persons is None else persons, "murmur": labels},
        schema_overrides={"murmur": pl.String, "person": pl.String},
    )
    recordings = table.select(
        pl.col("patient").alias("recording"), "patient", "person", site=pl.lit("AV"), path=pl.lit("")
    )
    return Cohort("test", recordings, table)


@st.composite
def cohorts(draw, smallest=12):
    labels = draw(
        st.lists(st.sampled_from(["Present", "Unknown", "Absent", None]), min_size=smallest, max_size=120)
    )
    # Every third patient or so shares a person with the one before.
    joined = draw(st.lists(st.integers(0, 2), min_size=len(labels), max_size=len(labels)))
    persons, current = [], 0
    for number, join in enumerate(joined):
        current = current if join == 0 and number % 2 else number
        persons.append(f"s{current}")
    return make_cohort(labels, persons)


def persons_of(cohort, patients):
    person = dict(cohort.patients.select("patient", "person").iter_rows())
    return {person[patient] for patient in patients}


def assert_sound(cohort, fold):
    sides = list(fold.sides().values())
    assert sorted(sum(sides, ())) == sorted(cohort.patients["patient"].to_list())
    assert all(sides)
    groups = [persons_of(cohort, side) for side in sides]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]


def assert_stratified(cohort, side, share, slack):
    label = dict(cohort.patients.select("patient", "murmur").iter_rows())
    everyone, here = Counter(label.values()), Counter(label[patient] for patient in side)
    for stratum, count in everyone.items():
        assert abs(here[stratum] - share * count) <= slack, stratum


@settings(max_examples=40, deadline=None)
@given(cohorts(), st.integers(0, 1000))
def test_holdout_keeps_people_whole_and_uses_everyone_once(cohort, seed):
    splits = holdout(cohort, "murmur", seed=seed)
    assert_sound(cohort, splits.folds[0])
    assert check_splits(splits, cohort) == []
    assert splits == holdout(cohort, "murmur", seed=seed)


@settings(max_examples=40, deadline=None)
@given(cohorts(), st.integers(0, 1000), st.integers(2, 5))
def test_kfold_tests_every_patient_exactly_once(cohort, seed, folds):
    splits = kfold(cohort, "murmur", folds=folds, seed=seed)
    assert len(splits.folds) == folds
    for fold in splits.folds:
        assert_sound(cohort, fold)
    tested = [patient for fold in splits.folds for patient in fold.test]
    assert sorted(tested) == sorted(cohort.patients["patient"].to_list())
    assert check_splits(splits, cohort) == []
    assert splits == kfold(cohort, "murmur", folds=folds, seed=seed)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["Present", "Unknown", "Absent", None]), min_size=30, max_size=150),
    st.integers(0, 99),
)
def test_labels_are_spread_to_within_rounding_where_nobody_has_two_ids(labels, seed):
    cohort = make_cohort(labels)
    fold = holdout(cohort, "murmur", seed=seed).folds[0]
    for side, share in zip(fold.sides().values(), (0.7, 0.2, 0.1), strict=True):
        # Less than one patient by rounding, one more by what rounding in another stratum hands over.
        assert_stratified(cohort, side, share, slack=2)
        assert abs(len(side) - share * len(labels)) <= 2
    for fold in kfold(cohort, "murmur", seed=seed).folds:
        assert_stratified(cohort, fold.test, 0.2, slack=2)


@settings(max_examples=40, deadline=None)
@given(cohorts(smallest=40), st.integers(0, 99))
def test_labels_are_spread_closely_where_some_have_two_ids(cohort, seed):
    fold = holdout(cohort, "murmur", seed=seed).folds[0]
    for side, share in zip(fold.sides().values(), (0.7, 0.2, 0.1), strict=True):
        assert_stratified(cohort, side, share, slack=4)


def test_seeds_give_different_splits():
    cohort = make_cohort(["Present", "Absent"] * 30)
    assert len({holdout(cohort, "murmur", seed=seed).folds for seed in range(5)}) == 5
    assert len({kfold(cohort, "murmur", seed=seed).folds for seed in range(5)}) == 5


def test_validation_share_of_kfold():
    cohort = make_cohort(["Present", "Absent"] * 50)
    for fold in kfold(cohort, "murmur", folds=5).folds:
        assert (len(fold.train), len(fold.valid), len(fold.test)) == (70, 10, 20)


def test_few_people_still_fill_every_side():
    fold = holdout(make_cohort(["Present", "Unknown", "Absent"]), "murmur").folds[0]
    assert [len(side) for side in fold.sides().values()] == [1, 1, 1]


def test_too_few_people_are_refused():
    cohort = make_cohort(["Present", "Absent", "Absent", "Present"], ["a", "a", "b", "b"])
    with pytest.raises(SplitError, match="2 people cannot be divided over 3 sides"):
        holdout(cohort, "murmur")
    with pytest.raises(SplitError, match="1 people cannot be divided over 2 sides"):
        kfold(cohort, "murmur", folds=2)
    with pytest.raises(SplitError, match="2 people cannot be divided over 10000000000000 folds"):
        kfold(cohort, "murmur", folds=10**13)


@pytest.mark.parametrize(
    "fractions", [(0.7, 0.2, 0.2), (1.0, 0.0, 0.0), (0.8, 0.3, -0.1), (float("nan"), 0.5, 0.5)]
)
def test_fractions_that_are_none_are_refused(fractions):
    with pytest.raises(SplitError, match="above 0 and sum to 1"):
        holdout(make_cohort(["Present"] * 9), "murmur", fractions)


def test_a_single_fold_is_refused():
    with pytest.raises(SplitError, match="2 folds or more"):
        kfold(make_cohort(["Present"] * 9), "murmur", folds=1)


def test_a_label_that_is_no_column_is_refused():
    with pytest.raises(
        SplitError, match=r"no labels 'grade' to stratify by; tasks it has labels for: murmur$"
    ):
        holdout(make_cohort(["Present"] * 9), "grade")


@pytest.mark.data
def test_circor_splits_by_person_and_label(data_folder):
    cohort = read_circor(data_folder / "circor")
    splits = kfold(cohort, "murmur")
    assert splits.cohort == cohort.digest()
    for fold in splits.folds:
        assert_sound(cohort, fold)
        assert_stratified(cohort, fold.test, 0.2, slack=1)
        assert_stratified(cohort, fold.valid, 0.1, slack=1)


@st.composite
def grouped_cohorts(draw):
    """A cohort with a column ``clinic``; ids of one person may be from two clinics."""
    cohort = draw(cohorts(smallest=20))
    clinics = draw(
        st.lists(
            st.sampled_from(["north", "south", None]),
            min_size=cohort.patients.height,
            max_size=cohort.patients.height,
        )
    )
    clinics[:4], clinics[-4:] = ["north"] * 4, ["south"] * 4
    return Cohort(cohort.name, cohort.recordings, cohort.patients.with_columns(clinic=pl.Series(clinics)))


@settings(max_examples=20, deadline=None)
@given(grouped_cohorts(), st.integers(0, 1000))
def test_leaving_out_one_value_tests_all_its_patients_and_trains_on_no_person_among_them(cohort, seed):
    splits = leave_one_out(cohort, "murmur", by="clinic", seed=seed)
    assert (splits.by, splits.left_out) == ("clinic", ("north", "south"))
    assert check_splits(splits, cohort) == []
    everyone = set(cohort.patients["patient"])
    for value, fold in zip(splits.left_out, splits.folds, strict=True):
        there = cohort.patients.filter(pl.col("clinic") == value)["patient"].to_list()
        assert list(fold.test) == there
        tested = persons_of(cohort, there)
        taken_out = everyone - set(fold.train) - set(fold.valid) - set(fold.test)
        assert taken_out == {p for p in everyone - set(there) if persons_of(cohort, [p]) <= tested}
        assert not persons_of(cohort, fold.train) & persons_of(cohort, fold.valid)
    assert splits == leave_one_out(cohort, "murmur", by="clinic", seed=seed)


def test_leaving_out_validates_on_a_stratified_share():
    cohort = make_cohort(["Present", "Absent"] * 40)
    halves = Cohort(
        "test", cohort.recordings, cohort.patients.with_columns(campaign=pl.Series([2014] * 40 + [2015] * 40))
    )
    splits = leave_one_out(halves, "murmur", by="campaign")
    assert splits.left_out == ("2014", "2015")
    assert [[len(side) for side in fold.sides().values()] for fold in splits.folds] == [[35, 5, 40]] * 2


@pytest.mark.parametrize(
    ("by", "reason"),
    [("absent", "columns of the patients table"), ("murmur", "columns"), ("one", "two values or more")],
)
def test_columns_that_cannot_be_left_out_by_are_refused(by, reason):
    cohort = make_cohort(["Present", "Absent"] * 9)
    cohort = Cohort("test", cohort.recordings, cohort.patients.with_columns(one=pl.lit("same")))
    with pytest.raises(SplitError, match=reason):
        leave_one_out(cohort, "murmur", by=by)


def test_leaving_out_all_but_one_person_is_refused():
    cohort = make_cohort(["Present", "Absent", "Absent"])
    table = cohort.patients.with_columns(clinic=pl.Series(["a", "a", "b"]))
    with pytest.raises(SplitError, match="fewer than two people"):
        leave_one_out(Cohort("test", cohort.recordings, table), "murmur", by="clinic")
