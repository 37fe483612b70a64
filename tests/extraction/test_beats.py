from pathlib import Path

import numpy as np
import pytest

from heartfeat.backbones.settings import BeatsSettings, LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import ConfigError
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import open_store
from heartfeat.stores.verify import verify_store

from .small_cohorts import add_rows, make_cohort, write_heart

BEATS = BeatsSettings(bands=8)


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    """Two recordings of some beats, and one too short for any."""
    cohort = make_cohort(tmp_path, patients=2, each=1, seconds=6.0)
    short = write_heart(tmp_path / "short.wav", 9, seconds=0.6)
    return add_rows(cohort, ("short", "p9", "p9", "AV", str(short), None, "Absent"))


def test_a_store_holds_one_token_per_beat_beside_evenly_spaced_ones(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LogMelSettings(bands=8), BEATS], ["clean", "gain-6"])

    store = open_store(uri)
    beats = store.features("beats")
    assert beats.done.all()
    assert (beats.dim, beats.token_rate) == (48 * 8, None)
    rows = np.diff(beats.offsets).tolist()
    assert rows[2] == 1
    assert all(4 <= number <= 9 for number in rows[:2])
    gain = store.tokens("beats", view="gain-6").astype(np.float32) - store.tokens("beats").astype(np.float32)
    assert abs(np.median(gain) + 6 * np.log(10) / 10) < 0.02
    assert not verify_store(uri).problems
    again = run_extraction(cohort, uri, [LogMelSettings(bands=8), BEATS], ["clean", "gain-6"])
    assert again.nothing_to_do


def test_pooled_tokens_are_the_statistics_that_the_set_names(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [BEATS], ["clean"])

    store = open_store(uri)
    beats = store.features("beats")
    assert beats.statistics == ("mean", "std", "p10", "p90")
    tokens = store.tokens("beats", recording="p0_AV").astype(np.float64)
    expected = [tokens.mean(0), tokens.std(0), *np.percentile(tokens, [10, 90], axis=0)]
    pooled = store.pooled("beats", recording="p0_AV").reshape(4, -1)
    np.testing.assert_allclose(pooled, expected, atol=1e-5)


def test_the_view_that_moves_beats_is_refused(cohort: Cohort, uri: Path) -> None:
    with pytest.raises(ConfigError, match="the view 'shift' moves the heartbeats"):
        run_extraction(cohort, uri, [BEATS], ["clean", "shift"])
