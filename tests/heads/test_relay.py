from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

import pytest

from heartfeat.heads.monitor import Epoch, StopTraining
from heartfeat.heads.relay import relaying

EPOCH = Epoch("mlp", 0, 1, 4, {"loss": 0.5}, 1e-3, 0.1, None)


def test_who_ends_before_saying_who_it_is_keeps_nobody_else_away():
    told = []
    with relaying(lambda *report: told.append(report), ()) as relay:
        Client(relay.address).close()
        with pytest.raises(AuthenticationError):
            Client(relay.address, authkey=b"a stranger's")
        with relay.connected() as (progress, callback):
            progress("epoch", 1, 2)
            callback(EPOCH)  # the answer comes behind what was told before
    assert told == [("epoch", 1, 2)]


def test_what_a_callback_raises_is_raised_where_the_fit_is():
    def stop(epoch):
        raise StopTraining

    with (
        relaying(lambda *report: None, (stop,)) as relay,
        relay.connected() as (_, callback),
        pytest.raises(StopTraining),
    ):
        callback(EPOCH)
