import hashlib
import struct
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heartfeat.errors import RecordingError
from heartfeat.signals import recording
from heartfeat.signals.recording import REASONS, read_recording

RATE = 2000


@pytest.fixture
def pcm():
    rng = np.random.default_rng(3)
    return (rng.normal(0, 3000, 2 * RATE)).astype(np.int16)


def write_wav(path, samples, rate=RATE, channels=1):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.asarray(samples, dtype="<i2").tobytes())
    return path


def reason_of(path):
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    assert caught.value.reason in REASONS
    return caught.value.reason


def test_decodes_16_bit_samples_exactly(tmp_path, pcm):
    read = read_recording(write_wav(tmp_path / "a.wav", pcm))
    assert read.samples.dtype == np.float32
    assert read.sample_rate == RATE
    assert read.duration == 2.0
    np.testing.assert_array_equal(read.samples * 32768, pcm)


def test_wav_and_flac_of_the_same_audio_have_one_digest(tmp_path, pcm):
    soundfile.write(tmp_path / "a.flac", pcm, RATE, subtype="PCM_16")
    wav = read_recording(write_wav(tmp_path / "a.wav", pcm))
    assert read_recording(tmp_path / "a.flac").pcm_digest == wav.pcm_digest
    expected = hashlib.sha256(b"2000 Hz, 1 channel, <i2\n" + pcm.astype("<i2").tobytes()).hexdigest()
    assert wav.pcm_digest == expected


def test_digest_tells_sample_rates_and_samples_apart(tmp_path, pcm):
    changed = pcm.copy()
    changed[-1] += 1
    digests = {
        read_recording(write_wav(tmp_path / f"{name}.wav", samples, rate)).pcm_digest
        for name, samples, rate in (("a", pcm, RATE), ("b", pcm, 2 * RATE), ("c", changed, RATE))
    }
    assert len(digests) == 3


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_other_sample_types_keep_their_scale(tmp_path, pcm, subtype):
    soundfile.write(tmp_path / "a.wav", pcm / 32768, RATE, subtype=subtype)
    tolerance = 1 / 100 if subtype == "PCM_U8" else 1e-6
    np.testing.assert_allclose(read_recording(tmp_path / "a.wav").samples, pcm / 32768, atol=tolerance)


def test_float_audio_beyond_full_scale_is_scaled_down(tmp_path, pcm):
    soundfile.write(tmp_path / "a.wav", pcm.astype(np.float32), RATE, subtype="FLOAT")
    samples = read_recording(tmp_path / "a.wav").samples
    assert np.abs(samples).max() == 1.0
    np.testing.assert_allclose(samples * np.abs(pcm.astype(float)).max(), pcm, atol=1e-2)


def test_a_missing_file(tmp_path):
    assert reason_of(tmp_path / "none.wav") == "missing file"
    assert reason_of(tmp_path / "none" / "none.wav") == "missing file"


@pytest.mark.parametrize("content", [b"not audio at all", b"RIFF\x10\x00\x00\x00WAVE", b"fLaC" + bytes(60)])
def test_a_file_that_is_no_audio_is_unreadable(tmp_path, content):
    for suffix in (".wav", ".flac"):
        (tmp_path / f"a{suffix}").write_bytes(content)
        assert reason_of(tmp_path / f"a{suffix}") == "unreadable"


def test_another_suffix_or_a_folder_is_unreadable(tmp_path, pcm):
    (tmp_path / "folder.wav").mkdir()
    assert reason_of(tmp_path / "folder.wav") == "unreadable"
    assert reason_of(write_wav(tmp_path / "a.raw", pcm)) == "unreadable"


def test_a_file_without_bytes_and_one_without_samples_are_empty(tmp_path):
    (tmp_path / "a.wav").touch()
    assert reason_of(tmp_path / "a.wav") == "empty"
    assert reason_of(write_wav(tmp_path / "b.wav", [])) == "empty"
    soundfile.write(tmp_path / "c.flac", np.zeros(0, np.int16), RATE)
    assert reason_of(tmp_path / "c.flac") == "empty"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_was_copied_in_part_is_truncated(tmp_path, pcm, share):
    whole = write_wav(tmp_path / "whole.wav", pcm).read_bytes()
    (tmp_path / "part.wav").write_bytes(whole[: int(share * len(whole))])
    assert reason_of(tmp_path / "part.wav") == "truncated"
    soundfile.write(tmp_path / "whole.flac", pcm, RATE)
    whole = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "part.flac").write_bytes(whole[: int(share * len(whole))])
    assert reason_of(tmp_path / "part.flac") == "truncated"


