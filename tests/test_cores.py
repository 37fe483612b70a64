import multiprocessing
import subprocess
import sys

from joblib import Parallel, delayed

from heartfeat.cores import core_count, end_idle_processes


def test_at_least_one_core_is_there():
    assert core_count() >= 1


def test_processes_that_joblib_keeps_are_ended():
    assert Parallel(n_jobs=2, backend="loky")(delayed(abs)(-one) for one in range(4)) == [0, 1, 2, 3]
    end_idle_processes()
    assert not [one for one in multiprocessing.active_children() if "Loky" in type(one).__name__]
    assert Parallel(n_jobs=2, backend="loky")(delayed(abs)(-one) for one in range(4)) == [0, 1, 2, 3]
    end_idle_processes()


WORKERS = """
import os, time
from joblib import Parallel, delayed
from heartfeat.cores import end_with_parent

def work(number):
    end_with_parent()
    os.write(1, b"working\\n")
    time.sleep(600)

Parallel(n_jobs=2, backend="loky")(delayed(work)(number) for number in range(2))
"""


def test_workers_of_a_program_that_was_killed_end():
    program = subprocess.Popen([sys.executable, "-c", WORKERS], stdout=subprocess.PIPE)
    assert [program.stdout.readline() for _ in range(2)] == [b"working\n"] * 2
    program.kill()
    # The pipe is closed when the last of the processes that may write to it has ended.
    assert program.communicate(timeout=60) == (b"", None)
