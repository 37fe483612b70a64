"""What a sound file's own header promises, checked without decoding it."""

import hashlib
import struct
from pathlib import Path

import numpy as np
import soundfile

from heartfeat.errors import RecordingError

_STREAMINFO_BYTES = 42
_FLAC_BITS = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}


def check_riff_size(path: Path) -> None:
    """Refuse a wav file whose data chunk is empty or larger than what is left of the file.

    libsndfile quietly shortens such a file, so a half-copied recording would pass as a whole one.

    Raises
    ------
    RecordingError
        ``"truncated"`` or ``"empty"``. A file that is no RIFF/WAVE file passes: the decoder judges it.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return
        while len(chunk := file.read(8)) == 8:
            name, promised = struct.unpack("<4sI", chunk)
            if name == b"data":
                _check_data_chunk(promised, size - file.tell())
                return
            # Chunks are padded to even lengths.
            file.seek(promised + promised % 2, 1)


def _check_data_chunk(promised: int, present: int) -> None:
    if promised > present:
        raise RecordingError(
            "truncated", f"the header promises {promised:,} bytes of audio, {present:,} are there"
        )
    if promised == 0:
        raise RecordingError("empty", "the data chunk holds no bytes")


def check_flac_md5(path: Path, pcm: np.ndarray, subtype: str) -> None:
    """Compare decoded samples with the MD5 that the FLAC encoder wrote into the STREAMINFO block.

    Parameters
    ----------
    pcm
        ``(frames,)`` int16 or int32 as libsndfile decodes them (narrower samples are left-justified).
    subtype
        libsndfile's name of the sample type, such as ``"PCM_16"``.

    Raises
    ------
    RecordingError
        ``"unreadable"`` when they differ. No MD5 in the header (all zero) passes.
    """
    with path.open("rb") as file:
        head = file.read(_STREAMINFO_BYTES)
    bits = _FLAC_BITS.get(subtype)
    expected = head[26:42]
    if head[:4] != b"fLaC" or bits is None or not any(expected):
        return
    raw_bits = 8 * pcm.dtype.itemsize
    width = bits // 8
    narrow = (pcm >> (raw_bits - bits)).astype(pcm.dtype.newbyteorder("<"))
    packed = narrow.view(np.uint8).reshape(len(pcm), -1)[:, :width]
    if hashlib.md5(packed.tobytes(), usedforsecurity=False).digest() != expected:
        raise RecordingError("unreadable", "the decoded samples do not match the file's own MD5")


def check_wfdb_header(path: Path, sample_rate: int, frames: int) -> None:
    """Compare a recording with the ``.hea`` file beside it, where there is one.

    The first line of a WFDB header is ``name signals sampling_rate length``
    (https://physionet.org/physiotools/wag/header-5.htm).

    Raises
    ------
    RecordingError
        ``"header mismatch"`` when rate or length differ, or the header cannot be read.
    """
    header = path.with_suffix(".hea")
    if not header.is_file():
        return
    try:
        first = header.read_text(encoding="utf-8").splitlines()[0].split()
        promised_rate, promised_frames = float(first[2].split("/")[0]), int(first[3])
    except (OSError, ValueError, IndexError) as error:
        raise RecordingError("header mismatch", f"{header.name} cannot be read: {error}") from error
    if promised_rate != sample_rate or promised_frames != frames:
        raise RecordingError(
            "header mismatch",
            f"{header.name} says {promised_frames:,} samples at {promised_rate:g} Hz, "
            f"the audio has {frames:,} at {sample_rate} Hz",
        )


def sample_type(file: soundfile.SoundFile) -> str:
    """The numpy dtype (``int16``, ``int32``, ``float32``, ``float64``) that holds the samples exactly."""
    if file.subtype in ("PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW"):
        return "int16"
    if file.subtype in ("PCM_24", "PCM_32"):
        return "int32"
    return "float64" if file.subtype == "DOUBLE" else "float32"
