"""What a sound file and the header beside it promise, checked without decoding."""

import re
from pathlib import Path

import soundfile

from heartfeat.errors import RecordingError
from heartfeat.signals.flac import MAGIC, check_flac_rate
from heartfeat.signals.riff import check_riff, is_riff

_FIRST_LINE_BYTES = 4096
# name, signals, rate in Hz (a counter frequency may follow), samples: https://physionet.org/physiotools/wag/header-5.htm
_FIRST_LINE = re.compile(
    r"\S+[ \t]+(?P<signals>\d{1,9})[ \t]+(?P<rate>\d{1,9}(?:\.\d*)?)(?:[/(]\S*)?"
    r"[ \t]+(?P<samples>\d{1,15})(?:[ \t].*)?",
    re.ASCII,
)


def check_container(path: Path) -> int | None:
    """Refuse a file whose header contradicts itself, or that is neither wav nor FLAC whatever its name says.

    Returns
    -------
    frames
        Samples that a wav header promises; None for FLAC, whose frames have to be decoded to be counted.

    Raises
    ------
    RecordingError
        ``"truncated"``, ``"empty"``, ``"header mismatch"`` or ``"unreadable"``.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if is_riff(head):
        return check_riff(path)
    if head[:4] != MAGIC:
        raise RecordingError(
            "unreadable", f"{path.name} begins neither like a RIFF/WAVE nor like a FLAC file"
        )
    check_flac_rate(path)
    return None


def check_wfdb_header(path: Path, sample_rate: int, frames: int) -> None:
    """Compare a mono recording with the ``.hea`` file beside it, where there is one.

    The first line of a WFDB header is ``name signals sampling_rate length``.

    Raises
    ------
    RecordingError
        ``"header mismatch"`` when signals, rate or length differ or are not told, ``"no access"`` where the
        system refuses to read the header.
    """
    header = path.with_suffix(".hea")
    if not header.is_file():
        return
    try:
        with header.open("rb") as file:
            lines = file.read(_FIRST_LINE_BYTES).decode("utf-8", errors="replace").splitlines()
    except OSError as error:
        raise RecordingError("no access", str(error)) from error
    first = _FIRST_LINE.fullmatch(lines[0].strip() if lines else "")
    if first is None:
        raise RecordingError(
            "header mismatch", f"{header.name} cannot be read: expected '<name> <signals> <rate> <samples>'"
        )
    signals, rate, samples = int(first["signals"]), float(first["rate"]), int(first["samples"])
    if (signals, rate, samples) != (1, sample_rate, frames):
        raise RecordingError(
            "header mismatch",
            f"{header.name} says {samples:,} samples at {rate:g} Hz, {signals} signal(s); "
            f"the audio has {frames:,} at {sample_rate} Hz, 1 signal",
        )


def sample_type(file: soundfile.SoundFile) -> str:
    """The numpy dtype (``int16``, ``int32``, ``float32``, ``float64``) that holds the samples exactly."""
    if file.subtype in ("PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW"):
        return "int16"
    if file.subtype in ("PCM_24", "PCM_32"):
        return "int32"
    return "float64" if file.subtype == "DOUBLE" else "float32"
