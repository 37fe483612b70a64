import numpy as np
import pytest
import soundfile

from heartfeat.errors import RecordingError
from heartfeat.signals.containers import check_container, check_wfdb_header

PCM = np.random.default_rng(0).normal(0, 0.1, 3000)


def test_the_content_decides_whatever_the_name_says(tmp_path):
    soundfile.write(tmp_path / "a.wav", PCM, 2000)
    soundfile.write(tmp_path / "a.flac", PCM, 2000)
    (tmp_path / "b.flac").write_bytes((tmp_path / "a.wav").read_bytes())
    assert check_container(tmp_path / "a.wav") == check_container(tmp_path / "b.flac") == 3000
    assert check_container(tmp_path / "a.flac") is None


@pytest.mark.parametrize("format", ["AIFF", "AU", "W64", "RF64", "OGG"])
def test_a_container_whose_length_nobody_checks_is_unreadable(tmp_path, format):
    path = tmp_path / "a.wav"
    soundfile.write(path, PCM, 8000, format=format)
    with pytest.raises(RecordingError, match=r"unreadable: a\.wav begins neither like"):
        check_container(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"OggS" + bytes(60), b"ID3\x04" + bytes(60)])
def test_what_is_no_sound_is_unreadable(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(RecordingError, match="unreadable"):
        check_container(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "line", ["a 1 2000 4000", "a 1 2000.0 4000 12:00:00", "a 1 2000/360 4000", "a\t1 2000  4000\r"]
)
def test_wfdb_header_lines_in_use(tmp_path, line):
    (tmp_path / "a.hea").write_text(line)
    check_wfdb_header(tmp_path / "a.wav", 2000, 4000)
    with pytest.raises(RecordingError, match=r"header mismatch: a\.hea says 4,000 samples at 2000 Hz"):
        check_wfdb_header(tmp_path / "a.wav", 4000, 4000)


@pytest.mark.parametrize(
    "line",
    [
        "a 2 2000 4000",
        "a x 2000 4000",
        "a 1 2000 4_000",
        "a 1 nan 4000",
        "a 1 2e3 4000",
        "a 1 2000 ٤٠٠٠",
        "a 1 2000 " + "4" * 5000,
    ],
)
def test_a_wfdb_header_that_only_seems_to_agree(tmp_path, line):
    (tmp_path / "a.hea").write_text(line, encoding="utf-8")
    with pytest.raises(RecordingError, match=r"header mismatch: a\.hea") as caught:
        check_wfdb_header(tmp_path / "a.wav", 2000, 4000)
    assert len(str(caught.value)) < 300


def test_comments_of_a_wfdb_header_may_be_in_any_encoding(tmp_path):
    (tmp_path / "a.hea").write_bytes("a 1 2000 4000\n# Müller\n".encode("latin-1"))
    check_wfdb_header(tmp_path / "a.wav", 2000, 4000)
