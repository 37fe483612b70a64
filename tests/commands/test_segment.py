import shutil

import numpy as np
import polars as pl
import pytest
import soundfile

import heartfeat
from heartfeat.commands import show
from heartfeat.errors import ConfigError
from heartfeat.signals.recording import read_recording


@pytest.fixture
def audio(synthetic_data):
    return sorted((synthetic_data / "training_data").glob("*.wav"))[:3]


def test_every_recording_gets_a_file_of_its_states(audio, tmp_path):
    table = heartfeat.segment(audio, out=tmp_path / "out", automatic=True)

    assert table["recording"].to_list() == [path.stem for path in audio]
    assert table["reason"].is_null().all()
    for path, written in zip(audio, table["annotation"], strict=True):
        recording = read_recording(path)
        rows = heartfeat.read_annotation(written)
        assert np.isin(rows[:, 2], (1, 2, 3, 4)).all()
        assert rows[0, 0] == 0
        np.testing.assert_allclose(rows[1:, 0], rows[:-1, 1])
        # A full annotation is taken as it is: these are the states that were found.
        found = heartfeat.cardiac_states(recording.samples, recording.sample_rate)
        kept = heartfeat.cardiac_states(recording.samples, recording.sample_rate, rows)
        np.testing.assert_array_equal(kept, found)
    assert table["heart_rate"].is_between(40, 220).all()


def test_an_annotation_beside_a_recording_stands_and_the_rest_is_found(audio, tmp_path):
    sound = tmp_path / audio[0].name
    shutil.copy(audio[0], sound)
    sound.with_suffix(".tsv").write_text("0.0\t1.0\t0\n1.0\t1.5\t3\n1.5\t2.0\t4\n")
    written = {}
    for automatic in (False, True):
        table = heartfeat.segment([sound], out=tmp_path / str(automatic), automatic=automatic)
        written[automatic] = heartfeat.read_annotation(table["annotation"][0])
    states = {
        automatic: [row[2] for row in rows.tolist() if row[0] <= 1.0 and row[1] >= 1.5]
        for automatic, rows in written.items()
    }
    assert states == {False: [3.0], True: []}
    assert written[False][-1, 1] == written[True][-1, 1]

    sound.with_suffix(".tsv").write_text("soon\tlater\t1\n")
    spoilt = heartfeat.segment([sound], out=tmp_path / "spoilt")
    assert "bad annotation" in spoilt["reason"][0]


def test_a_folder_is_all_of_its_recordings(audio, tmp_path):
    table = heartfeat.segment([audio[0].parent], out=tmp_path)
    assert table.height == len(list(audio[0].parent.glob("*.wav")))


def test_what_cannot_be_used_is_skipped_and_reported(audio, tmp_path, capsys):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(4000), 2000)
    table = heartfeat.segment([audio[0], broken, silent, tmp_path / "absent.wav"], out=tmp_path / "out")

    assert show.segmentation(table) == show.SOME_SKIPPED
    assert [path.stem for path in (tmp_path / "out").iterdir()] == [audio[0].stem]
    shown = capsys.readouterr().out
    for reason in ("unreadable", "silent", "missing file"):
        assert f": {reason}" in shown
    assert "1 recordings segmented" in shown


def test_nothing_is_replaced_unasked(audio, tmp_path):
    heartfeat.segment(audio[:1], out=tmp_path)
    written = tmp_path / f"{audio[0].stem}.tsv"
    written.write_text("corrected by hand\n")
    with pytest.raises(ConfigError, match="--overwrite"):
        heartfeat.segment(audio, out=tmp_path)
    assert written.read_text() == "corrected by hand\n"
    assert len(list(tmp_path.iterdir())) == 1

    assert heartfeat.segment(audio, out=tmp_path, overwrite=True).height == 3
    assert written.read_text() != "corrected by hand\n"


def test_two_recordings_of_one_name_are_refused(audio, tmp_path):
    twin = tmp_path / audio[0].name
    twin.write_bytes(audio[0].read_bytes())
    with pytest.raises(ConfigError, match=f"several recordings are named {audio[0].stem}"):
        heartfeat.segment([audio[0], twin], out=tmp_path / "out")


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no wav or flac files"):
        heartfeat.segment([tmp_path], out=tmp_path / "out")


def test_a_printed_table_ends_in_an_exit_code(audio, tmp_path, capsys):
    table = heartfeat.segment(audio, out=tmp_path)
    assert show.segmentation(table) == show.OK
    assert show.segmentation(table.with_columns(heart_rate=pl.lit(None, pl.Float64))) == show.OK
    assert audio[0].stem in capsys.readouterr().out


def test_where_nothing_can_be_read_no_folder_is_made(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    assert heartfeat.segment([broken], out=tmp_path / "out")["reason"].null_count() == 0
    assert not (tmp_path / "out").exists()
