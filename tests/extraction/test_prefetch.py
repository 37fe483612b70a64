import multiprocessing
from collections import deque
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

from heartfeat.backbones.load import describe_backbone
from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.feature_sets import plan_sets
from heartfeat.extraction.ledger import Desk, Ledger, Unit
from heartfeat.extraction.prefetch import prefetch

SETS = plan_sets([LogMelSettings()], ["clean", "gain-6"])
SPECS = {SETS[0].core_key: describe_backbone(LogMelSettings())}


def desk(cohort: Cohort) -> Desk:
    rows = cohort.recordings.select("recording", "path").rows()
    return Desk(Ledger(SETS, (), deque(Unit(name, Path(path)) for name, path in rows)), "x")


@pytest.mark.slow
def test_decoder_processes_prepare_what_a_thread_prepares_in_the_same_order(cohort: Cohort) -> None:
    here = list(prefetch(desk(cohort), SPECS, decoders=0))
    elsewhere = list(prefetch(desk(cohort), SPECS, decoders=2))

    assert len(here) == 8
    assert [one.facts for one in elsewhere] == [one.facts for one in here]
    for one, other in zip(here, elsewhere, strict=True):
        assert list(one.cuts) == list(other.cuts)
        for key, cut in one.cuts.items():
            np.testing.assert_array_equal(other.cuts[key].windows, cut.windows)


@pytest.mark.slow
def test_a_decoder_that_dies_is_noticed(cohort: Cohort) -> None:
    prepared = prefetch(desk(cohort), SPECS, decoders=1)
    next(prepared)
    for child in multiprocessing.active_children():
        child.kill()
    with pytest.raises(BrokenProcessPool):
        list(prepared)
