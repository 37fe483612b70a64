"""What a split is: folds of training, validation and test patients."""

from dataclasses import dataclass

SIDES = ("train", "valid", "test")


@dataclass(frozen=True)
class Fold:
    """Patient ids of the three sides of one fold."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]

    def sides(self) -> dict[str, tuple[str, ...]]:
        """The sides by name."""
        return {"train": self.train, "valid": self.valid, "test": self.test}


@dataclass(frozen=True)
class Splits:
    """One or more folds and how they came about.

    Attributes
    ----------
    kind
        ``"holdout"``, ``"kfold"``, ``"leave-one-out"``, or ``"given"`` for a split that was made elsewhere.
    seed
        Seed of a split made here.
    cohort
        Digest of the cohort that was split; empty where it is not known.
    folds
        In a k-fold split every patient is in one test side exactly.
    by
        Column of the patients table whose values a leave-one-out split leaves out one by one.
    left_out
        The value that each fold of a leave-one-out split tests on.
    """

    kind: str
    seed: int | None
    cohort: str
    folds: tuple[Fold, ...]
    by: str | None = None
    left_out: tuple[str, ...] = ()
