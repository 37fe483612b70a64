"""All tasks by name."""

from collections.abc import Container

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


def labelled_tasks(columns: Container[str]) -> str:
    """Names of the tasks that a patients table with these columns has labels for, for a message."""
    return ", ".join(task.name for task in TASKS.values() if task.patient_label in columns) or "none"
