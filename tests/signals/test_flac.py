import numpy as np
import pytest
import soundfile

from heartfeat.errors import RecordingError
from heartfeat.signals.containers import sample_type
from heartfeat.signals.flac import check_flac_md5, check_flac_rate


@pytest.mark.parametrize(
    ("subtype", "dtype"), [("PCM_S8", "int16"), ("PCM_16", "int16"), ("PCM_24", "int32")]
)
def test_the_md5_is_checked_at_every_sample_width(tmp_path, subtype, dtype):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.2, 3000), 2000, subtype=subtype)
    with soundfile.SoundFile(path) as file:
        assert sample_type(file) == dtype
        pcm = file.read(dtype=dtype)
    check_flac_md5(path, pcm, subtype)
    pcm[17] ^= 1 << (pcm.dtype.itemsize * 8 - 2)
    with pytest.raises(RecordingError, match="do not match the file's own MD5"):
        check_flac_md5(path, pcm, subtype)


def test_a_file_without_md5_passes(tmp_path):
    path = tmp_path / "a.flac"
    pcm = np.arange(3000, dtype=np.int16)
    soundfile.write(path, pcm, 2000)
    content = bytearray(path.read_bytes())
    content[26:42] = bytes(16)
    path.write_bytes(content)
    check_flac_md5(path, pcm[::-1].copy(), "PCM_16")


# Rates that frame headers write in each of their ways: a code, kHz, Hz, tens of Hz.
@pytest.mark.parametrize("rate", [44_100, 8_000, 2_000, 2_001, 333, 100_010])
def test_the_header_must_give_the_rate_that_the_frames_give(tmp_path, rate):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.2, 3000), rate)
    check_flac_rate(path)
    content = bytearray(path.read_bytes())
    content[18:21] = ((rate + 1) << 4 | content[20] & 0x0F).to_bytes(3, "big")
    path.write_bytes(content)
    with pytest.raises(
        RecordingError, match=f"header mismatch: the header says {rate + 1} Hz, the first frame {rate}"
    ):
        check_flac_rate(path)


@pytest.mark.parametrize("content", [b"fLaC", b"fLaC" + bytes(60), b"fLaC" + b"\xff" * 60])
def test_what_cannot_be_followed_is_left_to_the_decoder(tmp_path, content):
    (tmp_path / "a.flac").write_bytes(content)
    check_flac_rate(tmp_path / "a.flac")
