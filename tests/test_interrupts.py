import signal
from multiprocessing import get_context

import pytest

from heartfeat.interrupts import blocked_at_birth


def blocked():
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_an_interrupt_that_comes_inside_waits():
    with blocked_at_birth():
        signal.raise_signal(signal.SIGINT)
        assert signal.SIGINT in signal.sigpending()
        signal.sigwait({signal.SIGINT})  # or it would end the tests
    assert not blocked()


def test_interrupts_are_heard_again_after_an_error():
    with pytest.raises(RuntimeError), blocked_at_birth():
        raise RuntimeError
    assert not blocked()


def test_processes_born_inside_do_not_hear_interrupts():
    with get_context("spawn").Pool(1) as pool:
        assert not pool.apply(blocked)
    with blocked_at_birth():
        pool = get_context("spawn").Pool(1)
    with pool:
        assert pool.apply(blocked)
