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


PROGRAM = """
import os, sys, time
from joblib import Parallel, delayed
from heartfeat.cores import end_with

def work(program):
    end_with(program)
    os.write(1, b"working\\n")
    time.sleep(float(sys.argv[2]) if os.getpid() == program else 60)
    os.write(1, b"done\\n")

jobs = int(sys.argv[1])
Parallel(n_jobs=jobs, backend="loky")(delayed(work)(os.getpid()) for number in range(jobs))
"""


def test_workers_of_a_program_that_was_killed_end():
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, "2", "60"], stdout=subprocess.PIPE)
    assert [program.stdout.readline() for _ in range(2)] == [b"working\n"] * 2
    program.kill()
    # The pipe is closed when the last of the processes that may write to it has ended.
    assert program.communicate(timeout=120) == (b"", None)


def test_a_program_that_works_alone_outlives_the_shell_that_started_it(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    shell = f"{sys.executable} {script} 1 4 & exec true"
    said = subprocess.run(["sh", "-c", shell], stdout=subprocess.PIPE, timeout=120, check=True).stdout
    assert said == b"working\ndone\n"
