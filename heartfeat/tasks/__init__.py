"""Tasks: what is to be told apart, and what a right answer is worth."""

from heartfeat.tasks.catalogue import TASKS, get_task, labelled_tasks
from heartfeat.tasks.labels import encode_labels
from heartfeat.tasks.murmur import MURMUR
from heartfeat.tasks.normal_abnormal import NORMAL_ABNORMAL
from heartfeat.tasks.outcome import OUTCOME
from heartfeat.tasks.pascal import PASCAL
from heartfeat.tasks.task import Task

__all__ = [
    "MURMUR",
    "NORMAL_ABNORMAL",
    "OUTCOME",
    "PASCAL",
    "TASKS",
    "Task",
    "encode_labels",
    "get_task",
    "labelled_tasks",
]
