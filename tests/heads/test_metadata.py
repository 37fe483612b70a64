import json

import numpy as np
import polars as pl
import pytest

from heartfeat.heads.metadata import MetadataEncoder


def patients(**columns):
    return pl.DataFrame(columns, strict=False)


FULL = {
    "age": ["Child", "Infant", None, "Child"],
    "sex": ["Female", "Male", "Male", "Female"],
    "pregnant": [False, False, True, False],
    "height": [100.0, 120.0, None, 110.0],
    "weight": [10.0, float("nan"), 30.0, 20.0],
}


def test_numbers_are_standardised_over_known_values():
    encoder = MetadataEncoder.fit(patients(**FULL))
    heights = encoder(patients(**FULL))[:, -4]
    np.testing.assert_allclose(heights, [-1.2247, 1.2247, 0.0, 0.0], atol=1e-4)


def test_missing_values_have_a_flag_and_read_as_the_mean():
    encoded = MetadataEncoder.fit(patients(**FULL))(patients(**FULL))
    assert encoded[:, -3].tolist() == [0, 0, 1, 0]
    assert encoded[:, -1].tolist() == [0, 1, 0, 0]
    assert encoded[2, -4] == 0


def test_a_category_unknown_in_training_counts_as_missing():
    encoder = MetadataEncoder.fit(patients(**FULL))
    seen = encoder(patients(**{**FULL, "age": ["Neonate", None, "Child", "Infant"]}))
    assert seen[0, :3].tolist() == [0, 0, 1]
    assert seen[1, :3].tolist() == [0, 0, 1]
    assert seen[2, :3].tolist() == [1, 0, 0]


def test_columns_that_are_not_there_count_as_never_known():
    encoder = MetadataEncoder.fit(patients(**FULL))
    encoded = encoder(patients(patient=["a", "b"]))
    assert encoded.shape == (2, encoder.dim)
    assert (encoded[:, -3] == 1).all()


@pytest.mark.parametrize("column", ["height", "weight"])
def test_a_column_without_any_value_is_harmless(column):
    encoder = MetadataEncoder.fit(patients(**{**FULL, column: [None] * 4}))
    assert np.isfinite(encoder(patients(**FULL))).all()


def test_an_absurd_number_is_limited():
    encoder = MetadataEncoder.fit(patients(**FULL))
    assert np.abs(encoder(patients(**{**FULL, "height": [1e6, -1e6, 0.0, 100.0]}))).max() <= 3


def test_round_trip_through_json_encodes_alike():
    encoder = MetadataEncoder.fit(patients(**FULL))
    again = MetadataEncoder.from_json(json.loads(json.dumps(encoder.as_json())))
    np.testing.assert_array_equal(again(patients(**FULL)), encoder(patients(**FULL)))
