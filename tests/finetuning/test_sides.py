import polars as pl
import pytest

from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.folds import Fold
from heartfeat.errors import ConfigError
from heartfeat.finetuning.sides import sides_of
from heartfeat.tasks import get_task

from .small import two_kinds

FOLD = Fold(("a", "b"), ("c",), ("d",))


def cohort(
    murmur=("Present", None, "Absent", "nonsense"), outcome=("Abnormal", "Normal", "Normal", "rubbish")
):
    patients = list("abcd")
    recordings = pl.DataFrame(
        {
            "recording": [f"{p}_AV" for p in patients],
            "patient": patients,
            "person": patients,
            "site": ["AV"] * 4,
            "path": [f"/{p}.wav" for p in patients],
            "murmur": murmur,
        }
    )
    table = {"patient": patients, "person": patients, "murmur": ["Unknown"] * 4, "outcome": outcome}
    return Cohort("four", recordings, pl.DataFrame(table))


def test_recordings_have_their_own_labels_and_test_labels_are_not_looked_at():
    # The label of the test patient is no class at all, and nobody notices.
    sides = sides_of(cohort(), FOLD, get_task("murmur"))
    assert sides.labels == {"a_AV": 0, "c_AV": 2}
    assert [source.patient for source in sides.sources] == ["a", "c"]


def test_without_labels_of_recordings_they_have_their_patients():
    assert sides_of(cohort(), FOLD, get_task("outcome")).labels == {"a_AV": 0, "b_AV": 1, "c_AV": 1}
    none = cohort(murmur=[None, None, None, "Present"])
    assert set(sides_of(none, FOLD, get_task("murmur")).labels.values()) == {1}


def test_training_and_validation_recordings_are_told_apart():
    sounds, _, _ = two_kinds(4)
    sides = sides_of(cohort(), FOLD, get_task("outcome"))
    renamed = [source._replace(patient=p) for source, p in zip(sounds.sources, "abcd", strict=True)]
    object.__setattr__(sounds, "sources", tuple(renamed[:3]))
    train, valid = sides.places(sounds)
    assert (train.tolist(), valid.tolist()) == ([0, 1], [2])


def test_a_side_without_labels_is_refused():
    sounds, _, _ = two_kinds(4)
    sides = sides_of(cohort(), FOLD, get_task("outcome"))
    with pytest.raises(ConfigError, match="there are 4 and 0"):
        sides.places(sounds)
