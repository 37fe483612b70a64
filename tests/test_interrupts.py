import signal
import threading

import pytest

from heartfeat.interrupts import ignored_at_birth


def test_interrupts_are_ignored_inside_and_heard_again_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with ignored_at_birth():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is before


def test_they_are_heard_again_after_an_error():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError), ignored_at_birth():
        raise RuntimeError
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_leave_signals_alone():
    seen = []

    def look():
        with ignored_at_birth():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
