"""All tasks by name."""

import polars as pl

from heartfeat.errors import ConfigError
from heartfeat.messages import nearest
from heartfeat.tasks.murmur import MURMUR
from heartfeat.tasks.normal_abnormal import NORMAL_ABNORMAL
from heartfeat.tasks.outcome import OUTCOME
from heartfeat.tasks.pascal import PASCAL
from heartfeat.tasks.task import Task

TASKS = {task.name: task for task in (MURMUR, OUTCOME, NORMAL_ABNORMAL, PASCAL)}


def get_task(name: str) -> Task:
    """The task of that name.

    Raises
    ------
    ConfigError
        When there is no such task; names those that there are.
    """
    if name in TASKS:
        return TASKS[name]
    raise ConfigError(f"there is no task {name!r}; {nearest(name, TASKS)}Tasks are: {', '.join(TASKS)}")


def labelled_tasks(patients: pl.DataFrame) -> list[str]:
    """Names of the tasks that a patients table has labels for."""
    columns = {name: task.patient_label for name, task in TASKS.items()}
    return [name for name, label in columns.items() if label in patients.columns and patients[label].count()]
