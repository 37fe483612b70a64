import pytest

from heartfeat.errors import ConfigError
from heartfeat.tasks import TASKS, get_task


def test_murmur_puts_the_most_urgent_class_first_and_weights_it_most():
    task = get_task("murmur")
    assert dict(zip(task.classes, task.worth, strict=True)) == {"Present": 5, "Unknown": 3, "Absent": 1}
    assert task.recording_label == "murmur"


def test_outcome_has_no_label_per_recording():
    task = get_task("outcome")
    assert dict(zip(task.classes, task.worth, strict=True)) == {"Abnormal": 5, "Normal": 1}
    assert task.recording_label is None


def test_every_task_is_found_under_its_own_name():
    assert all(get_task(name).name == name for name in TASKS)


def test_a_misspelt_task_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean 'murmur'"):
        get_task("murmurs")


def test_a_task_unlike_any_other_is_refused_with_the_whole_list():
    with pytest.raises(ConfigError, match="Tasks are: murmur, outcome"):
        get_task("zzz")
