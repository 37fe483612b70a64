import pytest
from typer.testing import CliRunner

import heartfeat
from heartfeat.cli import app
from heartfeat.config import load_config
from heartfeat.errors import CohortError, ConfigError


def test_init_writes_a_config_that_the_other_commands_read(tmp_path, synthetic_data):
    path = tmp_path / "new" / "heartfeat.yaml"
    heartfeat.init(circor=synthetic_data, config=path)
    assert load_config(path).data.path == synthetic_data
    assert heartfeat.cohort(config=path).patients.height == 30


def test_init_never_replaces_a_file_unasked(tmp_path, synthetic_data):
    path = tmp_path / "heartfeat.yaml"
    path.write_text("store: mine.zarr\n")
    with pytest.raises(ConfigError, match="--force"):
        heartfeat.init(circor=synthetic_data, config=path)
    assert path.read_text() == "store: mine.zarr\n"
    heartfeat.init(circor=synthetic_data, config=path, force=True)
    assert load_config(path).data is not None


def test_a_folder_that_is_not_circor_leaves_no_config(tmp_path):
    with pytest.raises(CohortError):
        heartfeat.init(circor=tmp_path, config=tmp_path / "heartfeat.yaml")
    assert not (tmp_path / "heartfeat.yaml").exists()


def test_init_without_a_dataset_points_at_the_demo(tmp_path):
    with pytest.raises(ConfigError, match="heartfeat demo"):
        heartfeat.init(config=tmp_path / "heartfeat.yaml")


@pytest.mark.parametrize(
    ("cohort", "file", "text", "task"),
    [
        ("physionet2016", "training-a/REFERENCE.csv", "a1,1\n", "normal_abnormal"),
        ("pascal", "set_a.csv", "dataset,fname,label,sublabel\na,set_a/normal__1.wav,normal,\n", "pascal"),
        ("own", "1.wav", "", "murmur"),
    ],
)
def test_every_dataset_has_its_own_task_and_store(tmp_path, cohort, file, text, task):
    path = tmp_path / cohort / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    heartfeat.init(**{cohort: tmp_path / cohort}, config=tmp_path / "heartfeat.yaml")
    written = load_config(tmp_path / "heartfeat.yaml")
    assert (written.data.cohort, written.task, written.store) == (cohort, task, f"stores/{cohort}.zarr")
    assert heartfeat.cohort(config=tmp_path / "heartfeat.yaml").patients.height == 1


def test_two_datasets_at_once_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="name one dataset, not --circor and --pascal"):
        heartfeat.init(circor=tmp_path, pascal=tmp_path, config=tmp_path / "heartfeat.yaml")


@pytest.mark.parametrize(
    ("columns", "cells", "task"),
    [
        ("outcome,murmur", "Normal,Absent", "murmur"),
        ("outcome,murmur", "Normal,", "outcome"),
        ("normal_abnormal", "Normal", "normal_abnormal"),
        ("sex", "Male", "murmur"),
    ],
)
def test_own_recordings_are_asked_for_the_first_task_that_they_have_labels_for(
    tmp_path, columns, cells, task
):
    table = tmp_path / "recordings.csv"
    table.write_text(f"path,patient,{columns}\n1.wav,p1,{cells}\n")
    assert heartfeat.init(own=table, config=tmp_path / "heartfeat.yaml").task == task
    assert load_config(tmp_path / "heartfeat.yaml").task == task
    given = heartfeat.init(own=table, task="pascal", config=tmp_path / "other.yaml")
    assert given.task == "pascal"


@pytest.mark.parametrize(
    ("header", "row", "following"),
    [("", "", "predict --run RUN"), (",murmur", ",Absent", "fit --head logistic")],
)
def test_what_comes_next_depends_on_whether_there_are_labels(tmp_path, monkeypatch, header, row, following):
    table = tmp_path / "recordings.csv"
    table.write_text(f"path,patient{header}\n1.wav,p1{row}\n")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["init", "--own", str(table)])
    assert f"heartfeat extract, then heartfeat {following}" in done.output
