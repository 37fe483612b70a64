import pytest

from heartfeat.cohorts.audio_files import audio_files, check_all_listed
from heartfeat.errors import CohortError


def test_wav_and_flac_files_are_found_and_nothing_else(tmp_path):
    for name in ("b.flac", "a.WAV", "a.hea", ".hidden.wav", "notes.txt"):
        (tmp_path / name).touch()
    assert list(audio_files(tmp_path)) == ["a", "b"]
    assert audio_files(tmp_path / "absent") == {}


def test_one_recording_in_two_files_is_refused(tmp_path):
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.flac").touch()
    with pytest.raises(CohortError, match="'a' is there twice"):
        audio_files(tmp_path)


def test_a_file_that_no_row_is_about_is_refused(tmp_path):
    files = {"a": tmp_path / "a.wav", "b": tmp_path / "b.wav"}
    check_all_listed(files, {"a", "b", "c"}, tmp_path / "table.csv")
    with pytest.raises(CohortError, match=r"b\.wav is not listed in .*table\.csv"):
        check_all_listed(files, {"a"}, tmp_path / "table.csv")
