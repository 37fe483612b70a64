"""Recordings, encoders and clocks that the extraction benchmarks share."""

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import soundfile
import torch

from heartfeat.cohorts.cohort import Cohort

RATE = 4000

SIZES = {
    "tiny": {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "conv_dim": (32,) * 7},
    "small": {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 6, "conv_dim": (256,) * 7},
    "base": {},
}
"""Wav2Vec2 encoders; ``base`` is as published (95 million parameters)."""


def write_recordings(folder: Path, count: int, seconds: float, per_patient: int = 4) -> Cohort:
    """A cohort of noisy beats, 16 bit at 4 kHz."""
    rows = []
    time_axis = np.arange(int(seconds * RATE)) / RATE
    beat = np.exp(-(((time_axis % 0.8) / 0.05) ** 2)) * np.sin(2 * np.pi * 60 * time_axis)
    for number in range(count):
        noise = np.random.default_rng(number).standard_normal(len(time_axis))
        path = folder / f"{number // per_patient:06}_{number % per_patient}.wav"
        soundfile.write(path, (0.4 * beat + 0.01 * noise).astype(np.float32), RATE, subtype="PCM_16")
        patient = f"p{number // per_patient:06}"
        rows.append((path.stem, patient, patient, ("AV", "PV", "TV", "MV")[number % per_patient], str(path)))
    columns = ("recording", "patient", "person", "site", "path")
    recordings = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    return Cohort("synthetic", recordings, recordings.select("patient", "person").unique(maintain_order=True))


def save_encoder(folder: Path, size: str) -> Path:
    """A Wav2Vec2 with random weights, saved as a checkpoint."""
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    torch.manual_seed(0)
    sizes = dict(SIZES[size])
    if "hidden_size" in sizes:
        sizes["intermediate_size"] = 4 * sizes["hidden_size"]
    Wav2Vec2Model(Wav2Vec2Config(**sizes)).save_pretrained(folder)
    return folder


def medians(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds per way, the median over rounds in which every way has its turn."""
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        for way, work in ways.items():
            started = time.perf_counter()
            work()
            taken[way].append(time.perf_counter() - started)
            print(f"round {number + 1}, {way}: {taken[way][-1]:.1f} s", file=sys.stderr, flush=True)
    return {way: statistics.median(seconds) for way, seconds in taken.items()}


def print_table(title: str, heads: tuple[str, ...], rows: list[list[str]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
