"""WFDB headers beside a wav file: accepted only where they say what the audio is."""

import random
import re
from pathlib import Path

from heartfeat.signals.recording import read_recording

from .make_corpus import CORPUS, RATE
from .mutate import NASTY, mutate_text
from .outcome import check

SAMPLES = 1400
VALUES = (
    *NASTY,
    "2000",
    "2000.0",
    "2e3",
    "2000/1",
    "2000/nan",
    "1400",
    "1401",
    "1399",
    "2001",
    "4000",
    "1",
    "2",
)
_AGREES = re.compile(
    rf"\S+[ \t]+1[ \t]+{RATE}(\.0*)?([/(]\S*)?[ \t]+0*{SAMPLES}([ \t].*)?", re.ASCII | re.DOTALL
)


def case(rng: random.Random, folder: Path) -> None:
    header = (CORPUS / "pcm16.hea").read_text()
    if rng.random() < 0.5:
        first, *rest = header.split("\n")
        cells = first.split(" ")
        for _ in range(rng.choice((1, 1, 2))):
            cells[rng.randrange(len(cells))] = rng.choice(VALUES)
        content = "\n".join([" ".join(cells), *rest]).encode()
    else:
        content = mutate_text(rng, header, separator=" ")
    (folder / "fuzzed.hea").write_bytes(content)
    (folder / "fuzzed.wav").write_bytes((CORPUS / "pcm16.wav").read_bytes())
    read = read_recording(folder / "fuzzed.wav")
    check(len(read.samples) == SAMPLES and read.sample_rate == RATE, "the audio itself is read otherwise")
    first = re.split(r"[\r\n]", content.decode("utf-8", "replace"), maxsplit=1)[0]
    check(_AGREES.fullmatch(first) is not None, f"the header {first[:200]!r} passes")
