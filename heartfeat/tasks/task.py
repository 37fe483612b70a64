"""What a task is: the classes, where their labels stand, and what a right answer is worth."""

from dataclasses import dataclass


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
    """

    name: str
    classes: tuple[str, ...]
    patient_label: str
    recording_label: str | None
    worth: tuple[float, ...]
