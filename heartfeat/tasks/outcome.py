"""Clinical outcome on CirCor, as in the PhysioNet Challenge 2022."""

from heartfeat.tasks.task import Task

OUTCOME = Task(
    name="outcome",
    classes=("Abnormal", "Normal"),
    patient_label="outcome",
    recording_label=None,
    worth=(5.0, 1.0),
)
