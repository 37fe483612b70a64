"""What a task is: the classes, where their labels stand, and what a right answer is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Task:
    """A mapping from a cohort's labels to classes.

    Attributes
    ----------
    name
        Name on the command line and in run folders.
    classes
        Class names, the clinically most urgent first.
    patient_label
        Column of the patients table that holds the class name (null: no label).
    recording_label
        Column of the recordings table with the class per recording, where the dataset has it.
    worth
        Worth of a right answer per class; decisions maximise its expectation (5/3/1 for murmur, 5/1 for
        outcome in the 2022 Challenge).
    balanced
        Every class is worth the same in all, so that ``worth`` is one over the classes' shares among the patients
        that the task was made for. The score is then MAcc (2016 Challenge), and whoever knows the shares that a
        head was fitted on decides by them, see `worth_by_shares`.
    """

    name: str
    classes: tuple[str, ...]
    patient_label: str
    recording_label: str | None
    worth: tuple[float, ...]
    balanced: bool = False

    def worth_by_shares(self, shares: Sequence[float]) -> Task:
        """This task with each class worth one over its share (the commonest class 1).

        A head's probabilities carry the shares of its training patients. Worth x probability is then highest
        where a class is most more likely than it was to begin with, which maximises the mean of the classes'
        sensitivities. A task that is not balanced stays as it is, and so does one with a share of 0.
        """
        if not self.balanced or min(shares) <= 0:
            return self
        return replace(self, worth=tuple(max(shares) / share for share in shares))
