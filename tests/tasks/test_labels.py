import polars as pl
import pytest

from heartfeat.errors import CohortError
from heartfeat.tasks import MURMUR, encode_labels


def test_names_become_positions_in_the_class_list_and_null_minus_one():
    labels = pl.Series("murmur", ["Absent", None, "Present", "Unknown"])
    assert encode_labels(MURMUR, labels).tolist() == [2, -1, 0, 1]


def test_an_unknown_label_is_refused_with_its_row_and_column():
    with pytest.raises(CohortError, match=r"row 1 of the column 'murmur' holds 'present'"):
        encode_labels(MURMUR, pl.Series("murmur", ["Absent", "present"]))


def test_an_empty_column_gives_no_codes():
    assert encode_labels(MURMUR, pl.Series("murmur", [], dtype=pl.String)).shape == (0,)
