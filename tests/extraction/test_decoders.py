import contextlib
import os
import signal
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from heartfeat.extraction.decoders import Decoders

pytestmark = pytest.mark.slow


def double(number):
    return 2 * number


def divide(number):
    return 1 / number


def die_in_the_middle_of_an_answer():
    for entry in range(64):
        with contextlib.suppress(OSError):
            if Path(f"/proc/self/fd/{entry}").readlink().name.startswith("socket:"):
                os.write(entry, struct.pack("!i", 1000) + b"not a thousand bytes")
    os.kill(os.getpid(), signal.SIGKILL)


def nap_and_name():
    time.sleep(0.2)
    return os.getpid()


def test_calls_of_several_threads_are_answered_each_its_own_by_other_processes():
    with Decoders(2) as decoders, ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda one: decoders.call(double, one), range(40))) == list(range(0, 80, 2))
        named = {one.result() for one in [threads.submit(decoders.call, nap_and_name) for _ in range(4)]}
    assert len(named) == 2
    assert os.getpid() not in named


def test_an_error_comes_back_with_its_traceback_and_the_process_goes_on():
    with Decoders(1) as decoders:
        with pytest.raises(ZeroDivisionError) as caught:
            decoders.call(divide, 0)
        assert "in divide" in caught.value.__notes__[0]
        assert decoders.call(divide, 2) == 0.5


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds its end of the pipe as Linux shows it")
def test_a_process_killed_while_it_answers_is_noticed_by_all_who_wait():
    with Decoders(1) as decoders, ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(decoders.call, die_in_the_middle_of_an_answer) for _ in range(3)]
        for one in waiting:
            with pytest.raises(BrokenProcessPool, match="died"):
                one.result(timeout=60)


def test_processes_end_with_the_block_whatever_happens():
    with contextlib.suppress(KeyError), Decoders(1) as decoders:
        one = decoders.call(os.getpid)
        raise KeyError
    with pytest.raises(ProcessLookupError):
        os.kill(one, 0)
