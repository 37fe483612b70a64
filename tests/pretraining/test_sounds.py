import json

import numpy as np
import polars as pl
import pytest

from heartfeat.backbones.preprocessing import Preprocessing, preprocess
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import ConfigError, SplitError
from heartfeat.pretraining import sounds as reading
from heartfeat.pretraining.sounds import list_sources, read_sounds
from heartfeat.signals.recording import read_recording
from heartfeat.signals.segmentation import segment

from ..extraction.small_cohorts import make_cohort, write_heart

TO = Preprocessing(2000, 20.0, 800.0, -26.0)


def two_ids_of_one_person(folder):
    """Patients p0 to p3; p2 is the same person as p0."""
    cohort = make_cohort(folder)
    same = pl.col("person").replace("p2", "p0")
    return Cohort("small", cohort.recordings.with_columns(same), cohort.patients.with_columns(same))


def split_file(folder, tree):
    path = folder / "split.json"
    path.write_text(json.dumps(tree))
    return path


def test_people_who_are_tested_are_left_out_under_all_their_ids(tmp_path):
    cohort = two_ids_of_one_person(tmp_path)
    path = split_file(tmp_path, {"folds": [{"train": ["p0", "p1"], "test": ["p2"]}]})
    assert {one.patient for one in list_sources(cohort, path)} == {"p1", "p3"}
    assert {one.patient for one in list_sources(cohort)} == {"p0", "p1", "p2", "p3"}


@pytest.mark.parametrize(
    ("tree", "tested"),
    [
        ({"folds": [{"train": ["a"], "test": ["b", 3]}, {"test": ["c"]}]}, {"b", "3", "c"}),
        ({"published_split_1": {"train": ["a"], "test": ["b"]}, "two": {"test": ["c"]}}, {"b", "c"}),
        ({"test": {"test": ["b"], "train": ["a"]}}, {"b"}),
    ],
)
def test_every_list_called_test_counts_wherever_it_stands(tree, tested, tmp_path):
    assert reading.tested_patients(split_file(tmp_path, tree)) == tested


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ('{"train": ["p0"]}', "no list of patients called 'test'"),
        ('{"test": 5}', "no list of patients called 'test'"),
        ('{"test": ["q"]}', "none of the test patients"),
        ('{"folds": [{"test": ["p0", "p1"]}, {"test": ["p2", "p3"]}]}', "tests everybody"),
    ],
)
def test_a_split_file_that_cannot_be_meant_is_refused(text, message, tmp_path):
    cohort = make_cohort(tmp_path)
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(SplitError, match=message):
        list_sources(cohort, path)


def test_a_cohort_without_files_is_refused(tmp_path):
    cohort = make_cohort(tmp_path)
    with pytest.raises(ConfigError, match="names no files"):
        list_sources(Cohort("small", cohort.recordings.drop("path"), cohort.patients))


def test_recordings_are_what_extraction_hears_with_their_states(tmp_path):
    cohort = make_cohort(tmp_path, patients=2)
    sources = list_sources(cohort)
    sounds = read_sounds(sources, TO, 1, lambda what, done, total: None)
    assert (len(sounds), sounds.sources, sounds.skipped) == (4, tuple(sources), {})
    for number, source in enumerate(sources):
        recording = read_recording(source.path)
        heard = preprocess(recording.samples, recording.sample_rate, TO)
        assert np.array_equal(sounds.of(number), heard.astype(np.float16))
        assert np.array_equal(sounds.states_of(number), segment(recording.samples, recording.sample_rate))
    assert sounds.hours == pytest.approx(sum(len(sounds.of(r)) for r in range(4)) / 2000 / 3600)


def test_what_cannot_be_used_is_counted_by_its_reason(tmp_path):
    cohort = make_cohort(tmp_path, patients=2)
    sources = list_sources(cohort)
    write_heart(tmp_path / "p0_AV.wav", 0, seconds=0.5)
    (tmp_path / "p0_PV.wav").write_bytes(b"no sound")
    (tmp_path / "p1_AV.wav").unlink()
    sounds = read_sounds(sources, TO, 1, lambda what, done, total: None)
    assert [one.recording for one in sounds.sources] == ["p1_PV"]
    assert sum(sounds.skipped.values()) == 3
    assert sounds.skipped["too short to learn from"] == 1
    with pytest.raises(ConfigError, match="none of 1 recordings can be used"):
        read_sounds(sources[:1], TO, 1, lambda what, done, total: None)
