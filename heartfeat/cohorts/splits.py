"""Splits of a cohort into training, validation and test patients; no person on two sides."""

import numpy as np

from heartfeat.cohorts.assignment import assign_groups
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.folds import SIDES, Fold, Splits
from heartfeat.cohorts.split_check import check_splits
from heartfeat.cohorts.split_files import load_splits, save_splits
from heartfeat.errors import SplitError
from heartfeat.tasks import labelled_tasks

__all__ = [
    "SIDES",
    "Fold",
    "Splits",
    "check_splits",
    "holdout",
    "kfold",
    "leave_one_out",
    "load_splits",
    "save_splits",
]

VALID = 0.125
"""Share of the patients outside the test side that validate."""


def holdout(
    cohort: Cohort, label: str, fractions: tuple[float, float, float] = (0.7, 0.2, 0.1), seed: int = 0
) -> Splits:
    """Divide a cohort once, stratified by a label and grouped by person.

    Parameters
    ----------
    label
        Column of the patients table; patients without a label are a stratum of their own.
    fractions
        Shares of train, valid and test, summing to 1.
    seed
        The same cohort, label and seed give the same split.

    Raises
    ------
    SplitError
        When the fractions are none, the label is no column, or there are too few people.
    """
    # The other way round, NaN would pass.
    if not (min(fractions) > 0 and abs(sum(fractions) - 1) <= 1e-6):
        raise SplitError(f"fractions must be above 0 and sum to 1 (train, valid, test); got {fractions}")
    persons, strata = _people(cohort, label)
    train, valid, test = assign_groups(persons, strata, fractions, np.random.default_rng(seed))
    fold = Fold(tuple(train), tuple(valid), tuple(test))
    return Splits(kind="holdout", seed=seed, cohort=cohort.digest(), folds=(fold,))


def kfold(cohort: Cohort, label: str, folds: int = 5, seed: int = 0) -> Splits:
    """Divide a cohort into test folds, each patient in one; one in eight of the others validate.

    Parameters
    ----------
    label
        Column of the patients table; patients without a label are a stratum of their own.
    folds
        Number of folds, 2 or more.
    seed
        The same cohort, label and seed give the same split.

    Raises
    ------
    SplitError
        When there are fewer people than the folds need, or a number is out of range.
    """
    if folds < 2:
        raise SplitError(f"expected 2 folds or more; got {folds}")
    persons, strata = _people(cohort, label)
    if folds > len(set(persons.values())):
        raise SplitError(
            f"{len(set(persons.values()))} people cannot be divided over {folds} folds; ask for fewer"
        )
    tests = assign_groups(persons, strata, [1 / folds] * folds, np.random.default_rng(seed))
    made = []
    for number, test in enumerate(tests):
        tested = set(test)
        rest = {patient: person for patient, person in persons.items() if patient not in tested}
        rng = np.random.default_rng([seed, number])
        train, validation = assign_groups(rest, strata, (1 - VALID, VALID), rng)
        made.append(Fold(tuple(train), tuple(validation), tuple(test)))
    return Splits(kind="kfold", seed=seed, cohort=cohort.digest(), folds=tuple(made))


def leave_one_out(cohort: Cohort, label: str, by: str, seed: int = 0) -> Splits:
    """One fold per value of a column: its patients are tested by a head that saw none of them.

    One in eight of the others validate.
    People with patient ids on both sides of a fold are taken out of its training side, never of its test side.
    Patients without a value are tested by no fold, and train in all.

    Parameters
    ----------
    label
        Column of the patients table; train and valid are stratified by it.
    by
        Column of the patients table, such as ``"campaign"`` or ``"hospital"``.
    seed
        The same cohort, columns and seed give the same split.

    Raises
    ------
    SplitError
        When the column is missing, is the label itself or has fewer than two values, or too few people are
        left to train on.
    """
    persons, strata = _people(cohort, label)
    groups = _groups(cohort, label, by)
    values = sorted({value for value in groups.values() if value is not None})
    if len(values) < 2:
        raise SplitError(
            f"leaving out one {by} at a time takes two values or more; the cohort has {values or 'none'}"
        )
    made = []
    for number, value in enumerate(values):
        test = [patient for patient in persons if groups[patient] == value]
        tested = {persons[patient] for patient in test}
        rest = {patient: person for patient, person in persons.items() if person not in tested}
        if len(set(rest.values())) < 2:
            raise SplitError(
                f"without {by} {value!r} fewer than two people are left to train and validate on; "
                "leave out by another column"
            )
        train, validation = assign_groups(
            rest, strata, (1 - VALID, VALID), np.random.default_rng([seed, number])
        )
        made.append(Fold(tuple(train), tuple(validation), tuple(test)))
    return Splits("leave-one-out", seed, cohort.digest(), tuple(made), by=by, left_out=tuple(values))


def _groups(cohort: Cohort, label: str, by: str) -> dict[str, str | None]:
    """Patient -> value of the column ``by``, as text."""
    columns = [name for name in cohort.patients.columns if name not in ("patient", label)]
    if by not in columns:
        raise SplitError(
            f"patients cannot be left out by {by!r}; columns of the patients table are {', '.join(columns)}"
        )
    values = [None if value is None else str(value) for value in cohort.patients[by].to_list()]
    return dict(zip(cohort.patients["patient"].to_list(), values, strict=True))


def _people(cohort: Cohort, label: str) -> tuple[dict[str, str], dict[str, str | None]]:
    """Patient -> person and patient -> label."""
    patients = cohort.patients
    if label not in patients.columns:
        raise SplitError(
            f"{cohort.name} has no labels {label!r} to stratify by; tasks it has labels for: "
            f"{', '.join(labelled_tasks(patients)) or 'none'}"
        )
    labels = [None if value is None else str(value) for value in patients[label].to_list()]
    ids = patients["patient"].to_list()
    return dict(zip(ids, patients["person"].to_list(), strict=True)), dict(zip(ids, labels, strict=True))
