import polars as pl
import pytest

import heartfeat
from heartfeat.cohorts.synthetic import write_synthetic_cohort
from heartfeat.errors import ConfigError, SplitError


def test_every_patient_is_tested_once_and_no_person_twice(project):
    made = heartfeat.splits(config=project)
    tested = [patient for fold in made.folds for patient in fold.test]
    cohort = heartfeat.cohort(config=project)
    assert sorted(tested) == sorted(cohort.patients["patient"])


@pytest.mark.parametrize("change", ["split.seed=5", "split.folds=3", "split.kind=holdout"])
def test_a_file_with_another_split_is_neither_reused_nor_replaced_unasked(project, change):
    before = heartfeat.splits(config=project)
    with pytest.raises(SplitError, match="--overwrite"):
        heartfeat.splits(config=project, set=[change])
    assert heartfeat.splits(config=project) == before
    assert heartfeat.splits(config=project, set=[change], overwrite=True) != before


def test_a_split_of_other_patients_is_not_reused(project, tmp_path):
    data = write_synthetic_cohort(tmp_path / "grown", patients=31, seed=3, seconds=(2, 3))
    with pytest.raises(SplitError, match="other patients"):
        heartfeat.splits(config=project, set=[f"data.path={data}"])


def test_a_missing_split_file_is_an_error(project):
    with pytest.raises(SplitError, match=r"absent\.json"):
        heartfeat.splits(file=project.parent / "absent.json", config=project)


def test_the_exported_table_has_labels_metadata_and_split(project, capsys):
    path = project.parent / "cohort.csv"
    heartfeat.cohort(export=path, config=project)
    assert capsys.readouterr().err == f"{path} is written\n"
    table = pl.read_csv(path, infer_schema=False)
    assert {"patient", "person", "recording", "site", "path", "sex"} <= set(table.columns)
    assert table.height == heartfeat.cohort(config=project).recordings.height


def test_commands_on_recordings_say_so_where_the_config_has_no_data(tmp_path):
    path = tmp_path / "heartfeat.yaml"
    path.write_text("store: a.zarr\n")
    with pytest.raises(ConfigError, match=r"data\.path"):
        heartfeat.cohort(config=path)
