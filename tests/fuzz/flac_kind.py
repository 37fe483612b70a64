"""FLAC files: what is accepted must have the samples of the seed, and the rate that its frames say."""

import functools
import random
from pathlib import Path

import numpy as np
import soundfile

from heartfeat.signals.recording import read_recording

from .make_corpus import CORPUS, RATE
from .mutate import mutate_bytes
from .outcome import check

SEEDS = ("flac16.flac", "flac24.flac")
STREAMINFO = 42
MD5 = slice(26, 42)

# Bit field of STREAMINFO: first bit in the file, number of bits, values worth trying.
FIELDS = {
    "last block": (32, 1, (0, 1)),
    "block type": (33, 7, (0, 1, 4, 126, 127)),
    "block length": (40, 24, (0, 33, 34, 35, 0xFFFFFF)),
    "smallest block": (64, 16, (0, 1, 15, 16, 65535)),
    "largest block": (80, 16, (0, 1, 15, 16, 1152, 65535)),
    "smallest frame": (96, 24, (0, 1, 0xFFFFFF)),
    "largest frame": (120, 24, (0, 1, 0xFFFFFF)),
    "rate": (144, 20, (0, 1, 199, 1999, 2001, 4000, 44100, 2**20 - 1)),
    "channels": (164, 3, (0, 1, 7)),
    "bits": (167, 5, (0, 3, 7, 11, 15, 19, 23, 31)),
    "samples": (172, 36, (0, 1, 1399, 1401, 1152, 2**32, 2**36 - 1)),
    "md5": (208, 128, (0, 1, 2**128 - 1)),
}


def case(rng: random.Random, folder: Path) -> None:
    seed = rng.choice(SEEDS)
    content = (CORPUS / seed).read_bytes()
    chance = rng.random()
    if chance < 0.5:
        content = mutate_header(rng, content)
    if chance > 0.4:
        content = mutate_bytes(rng, content, hot=STREAMINFO if rng.random() < 0.5 else 0)
    path = folder / f"fuzzed.{rng.choice(('flac', 'flac', 'flac', 'FLAC', 'wav'))}"
    path.write_bytes(content)
    read = read_recording(path)
    samples = _seed_samples(seed)
    check(read.sample_rate == RATE, f"read at {read.sample_rate} Hz, the frames say {RATE} Hz")
    check(np.array_equal(read.samples, samples), "the samples are not those of the file that was changed")


def mutate_header(rng: random.Random, content: bytes) -> bytes:
    """One or two fields of STREAMINFO set to something else."""
    number = int.from_bytes(content, "big")
    for _ in range(rng.choice((1, 1, 2))):
        first, bits, values = FIELDS[rng.choice(list(FIELDS))]
        shift = 8 * len(content) - first - bits
        number &= ~((2**bits - 1) << shift)
        number |= rng.choice(values) << shift
    return number.to_bytes(len(content), "big")


@functools.cache
def _seed_samples(seed: str) -> np.ndarray:
    return soundfile.read(CORPUS / seed, dtype="float32")[0]
