import struct

import numpy as np
import pytest
import soundfile

from heartfeat.errors import RecordingError
from heartfeat.signals.containers import check_flac_md5, check_riff_size, check_wfdb_header, sample_type


def chunk(name, content, size=None):
    padding = b"\x00" * (len(content) % 2)
    return name + struct.pack("<I", len(content) if size is None else size) + content + padding


def write_riff(path, *chunks):
    body = b"WAVE" + b"".join(chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


FORMAT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 2000, 4000, 2, 16))


def test_chunks_before_the_data_are_stepped_over(tmp_path):
    odd = chunk(b"LIST", b"odd")
    check_riff_size(write_riff(tmp_path / "a.wav", FORMAT, odd, chunk(b"data", bytes(100))))
    with pytest.raises(
        RecordingError, match="truncated: the header promises 102 bytes of audio, 100 are there"
    ):
        check_riff_size(write_riff(tmp_path / "a.wav", FORMAT, odd, chunk(b"data", bytes(100), size=102)))


def test_bytes_after_the_data_do_no_harm(tmp_path):
    check_riff_size(
        write_riff(tmp_path / "a.wav", FORMAT, chunk(b"data", bytes(100)), chunk(b"LIST", bytes(8)))
    )


@pytest.mark.parametrize("content", [b"", b"RIFF", b"OggS" + bytes(60), b"RIFF\x00\x00\x00\x00WAVEdat"])
def test_what_is_no_wav_file_is_left_to_the_decoder(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    check_riff_size(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("subtype", "dtype"), [("PCM_S8", "int16"), ("PCM_16", "int16"), ("PCM_24", "int32")]
)
def test_flac_md5_is_checked_at_every_sample_width(tmp_path, subtype, dtype):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.2, 3000), 2000, subtype=subtype)
    with soundfile.SoundFile(path) as file:
        assert sample_type(file) == dtype
        pcm = file.read(dtype=dtype)
    check_flac_md5(path, pcm, subtype)
    pcm[17] ^= 1 << (pcm.dtype.itemsize * 8 - 2)
    with pytest.raises(RecordingError, match="do not match the file's own MD5"):
        check_flac_md5(path, pcm, subtype)


def test_flac_without_md5_passes(tmp_path):
    path = tmp_path / "a.flac"
    pcm = np.arange(3000, dtype=np.int16)
    soundfile.write(path, pcm, 2000)
    content = bytearray(path.read_bytes())
    content[26:42] = bytes(16)
    path.write_bytes(content)
    check_flac_md5(path, pcm[::-1].copy(), "PCM_16")


@pytest.mark.parametrize("line", ["a 1 2000 4000", "a 1 2000.0 4000 12:00:00", "a 1 2000/360 4000"])
def test_wfdb_header_lines_in_use(tmp_path, line):
    (tmp_path / "a.hea").write_text(line)
    check_wfdb_header(tmp_path / "a.wav", 2000, 4000)
    with pytest.raises(RecordingError, match=r"header mismatch: a\.hea says 4,000 samples at 2000 Hz"):
        check_wfdb_header(tmp_path / "a.wav", 4000, 4000)
