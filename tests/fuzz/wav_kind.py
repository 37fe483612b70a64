"""Wav files: what is accepted must be what the standard library's reader makes of the same bytes."""

import io
import random
import struct
import wave
from pathlib import Path

import numpy as np
import soundfile

from heartfeat.signals.recording import Recording, read_recording

from .make_corpus import CORPUS
from .mutate import mutate_bytes
from .outcome import check

SEEDS = ("pcm16.wav", "pcm24.wav", "float32.wav", "pcm8.wav")
HEADER = 44

# Field of the fmt chunk: offset in the file, format, values worth trying.
FIELDS = {
    "riff size": (4, "<I", (0, 1, 35, 36, 2**31, 2**32 - 1, 2000)),
    "fmt size": (16, "<I", (0, 14, 15, 16, 17, 18, 40, 2**32 - 1)),
    "format": (20, "<H", (0, 1, 2, 3, 6, 7, 17, 49, 80, 85, 0xFFFE, 0xFFFF)),
    "channels": (22, "<H", (0, 1, 2, 3, 255, 1024, 65535)),
    "rate": (24, "<I", (0, 1, 199, 200, 2001, 4000, 44100, 200_000, 200_001, 2**31, 2**32 - 1)),
    "byte rate": (28, "<I", (0, 1, 8000, 2**31, 2**32 - 1)),
    "block align": (32, "<H", (0, 1, 2, 3, 4, 8, 65535)),
    "bits": (34, "<H", (0, 1, 3, 4, 8, 12, 16, 20, 24, 32, 64, 65535)),
}
DATA_SIZES = (0, 1, 2, 3, 100, 700, 2**31 - 1, 2**31, 2**32 - 1)


def case(rng: random.Random, folder: Path) -> None:
    """Change a seed's fields or bytes, read it, compare."""
    content = (CORPUS / rng.choice(SEEDS)).read_bytes()
    chance = rng.random()
    if chance < 0.6:
        content = mutate_header(rng, content)
    if chance > 0.5:
        content = mutate_bytes(rng, content, hot=HEADER)
    path = folder / f"fuzzed.{rng.choice(('wav', 'wav', 'wav', 'WAV', 'flac'))}"
    path.write_bytes(content)
    compare(read_recording(path), content)


def mutate_header(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if rng.random() < 0.2:
            struct.pack_into("<I", changed, content.rindex(b"data") + 4, rng.choice(DATA_SIZES))
            continue
        offset, code, values = FIELDS[rng.choice(list(FIELDS))]
        struct.pack_into(code, changed, offset, rng.choice(values))
    if rng.random() < 0.3:
        _make_consistent(changed)
    return bytes(changed)


def _make_consistent(content: bytearray) -> None:
    """Let block align and byte rate follow from the other fields, so that a lie is a whole one."""
    channels, rate = struct.unpack_from("<HI", content, 22)
    align = channels * struct.unpack_from("<H", content, 34)[0] // 8 % 2**16
    struct.pack_into("<IH", content, 28, rate * align % 2**32, align)


def compare(read: Recording, content: bytes) -> None:
    rate, samples = independent_samples(content)
    check(read.sample_rate == rate, f"read at {read.sample_rate} Hz, the file says {rate} Hz")
    check(len(read.samples) == len(samples), f"{len(read.samples)} samples read, {len(samples)} are there")
    check(np.allclose(read.samples, samples, rtol=0, atol=1e-6), "the samples are not those of the file")


def independent_samples(content: bytes) -> tuple[int, np.ndarray]:
    """Rate (Hz) and float samples, decoded without any of our code."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            check(file.getnchannels() == 1, "several channels pass as one")
            width, rate = file.getsampwidth(), file.getframerate()
            return rate, _integers(file.readframes(file.getnframes()), width)
    except wave.Error:
        return _other_type(content)


def _integers(raw: bytes, width: int) -> np.ndarray:
    if width == 1:
        return (np.frombuffer(raw, np.uint8) - 128.0) / 128
    # Each sample moved to the top of 32 bits.
    wide = np.zeros((len(raw) // width, 4), np.uint8)
    wide[:, 4 - width :] = np.frombuffer(raw, np.uint8).reshape(-1, width)
    return wide.view("<i4")[:, 0] / 2.0**31


def _other_type(content: bytes) -> tuple[int, np.ndarray]:
    """Float and G.711 samples, which the standard library does not read."""
    at = content.index(b"fmt ") + 8
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content, at)
    if code == 0xFFFE:
        code = struct.unpack_from("<H", content, at + 24)[0]
    check(channels == 1, "several channels pass as one")
    start = content.index(b"data", at) + 8
    raw = content[start : start + struct.unpack_from("<I", content, start - 4)[0]]
    if code == 1:
        return rate, _integers(raw, bits // 8)
    if code == 3:
        floats = np.frombuffer(raw, f"<f{bits // 8}")
        return rate, floats / max(1.0, float(np.abs(floats).max()))
    subtype = {6: "ALAW", 7: "ULAW"}[code]
    samples, _ = soundfile.read(
        io.BytesIO(raw), format="RAW", subtype=subtype, channels=1, samplerate=rate, dtype="float64"
    )
    return rate, samples
