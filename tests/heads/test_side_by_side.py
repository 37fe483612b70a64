import os
from functools import partial

import numpy as np
import pytest

from heartfeat.heads.monitor import Epoch
from heartfeat.heads.side_by_side import side_by_side
from heartfeat.progress import silent

EPOCH = Epoch("mlp", 0, 1, 1, {"loss": 0.5}, 1e-3, 0.1, None)


def sum_of(array, progress, callbacks):
    progress("adding", 1, 1)
    for callback in callbacks:
        callback(EPOCH)
    return float(array.sum()), os.getpid()


def test_results_come_in_order_from_other_processes_and_tell_this_one():
    works = [partial(sum_of, np.full(300_000, number)) for number in range(3)]
    told, ended = [], []
    done = side_by_side(works, 2, lambda *report: told.append(report), (ended.append,))
    assert [result for result, _ in done] == [0.0, 300_000.0, 600_000.0]
    assert os.getpid() not in {process for _, process in done}
    assert told == 3 * [("adding", 1, 1)]
    assert ended == 3 * [EPOCH]


def test_an_error_of_one_piece_ends_all():
    with pytest.raises(AttributeError, match="sum"):
        side_by_side([partial(sum_of, None), partial(sum_of, np.ones(3))], 2, silent)
