"""Kinds of heart sound, as in the PASCAL Classifying Heart Sounds Challenge 2011."""

from heartfeat.tasks.task import Task

PASCAL = Task(
    name="pascal",
    classes=("Murmur", "Extrasystole", "Extra sound", "Artifact", "Normal"),
    patient_label="pascal",
    recording_label="pascal",
    worth=(1.0, 1.0, 1.0, 1.0, 1.0),
)
