import multiprocessing

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
