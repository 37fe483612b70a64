import numpy as np
import polars as pl
import pytest

from heartfeat.errors import RunError
from heartfeat.evaluation.predictions import save_predictions
from heartfeat.evaluation.recordings import (
    NAME,
    load_recording_predictions,
    recording_probabilities,
    recording_table,
)
from heartfeat.tasks import MURMUR

SAID = np.random.default_rng(0).dirichlet([1, 1, 1], (3, 3))


@pytest.fixture
def table():
    recordings = pl.DataFrame(
        {
            "recording": ["a", "b", "c"],
            "patient": ["1", "1", "2"],
            "site": ["AV", "MV", None],
            "snr_db": [1.0] * 3,
        }
    )
    patients = pl.DataFrame({"patient": ["1", "2"], "person": ["1", "1"]})
    return recording_table(MURMUR, recordings, patients, 4, SAID, ("clean", "gain-6", "bandstop"))


def test_a_row_says_which_recording_of_whom_and_where(table):
    rows = table.select("recording", "patient", "person", "site", "fold", "label").rows()
    assert rows == [
        ("a", "1", "1", "AV", 4, None),
        ("b", "1", "1", "MV", 4, None),
        ("c", "2", "1", None, 4, None),
    ]


def test_probabilities_are_the_mean_over_views_and_the_clean_view(table):
    assert recording_probabilities(table, MURMUR) == pytest.approx(SAID[:2].mean(axis=0))
    assert (recording_probabilities(table, MURMUR, clean=True) == SAID[0]).all()


def test_the_table_is_read_back_and_a_missing_one_is_none(table, tmp_path):
    assert load_recording_predictions(tmp_path) is None
    save_predictions(table, tmp_path, NAME)
    assert load_recording_predictions(tmp_path).equals(table)
    (tmp_path / f"{NAME}.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match="recording_predictions"):
        load_recording_predictions(tmp_path)
