"""From probabilities to answers."""

from typing import Literal

import numpy as np

from heartfeat.tasks import Task

Rule = Literal["worth", "argmax"]


def decide(task: Task, probabilities: np.ndarray, rule: Rule = "worth") -> np.ndarray:
    """The class that each patient is given.

    Parameters
    ----------
    task
        Gives the worth of a right answer per class.
    probabilities
        ``(P, C)`` posterior estimates, classes in the task's order.
    rule
        ``"worth"`` takes the class of the highest worth x probability, which maximises the expected weighted
        accuracy; ``"argmax"`` the most probable class. A tie goes to the more urgent class.

    Returns
    -------
    codes
        ``(P,)`` int64.

    Raises
    ------
    ValueError
        When the shape does not fit the task, a probability is not finite, or the rule is unknown.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    if probabilities.ndim != 2 or probabilities.shape[1] != len(task.classes):
        raise ValueError(
            f"the task {task.name!r} wants probabilities of shape (patients, {len(task.classes)}), "
            f"got {probabilities.shape}"
        )
    if not np.isfinite(probabilities).all():
        rows = np.flatnonzero(~np.isfinite(probabilities).all(axis=1))
        raise ValueError(f"probabilities must be finite; row {rows[0]} of {len(probabilities)} is not")
    if rule == "worth":
        probabilities = probabilities * np.asarray(task.worth)
    elif rule != "argmax":
        raise ValueError(f'the rule must be "worth" or "argmax", got {rule!r}')
    return np.argmax(probabilities, axis=1).astype(np.int64)
