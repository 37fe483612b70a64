"""From the classes of one task to those of another, by a map that a person wrote."""

from collections.abc import Mapping

import numpy as np

from heartfeat.errors import ConfigError
from heartfeat.messages import nearest
from heartfeat.tasks import Task


def parse_label_map(text: str | None, source: Task, target: Task) -> dict[str, str]:
    """Read ``"Present=Abnormal, Unknown=Abnormal, Absent=Normal"``.

    Parameters
    ----------
    text
        One pair per class of ``source``, parted by commas; None where both tasks have the same classes.
    source, target
        The task that a run was fitted for, and the one that it is judged by.

    Returns
    -------
    label_map
        Class of ``source`` -> class of ``target``, in the order of ``source``.

    Raises
    ------
    ConfigError
        When a class of ``source`` is mapped to nothing or twice, or a name is no class.
    """
    if text is None:
        if source.classes != target.classes:
            wanted = ", ".join(f"{name}=..." for name in source.classes)
            raise ConfigError(
                f"the run tells {', '.join(source.classes)} apart and the task {target.name!r} has the classes "
                f'{", ".join(target.classes)}; say which is which with --map "{wanted}"'
            )
        return {name: name for name in source.classes}
    found: dict[str, str] = {}
    for pair in text.split(","):
        left, equals, right = (part.strip() for part in pair.partition("="))
        if not equals:
            raise ConfigError(
                f"--map wants pairs such as {source.classes[0]}={target.classes[0]}, got {pair.strip()!r}"
            )
        _check(left, source)
        _check(right, target)
        if left in found:
            raise ConfigError(f"--map names {left} twice, as {found[left]} and as {right}; keep one")
        found[left] = right
    missing = [name for name in source.classes if name not in found]
    if missing:
        raise ConfigError(
            f"--map leaves out {', '.join(missing)} of the task {source.name!r}; every class of the run needs one of "
            f"{', '.join(target.classes)}"
        )
    return {name: found[name] for name in source.classes}


def map_probabilities(
    label_map: Mapping[str, str], source: Task, target: Task, probabilities: np.ndarray
) -> np.ndarray:
    """Sum the probabilities of the classes that become one.

    Parameters
    ----------
    probabilities
        ``(..., C)`` in the order of ``source.classes``.

    Returns
    -------
    mapped
        ``(..., D)`` float64 in the order of ``target.classes``; 0 for a class that nothing is mapped to.
    """
    place = np.zeros((len(source.classes), len(target.classes)))
    for code, name in enumerate(source.classes):
        place[code, target.classes.index(label_map[name])] = 1
    return np.asarray(probabilities, dtype=float) @ place


def _check(name: str, task: Task) -> None:
    if name not in task.classes:
        raise ConfigError(
            f"--map: {name!r} is no class of the task {task.name!r}; {nearest(name, task.classes)}Classes are: "
            f"{', '.join(task.classes)}"
        )
