import pytest

import heartfeat
from heartfeat.heads.monitor import Monitor, as_monitor

ENDED = heartfeat.Epoch("mlp", 0, 1, 2, {"loss": 1.0}, 1e-3, 0.5)


def test_a_monitor_is_called_like_the_plain_function_that_it_wraps():
    told = []
    Monitor(lambda *report: told.append(report))("epoch", 1, 2)
    as_monitor(lambda *report: told.append(report))("trees", 3, 4)
    assert told == [("epoch", 1, 2), ("trees", 3, 4)]
    Monitor()("nobody listens", 1, 1)


def test_a_monitor_stays_itself():
    monitor = Monitor(fold=3)
    assert as_monitor(monitor) is monitor


def test_every_callback_hears_of_an_epoch_even_when_one_wants_to_stop():
    told = []

    def stop(epoch):
        raise heartfeat.StopTraining

    assert Monitor(callbacks=[stop, told.append]).epoch_ended(ENDED)
    assert told == [ENDED]
    assert not Monitor(callbacks=[told.append]).epoch_ended(ENDED)


def test_other_errors_of_a_callback_are_not_swallowed():
    def fail(epoch):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Monitor(callbacks=[fail]).epoch_ended(ENDED)