def test_an_absurd_frame_count_takes_no_memory(tmp_path, pcm, monkeypatch):
    largest = []
    allocate = np.empty

    def watched(shape, *arguments, **settings):
        largest.append(int(np.prod(shape)))
        return allocate(shape, *arguments, **settings)

    monkeypatch.setattr(np, "empty", watched)
    wav = bytearray(write_wav(tmp_path / "a.wav", pcm).read_bytes())
    wav[40:44] = struct.pack("<I", 0xFFFFFFF0)
    (tmp_path / "a.wav").write_bytes(wav)
    assert reason_of(tmp_path / "a.wav") == "truncated"
    soundfile.write(tmp_path / "a.flac", pcm, RATE)
    flac = bytearray((tmp_path / "a.flac").read_bytes())
    # STREAMINFO: the last 4 bits of byte 21 and bytes 22-25 are the number of samples.
    flac[21] |= 0x0F
    flac[22:26] = b"\xff\xff\xff\xff"
    (tmp_path / "a.flac").write_bytes(flac)
    assert reason_of(tmp_path / "a.flac") in ("truncated", "unreadable")
    assert max(largest) <= 1 << 20


def test_flipped_bytes_in_a_flac_file_never_pass_as_audio(tmp_path, pcm):
    soundfile.write(tmp_path / "a.flac", pcm, RATE)
    whole = (tmp_path / "a.flac").read_bytes()
    first_frame = 4 * 1024
    for at in range(first_frame, len(whole), 611):
        damaged = bytearray(whole)
        damaged[at] ^= 0x5A
        (tmp_path / "a.flac").write_bytes(damaged)
        assert reason_of(tmp_path / "a.flac") in ("unreadable", "truncated")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from([".wav", ".flac"]),
    # Mostly in the header, where a wrong byte changes what the rest means.
    changes=st.lists(
        st.tuples(st.integers(0, 89) | st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=6
    ),
    kept=st.none() | st.integers(0, 3000),
)
def test_a_damaged_file_gives_a_reason_or_sound_samples(tmp_path, pcm, suffix, changes, kept):
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, pcm[:1500], RATE, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    for at, value in changes:
        content[at % len(content)] = value
    path.write_bytes(content[:kept])
    try:
        read = read_recording(path)
    except RecordingError as error:
        outcome = error.reason
    else:
        outcome = (
            "usable" if np.abs(read.samples).max() <= 1 and len(read.samples) <= len(content) else "wrong"
        )
    assert outcome in (*REASONS, "usable")


@pytest.mark.parametrize("line", ["a 1 4000 4000", "a 1 2000 3999", "a 1 two 4000", "a 1", ""])
def test_a_header_beside_the_file_that_says_otherwise(tmp_path, pcm, line):
    (tmp_path / "a.hea").write_text(line + "\n")
    assert reason_of(write_wav(tmp_path / "a.wav", pcm)) == "header mismatch"


def test_a_header_beside_the_file_that_agrees(tmp_path, pcm):
    (tmp_path / "a.hea").write_text("a 1 2000 4000\na.wav 16+44 1 16 0 0 0 0 AV\n")
    assert len(read_recording(write_wav(tmp_path / "a.wav", pcm)).samples) == 4000


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite(tmp_path, value):
    samples = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    samples[100] = value
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    assert reason_of(tmp_path / "a.wav") == "not finite"


@pytest.mark.parametrize("level", [0, 1000])
def test_a_recording_without_any_change_is_silent(tmp_path, level):
    assert reason_of(write_wav(tmp_path / "a.wav", np.full(RATE, level))) == "silent"


def test_gross_clipping_is_refused_and_some_is_not(tmp_path, pcm):
    loud = np.clip(pcm.astype(int) * 40, -32768, 32767)
    assert reason_of(write_wav(tmp_path / "a.wav", loud)) == "clipped"
    some = np.clip(pcm.astype(int) * 8, -32768, 32767)
    assert len(read_recording(write_wav(tmp_path / "b.wav", some)).samples) == len(some)


def test_too_short_and_too_long(tmp_path, pcm, monkeypatch):
    assert reason_of(write_wav(tmp_path / "a.wav", pcm[:999])) == "too short"
    assert len(read_recording(write_wav(tmp_path / "b.wav", pcm[:1000])).samples) == 1000
    monkeypatch.setattr(recording, "LONGEST_SECONDS", 1)
    assert reason_of(write_wav(tmp_path / "c.wav", pcm)) == "too long"


def test_several_channels(tmp_path, pcm):
    assert reason_of(write_wav(tmp_path / "a.wav", pcm, channels=2)) == "several channels"


@pytest.mark.parametrize("rate", [1, 40, 300_000])
def test_a_sample_rate_that_no_stethoscope_has(tmp_path, pcm, rate):
    assert reason_of(write_wav(tmp_path / "a.wav", pcm, rate)) == "unreadable"


@pytest.mark.data
def test_reads_the_published_recordings(data_folder):
    paths = sorted((data_folder / "circor-original-sample" / "training_data").glob("*.wav"))
    assert len(paths) == 30
    for path in paths:
        read = read_recording(path)
        assert read.sample_rate == 4000
        assert 5 < read.duration < 65
