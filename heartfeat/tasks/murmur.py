"""Murmur detection on CirCor, as in the PhysioNet Challenge 2022."""

from heartfeat.tasks.task import Task

MURMUR = Task(
    name="murmur",
    classes=("Present", "Unknown", "Absent"),
    patient_label="murmur",
    recording_label="murmur",
    worth=(5.0, 3.0, 1.0),
)
