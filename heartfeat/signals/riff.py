"""What the header of a wav file promises, checked against itself and the file's size."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from heartfeat.errors import RecordingError

# Sample type of the fmt chunk -> bits per sample: PCM, float, A-law, mu-law.
_WIDTHS = {1: (8, 16, 24, 32), 3: (32, 64), 6: (8,), 7: (8,)}
_EXTENSIBLE = 0xFFFE
_FORMAT_BYTES = 16
# The extensible form puts the real sample type here.
_SUBFORMAT_AT = 24
_LARGEST_FORMAT = 1024


@dataclass(frozen=True)
class _Format:
    sample_type: int
    channels: int
    sample_rate: int
    byte_rate: int
    block_align: int
    bits: int


def is_riff(head: bytes) -> bool:
    """Whether the first 12 bytes of a file are those of a RIFF/WAVE file."""
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def check_riff(path: Path) -> int:
    """Refuse a wav file whose header contradicts itself or promises more than the file holds.

    Decoders quietly shorten a half-copied file and believe one field where two disagree; either would pass for
    a whole recording.

    Returns
    -------
    frames
        Samples per channel that the data chunk holds.

    Raises
    ------
    RecordingError
        ``"truncated"``, ``"empty"``, ``"header mismatch"`` or ``"unreadable"``.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        end = 8 + struct.unpack("<4sI", file.read(8))[1]
        file.seek(12)
        found: _Format | None = None
        while len(chunk := file.read(8)) == 8:
            name, promised = struct.unpack("<4sI", chunk)
            start = file.tell()
            if name == b"data":
                if found is None:
                    raise RecordingError("unreadable", "the data chunk comes before the fmt chunk")
                frames = _data_frames(found, promised, size - start)
                _check_rest(file, start + promised, min(end, size))
                return frames
            if name == b"fmt " and found is not None:
                raise RecordingError("header mismatch", "there are two fmt chunks")
            if name == b"fmt ":
                found = _read_format(file.read(min(promised, _LARGEST_FORMAT)))
            # Chunks are padded to even lengths.
            file.seek(start + promised + promised % 2)
    raise RecordingError("unreadable", "there is no data chunk")


def _read_format(content: bytes) -> _Format:
    if len(content) < _FORMAT_BYTES:
        raise RecordingError(
            "unreadable", f"the fmt chunk has {len(content)} bytes, {_FORMAT_BYTES} at least"
        )
    found = _Format(*struct.unpack_from("<HHIIHH", content))
    sample_type = found.sample_type
    if sample_type == _EXTENSIBLE and len(content) >= _SUBFORMAT_AT + 2:
        (sample_type,) = struct.unpack_from("<H", content, _SUBFORMAT_AT)
    if found.bits not in _WIDTHS.get(sample_type, ()):
        raise RecordingError(
            "unreadable",
            f"{found.bits}-bit samples of type {sample_type:#x}; expected 8 to 32-bit PCM, 32 or 64-bit float, "
            "A-law or mu-law",
        )
    if found.block_align != found.channels * found.bits // 8:
        raise RecordingError(
            "header mismatch",
            f"{found.block_align} bytes per frame do not fit {found.channels} channels of {found.bits} bits",
        )
    if found.byte_rate != found.sample_rate * found.block_align:
        raise RecordingError(
            "header mismatch", f"{found.byte_rate} bytes per second do not fit {found.sample_rate} Hz"
        )
    return found


def _data_frames(found: _Format, promised: int, present: int) -> int:
    if promised > present:
        raise RecordingError(
            "truncated", f"the header promises {promised:,} bytes of audio, {present:,} are there"
        )
    if promised == 0:
        raise RecordingError("empty", "the data chunk holds no bytes")
    if found.channels == 0:
        raise RecordingError("unreadable", "the header promises 0 channels")
    if promised % found.block_align:
        raise RecordingError("truncated", f"{promised:,} bytes of audio end in the middle of a sample")
    return promised // found.block_align


def _check_rest(file: BinaryIO, data_end: int, end: int) -> None:
    """After the audio come chunks or nothing; anything else is audio that the header does not count."""
    if end < data_end:
        raise RecordingError("header mismatch", "the data chunk reaches beyond the end of the RIFF chunk")
    at = data_end + data_end % 2
    while at + 8 <= end:
        file.seek(at)
        name, promised = struct.unpack("<4sI", file.read(8))
        at += 8 + promised + promised % 2
        if name in (b"data", b"fmt ") or not name.isascii() or at > end + 1:
            raise RecordingError("header mismatch", "what follows the audio is no chunk; its size is wrong")
