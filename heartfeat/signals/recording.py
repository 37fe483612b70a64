"""From one sound file to float samples, or to the reason why it cannot be used."""

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from heartfeat.errors import RecordingError
from heartfeat.signals import AUDIO_SUFFIXES
from heartfeat.signals.containers import check_container, check_wfdb_header, sample_type
from heartfeat.signals.flac import check_flac_md5

REASONS = (
    "missing file",
    "no access",
    "unreadable",
    "empty",
    "truncated",
    "header mismatch",
    "not finite",
    "silent",
    "clipped",
    "too short",
    "too long",
    "several channels",
)
"""Every reason that :func:`read_recording` gives."""

SHORTEST_SECONDS = 0.5
LONGEST_SECONDS = 3600
SAMPLE_RATES = (200, 200_000)
"""Sample rates in Hz between which a file is believed."""

_BLOCK_FRAMES = 1 << 20
_FULL_SCALE = 0.99
_CLIPPED_SHARE = 0.5
# Three steps of 16-bit audio: less than that is a dead microphone's last bit.
_SILENT_RANGE = 1e-4


@dataclass(frozen=True, eq=False)
class Recording:
    """One decoded recording.

    Attributes
    ----------
    samples
        ``(n,)`` float32 within [-1, 1].
    sample_rate
        In Hz.
    pcm_digest
        SHA-256 (hex) of the decoded PCM as little-endian bytes, with sample rate, channel count and sample
        type: the same audio as wav and as FLAC has one digest.
    """

    samples: np.ndarray
    sample_rate: int
    pcm_digest: str

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


def read_recording(path: str | Path) -> Recording:
    """Decode a mono wav or FLAC file.

    A header is not believed before its audio has been seen: no more memory is used than there are samples.
    Floating-point audio that exceeds full scale is scaled down to it.

    Raises
    ------
    RecordingError
        With one of :data:`REASONS`; no other exception.
    """
    path = Path(path)
    _check_file(path)
    try:
        promised = check_container(path)
        pcm, sample_rate = _decode(path, promised)
    except OSError as error:
        raise RecordingError("no access", str(error)) from error
    check_wfdb_header(path, sample_rate, len(pcm))
    samples = _to_float(pcm)
    _check_samples(samples, sample_rate)
    return Recording(samples=samples, sample_rate=sample_rate, pcm_digest=_digest(pcm, sample_rate))


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise RecordingError("missing file", f"there is no {path}") from None
    except OSError as error:
        raise RecordingError("no access", str(error)) from error
    except ValueError as error:
        raise RecordingError("unreadable", str(error)) from error
    if not stat.S_ISREG(status.st_mode) or path.suffix.lower() not in AUDIO_SUFFIXES:
        raise RecordingError("unreadable", f"{path.name} is not a wav or flac file")
    if status.st_size == 0:
        raise RecordingError("empty", "the file has no bytes")


def _decode(path: Path, frames: int | None) -> tuple[np.ndarray, int]:
    """The exact samples ``(frames,)`` and the sample rate (Hz) of a mono file; None where the decoder counts."""
    try:
        with soundfile.SoundFile(path) as file:
            _check_format(file)
            pcm = _read_blocks(file)
            promised, sample_rate, subtype = frames or file.frames, int(file.samplerate), file.subtype
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        # libsndfile's words for a FLAC stream that stops in the middle.
        reason = "truncated" if "lost sync" in str(error) else "unreadable"
        raise RecordingError(reason, str(error)) from error
    longest = LONGEST_SECONDS * sample_rate
    if len(pcm) > longest:
        raise RecordingError("too long", f"more than {LONGEST_SECONDS} s")
    if len(pcm) < promised:
        raise RecordingError("truncated", f"the header promises {promised:,} samples, {len(pcm):,} are there")
    if not len(pcm):
        raise RecordingError("empty", "the file holds no samples")
    if frames is not None and len(pcm) != frames:
        raise RecordingError(
            "header mismatch", f"the header promises {frames:,} samples, {len(pcm):,} are there"
        )
    check_flac_md5(path, pcm, subtype)
    return pcm, sample_rate


def _check_format(file: soundfile.SoundFile) -> None:
    if file.channels != 1:
        raise RecordingError("several channels", f"{file.channels} channels; split them into one file each")
    low, high = SAMPLE_RATES
    if not low <= file.samplerate <= high:
        raise RecordingError(
            "unreadable", f"a sample rate of {file.samplerate} Hz is outside {low} to {high} Hz"
        )


def _read_blocks(file: soundfile.SoundFile) -> np.ndarray:
    """All samples, or one more than the longest allowed recording has; memory grows with what is there."""
    wanted = LONGEST_SECONDS * int(file.samplerate) + 1
    dtype = sample_type(file)
    blocks = [np.empty(0, dtype)]
    while wanted > 0 and len(block := file.read(min(wanted, _BLOCK_FRAMES), dtype=dtype)):
        blocks.append(block)
        wanted -= len(block)
    return np.concatenate(blocks)


def _to_float(pcm: np.ndarray) -> np.ndarray:
    if pcm.dtype.kind == "i":
        full_scale = float(np.iinfo(pcm.dtype).max) + 1
        return (pcm / full_scale).astype(np.float32)
    if not np.isfinite(pcm).all():
        raise RecordingError("not finite", f"{int((~np.isfinite(pcm)).sum()):,} samples are NaN or infinite")
    return (pcm / max(1.0, float(np.abs(pcm).max()))).astype(np.float32)


def _check_samples(samples: np.ndarray, sample_rate: int) -> None:
    duration = len(samples) / sample_rate
    if duration < SHORTEST_SECONDS:
        raise RecordingError("too short", f"{duration:.3f} s, less than {SHORTEST_SECONDS} s")
    if float(np.ptp(samples)) < _SILENT_RANGE:
        raise RecordingError("silent", "all samples are (nearly) equal")
    clipped = float(np.mean(np.abs(samples) >= _FULL_SCALE))
    if clipped > _CLIPPED_SHARE:
        raise RecordingError("clipped", f"{clipped:.0%} of the samples are at full scale")


def _digest(pcm: np.ndarray, sample_rate: int) -> str:
    little = np.ascontiguousarray(pcm, dtype=pcm.dtype.newbyteorder("<"))
    digest = hashlib.sha256(f"{sample_rate} Hz, 1 channel, {little.dtype.str}\n".encode())
    digest.update(little.tobytes())
    return digest.hexdigest()
