"""Normal or abnormal heart sounds, as in the PhysioNet/CinC Challenge 2016."""

from heartfeat.tasks.task import Task

NORMAL_ABNORMAL = Task(
    name="normal_abnormal",
    classes=("Abnormal", "Normal"),
    patient_label="normal_abnormal",
    recording_label="normal_abnormal",
    # MAcc, the mean of sensitivity and specificity, weighs an answer by one over the size of its class: the public
    # training sets have 665 abnormal and 2,575 normal recordings.
    worth=(2575 / 665, 1.0),
    balanced=True,
)
