import polars as pl
import pytest

from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.splits import Fold, Splits, check_splits, load_splits
from heartfeat.errors import SplitError


@pytest.fixture
def cohort():
    patients = pl.DataFrame({"patient": list("abcdef"), "person": ["a", "a", "c", "d", "e", "f"]})
    recordings = pl.DataFrame(
        schema=dict.fromkeys(("recording", "patient", "person", "site", "path"), pl.String)
    )
    return Cohort("test", recordings, patients)


def given(train, valid, test):
    return Splits("given", None, "", (Fold(tuple(train), tuple(valid), tuple(test)),))


def test_a_sound_split_passes(cohort):
    assert check_splits(given("ab", "cd", "ef"), cohort) == []
    assert check_splits(given("ab", "c", "e"), cohort) == []


@pytest.mark.parametrize("sides", [("acd", "b", "ef"), ("acd", "e", "bf"), ("cd", "ae", "bf")])
def test_a_person_on_two_sides_is_refused_by_name_unless_allowed(cohort, sides):
    with pytest.raises(SplitError, match="1 people are on two sides of a fold: a\\."):
        check_splits(given(*sides), cohort)
    assert check_splits(given(*sides), cohort, allow_shared_persons=True) == ["a"]


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        (("abx", "c", "d"), "fold 0: x not in the cohort"),
        (("abc", "c", "d"), "fold 0: c more than once"),
        (("abb", "c", "d"), "fold 0: b more than once"),
        (("ab", "", "d"), "fold 0: the side 'valid' is empty"),
    ],
)
def test_a_malformed_split_is_refused_even_where_people_may_cross(cohort, sides, message):
    with pytest.raises(SplitError, match=message):
        check_splits(given(*sides), cohort, allow_shared_persons=True)


def test_a_split_without_folds_is_refused(cohort):
    with pytest.raises(SplitError, match="no folds"):
        check_splits(Splits("given", None, "", ()), cohort)


def test_one_person_may_be_on_different_sides_of_different_folds(cohort):
    folds = (Fold(("a", "b"), ("c",), ("d",)), Fold(("c",), ("d",), ("a", "b")))
    assert check_splits(Splits("kfold", 0, "", folds), cohort) == []


@pytest.mark.data
def test_the_published_splits_have_people_on_two_sides(data_folder):
    cohort = read_circor(data_folder / "circor")
    published = load_splits(data_folder / "circor" / "published_splits_visible_part.json")
    assert len(published.folds) == 2
    with pytest.raises(SplitError, match="people are on two sides"):
        check_splits(published, cohort)
    assert len(check_splits(published, cohort, allow_shared_persons=True)) > 10
