import pytest
from typer.testing import CliRunner

import heartfeat
from heartfeat.cli import app
from heartfeat.commands import show
from heartfeat.config import load_config
from heartfeat.errors import CohortError, ConfigError, StoreError


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


def test_a_name_that_no_store_can_have_is_refused_at_once(tmp_path, synthetic_data):
    with pytest.raises(StoreError, match=r"ends in \.zarr.*foo\.txt"):
        heartfeat.init(circor=synthetic_data, store="foo.txt", config=tmp_path / "heartfeat.yaml")
    assert not (tmp_path / "heartfeat.yaml").exists()


def test_the_command_names_the_file_that_it_wrote(tmp_path, synthetic_data, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["init", "--circor", str(synthetic_data), "--config", "exp/a.yaml"])
    assert "exp/a.yaml is written; next: heartfeat extract --config exp/a.yaml, then" in done.output
    done = CliRunner().invoke(app, ["init", "--circor", str(synthetic_data)])
    assert "heartfeat.yaml is written; next: heartfeat extract, then" in done.output


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


def test_a_task_that_the_dataset_has_no_labels_for_is_refused_and_leaves_no_config(tmp_path, synthetic_data):
    path = tmp_path / "heartfeat.yaml"
    with pytest.raises(ConfigError, match=r"no labels for --task normal_abnormal; .* for: murmur, outcome$"):
        heartfeat.init(circor=synthetic_data, task="normal_abnormal", config=path)
    assert not path.exists()


def test_recordings_without_a_file_are_counted(tmp_path, capsys):
    rows = "a,set_a/normal__1.wav,normal,\na,set_a/normal__2.wav,normal,\n"
    (tmp_path / "set_a.csv").write_text(f"dataset,fname,label,sublabel\n{rows}")
    (tmp_path / "set_a").mkdir()
    (tmp_path / "set_a/normal__1.wav").touch()
    config = tmp_path / "heartfeat.yaml"
    show.config(heartfeat.init(pascal=tmp_path, config=config), config)
    assert "1 of 2 recordings have no file" in capsys.readouterr().out
