import csv
import json

import polars as pl
import pytest

from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.splits import Fold, Splits
from heartfeat.cohorts.tables import export_cohort, joined_table
from heartfeat.errors import ConfigError


@pytest.fixture
def cohort(circor):
    circor.add(1, files=("AV", "MV"), Murmur="Present", Murmur_locations="MV", Height="98.5")
    circor.add(2, files=(), Recording_locations="nan")
    circor.add(3, files=("PV",), Murmur="Unknown")
    return read_circor(circor.write(), name="small")


def splits(*folds):
    return Splits("given", None, "", tuple(Fold(*map(tuple, fold)) for fold in folds))


def test_the_joined_table_has_labels_per_patient_and_per_recording(cohort):
    table = joined_table(cohort)
    assert table.columns[:7] == [
        "patient",
        "person",
        "recording",
        "site",
        "path",
        "murmur",
        "recording_murmur",
    ]
    assert table.select("patient", "recording", "murmur", "recording_murmur", "height").rows() == [
        ("1", "1_AV", "Present", "Absent", 98.5),
        ("1", "1_MV", "Present", "Present", 98.5),
        ("2", None, "Absent", None, None),
        ("3", "3_PV", "Unknown", "Unknown", None),
    ]


def test_one_fold_gives_one_split_column_and_several_give_one_each(cohort):
    one = joined_table(cohort, splits(("1", "2", "")))
    assert one["split"].to_list() == ["train", "train", "valid", None]
    two = joined_table(cohort, splits(("1", "2", "3"), ("3", "1", "2")))
    assert two.columns[-2:] == ["fold_0", "fold_1"]
    assert two["fold_1"].to_list() == ["valid", "valid", "test", "train"]


def test_the_three_formats_hold_the_same(cohort, tmp_path):
    split = splits(("1", "2", "3"))
    table = joined_table(cohort, split)
    with export_cohort(cohort, tmp_path / "new" / "a.csv", split).open(newline="") as file:
        from_csv = list(csv.DictReader(file))
    from_json = json.loads(export_cohort(cohort, tmp_path / "a.json", split).read_text())
    assert pl.read_parquet(export_cohort(cohort, tmp_path / "a.parquet", split)).equals(table)
    assert from_json == table.to_dicts()
    assert [row["recording"] for row in from_csv] == ["1_AV", "1_MV", "", "3_PV"]
    assert list(from_csv[0]) == table.columns


def test_another_suffix_is_refused(cohort, tmp_path):
    with pytest.raises(ConfigError, match=r"ends in \.csv, \.json, \.parquet"):
        export_cohort(cohort, tmp_path / "a.xlsx")
