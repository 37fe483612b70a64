"""What the header of a FLAC file promises, checked against its frames and decoded samples.

The layout is that of RFC 9639.
"""

import hashlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from heartfeat.errors import RecordingError

MAGIC = b"fLaC"
_STREAMINFO_BYTES = 42
_BITS = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}
# A frame header's code of the sample rate -> Hz; 0 refers to STREAMINFO, 12 to 14 to bytes further on.
_RATES = {
    1: 88_200,
    2: 176_400,
    3: 192_000,
    4: 8_000,
    5: 16_000,
    6: 22_050,
    7: 24_000,
    8: 32_000,
    9: 44_100,
    10: 48_000,
    11: 96_000,
}
_LONGEST_HEADER = 16


def check_flac_rate(path: Path) -> None:
    """Compare the sample rate in the STREAMINFO block with that of the first frame.

    The MD5 covers the samples alone, and decoders believe STREAMINFO.

    Raises
    ------
    RecordingError
        ``"header mismatch"`` when they differ; what cannot be followed is left to the decoder.
    """
    with path.open("rb") as file:
        head = file.read(_STREAMINFO_BYTES)
        promised = int.from_bytes(head[18:21], "big") >> 4
        file.seek(len(MAGIC))
        frame = _first_frame(file)
    rate = _frame_rate(frame)
    if rate is not None and rate != promised:
        raise RecordingError("header mismatch", f"the header says {promised} Hz, the first frame {rate} Hz")


def _first_frame(file: BinaryIO) -> bytes:
    """The first bytes behind the metadata blocks."""
    while len(block := file.read(4)) == 4:
        file.seek(int.from_bytes(block[1:], "big"), 1)
        if block[0] & 0x80:
            break
    return file.read(_LONGEST_HEADER)


def _frame_rate(frame: bytes) -> int | None:
    """Sample rate (Hz) in a frame's own header (RFC 9639, section 9.1), where it has one."""
    if len(frame) < _LONGEST_HEADER or frame[0] != 0xFF or frame[1] & 0xFE != 0xF8:
        return None
    block_code, rate_code = frame[2] >> 4, frame[2] & 0x0F
    # The frame's number is written like a UTF-8 character: as many bytes as it has leading ones.
    ones = 8 - (frame[4] ^ 0xFF).bit_length()
    at = 4 + max(1, ones) + {6: 1, 7: 2}.get(block_code, 0)
    if rate_code == 12:
        return 1000 * frame[at]
    if rate_code in (13, 14):
        return int.from_bytes(frame[at : at + 2], "big") * (1 if rate_code == 13 else 10)
    return _RATES.get(rate_code)


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
    bits = _BITS.get(subtype)
    expected = head[26:42]
    if head[:4] != MAGIC or bits is None or not any(expected):
        return
    raw_bits = 8 * pcm.dtype.itemsize
    width = bits // 8
    narrow = (pcm >> (raw_bits - bits)).astype(pcm.dtype.newbyteorder("<"))
    packed = narrow.view(np.uint8).reshape(len(pcm), -1)[:, :width]
    if hashlib.md5(packed.tobytes(), usedforsecurity=False).digest() != expected:
        raise RecordingError("unreadable", "the decoded samples do not match the file's own MD5")
