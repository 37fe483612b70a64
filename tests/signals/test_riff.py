import struct

import pytest

from heartfeat.errors import RecordingError
from heartfeat.signals.riff import check_riff, is_riff


def chunk(name, content, size=None):
    padding = b"\x00" * (len(content) % 2)
    return name + struct.pack("<I", len(content) if size is None else size) + content + padding


def write_riff(path, *chunks, size=None):
    body = b"WAVE" + b"".join(chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body)
    return path


def fmt(sample_type=1, channels=1, rate=2000, byte_rate=4000, block_align=2, bits=16, extra=b""):
    return chunk(
        b"fmt ", struct.pack("<HHIIHH", sample_type, channels, rate, byte_rate, block_align, bits) + extra
    )


DATA = chunk(b"data", bytes(100))


def refused(path):
    with pytest.raises(RecordingError) as caught:
        check_riff(path)
    return str(caught.value)


def test_only_riff_wave_is_taken_for_wav():
    assert is_riff(b"RIFF\x00\x00\x00\x00WAVE")
    assert not is_riff(b"RIFX\x00\x00\x00\x00WAVE")
    assert not is_riff(b"RIFF\x00\x00\x00\x00AVI ")


def test_chunks_before_and_after_the_data_are_stepped_over(tmp_path):
    odd = chunk(b"LIST", b"odd")
    assert check_riff(write_riff(tmp_path / "a.wav", fmt(), odd, DATA, odd)) == 50
    short = write_riff(tmp_path / "b.wav", fmt(), odd, chunk(b"data", bytes(100), size=102))
    assert refused(short) == "truncated: the header promises 102 bytes of audio, 100 are there"


def test_bytes_behind_the_riff_chunk_do_no_harm(tmp_path):
    path = write_riff(tmp_path / "a.wav", fmt(), DATA)
    path.write_bytes(path.read_bytes() + b"added by some archive")
    assert check_riff(path) == 50


@pytest.mark.parametrize(
    "wrong", [{"block_align": 3}, {"block_align": 0}, {"byte_rate": 8000}, {"rate": 4000}, {"channels": 2}]
)
def test_fields_that_contradict_each_other_are_a_header_mismatch(tmp_path, wrong):
    assert refused(write_riff(tmp_path / "a.wav", fmt(**wrong), DATA)).startswith("header mismatch")


@pytest.mark.parametrize(
    ("sample_type", "bits"), [(1, 0), (1, 12), (1, 64), (3, 16), (6, 16), (2, 4), (80, 16)]
)
def test_samples_of_other_types_and_widths_are_unreadable(tmp_path, sample_type, bits):
    path = write_riff(tmp_path / "a.wav", fmt(sample_type=sample_type, bits=bits), DATA)
    assert refused(path).startswith("unreadable")


def test_the_extensible_form_is_looked_into(tmp_path):
    plain = struct.pack("<HHIHH", 22, 16, 4, 1, 0) + bytes(12)
    assert check_riff(write_riff(tmp_path / "a.wav", fmt(0xFFFE, extra=plain), DATA)) == 50
    floats = struct.pack("<HHIHH", 22, 16, 4, 3, 0) + bytes(12)
    assert refused(write_riff(tmp_path / "b.wav", fmt(0xFFFE, extra=floats), DATA)).startswith("unreadable")


def test_a_data_chunk_that_is_declared_too_small_is_a_header_mismatch(tmp_path):
    audio = bytes(range(1, 101))
    path = write_riff(tmp_path / "a.wav", fmt(), chunk(b"data", audio, size=60))
    assert refused(path).startswith("header mismatch: what follows the audio is no chunk")


def test_audio_behind_the_end_of_the_riff_chunk_is_a_header_mismatch(tmp_path):
    assert refused(write_riff(tmp_path / "a.wav", fmt(), DATA, size=60)).startswith("header mismatch")


@pytest.mark.parametrize("chunks", [(fmt(), fmt(), DATA), (fmt(), DATA, DATA), (fmt(), DATA, fmt())])
def test_a_second_fmt_or_data_chunk_is_a_header_mismatch(tmp_path, chunks):
    assert refused(write_riff(tmp_path / "a.wav", *chunks)).startswith("header mismatch")


def test_a_half_sample_at_the_end_is_truncated(tmp_path):
    assert refused(write_riff(tmp_path / "a.wav", fmt(), chunk(b"data", bytes(101)))).startswith("truncated")


@pytest.mark.parametrize(
    "chunks",
    [(), (fmt(),), (DATA, fmt()), (chunk(b"fmt ", bytes(14)), DATA), (chunk(b"fmt ", bytes(16)), DATA)],
)
def test_a_file_without_format_or_data_is_unreadable(tmp_path, chunks):
    assert refused(write_riff(tmp_path / "a.wav", *chunks)).startswith("unreadable")


def test_a_data_chunk_without_bytes_is_empty(tmp_path):
    assert refused(write_riff(tmp_path / "a.wav", fmt(), chunk(b"data", b""))).startswith("empty")
