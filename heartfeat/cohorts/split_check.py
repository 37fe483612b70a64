"""Refuse splits that do not fit their cohort or put one person on two sides."""

from collections import Counter

from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.folds import Fold, Splits
from heartfeat.errors import SplitError
from heartfeat.messages import first_of


def check_splits(splits: Splits, cohort: Cohort, allow_shared_persons: bool = False) -> list[str]:
    """Refuse a split that does not fit its cohort or puts one person on two sides.

    Parameters
    ----------
    allow_shared_persons
        Accept people on two sides, as the published CirCor splits have them.

    Returns
    -------
    crossing
        People on more than one side of a fold, sorted.

    Raises
    ------
    SplitError
        When a patient is not in the cohort or twice in a fold, a side is empty, or people cross; names them.
    """
    persons = dict(
        zip(cohort.patients["patient"].to_list(), cohort.patients["person"].to_list(), strict=True)
    )
    if not splits.folds:
        raise SplitError("the split has no folds")
    crossing: set[str] = set()
    for number, fold in enumerate(splits.folds):
        _check_patients(number, fold, persons)
        crossing |= _crossing(fold, persons)
    if crossing and not allow_shared_persons:
        raise SplitError(
            f"{len(crossing)} people are on two sides of a fold: {first_of(sorted(crossing), 10)}. Put all patient "
            "ids of a person on one side, or allow shared persons if the published protocol is what you want"
        )
    return sorted(crossing)


def _check_patients(number: int, fold: Fold, persons: dict[str, str]) -> None:
    for side, patients in fold.sides().items():
        if not patients:
            raise SplitError(f"fold {number}: the side {side!r} is empty")
    together = Counter(patient for patients in fold.sides().values() for patient in patients)
    unknown = sorted(together.keys() - persons.keys())
    if unknown:
        raise SplitError(
            f"fold {number}: {first_of(unknown, 10)} not in the cohort; was the split made for another one?"
        )
    repeated = sorted(patient for patient, count in together.items() if count > 1)
    if repeated:
        raise SplitError(f"fold {number}: {first_of(repeated, 10)} more than once in the fold")


def _crossing(fold: Fold, persons: dict[str, str]) -> set[str]:
    train, valid, test = ({persons[patient] for patient in side} for side in fold.sides().values())
    return train & valid | train & test | valid & test
