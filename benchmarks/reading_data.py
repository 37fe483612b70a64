"""Made-up feature sets for the reading benchmarks, and the layouts that they are compared with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import polars as pl

from heartfeat.stores import FeatureSetSource, feature_key, write_store

SITES = ("AV", "PV", "TV", "MV")
SHAPES = {"768": (768, 65, 20), "logmel": (64, 1150, 350)}
"""D, mean tokens per recording and their standard deviation: an encoder at 3 tokens/s, log-mel at 50 frames/s."""


@dataclass(frozen=True)
class Made:
    """Tokens ``(rows, D)`` with offsets ``(recordings + 1,)``; every patient has four recordings."""

    tokens: np.ndarray
    offsets: np.ndarray

    @property
    def recordings(self) -> int:
        return len(self.offsets) - 1


def make(shape: str, recordings: int, seed: int = 0) -> Made:
    """A feature set of one of the ``SHAPES``."""
    dim, mean, deviation = SHAPES[shape]
    generator = np.random.default_rng(seed)
    lengths = np.maximum(8, generator.normal(mean, deviation, recordings)).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return Made(generator.standard_normal((offsets[-1], dim), np.float32).astype(np.float16), offsets)


def tables(recordings: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tables of recordings and patients, four recordings each."""
    numbers = np.arange(recordings)
    owners = [f"patient-{number // 4}" for number in numbers]
    names = pl.DataFrame(
        {
            "recording": [f"recording-{number}" for number in numbers],
            "patient": owners,
            "person": owners,
            "site": [SITES[number % 4] for number in numbers],
        }
    )
    ids = names["patient"].unique(maintain_order=True)
    return names, pl.DataFrame({"patient": ids, "person": ids})


def write(path: Path, made: Made) -> Path:
    """A store of one view, pooled by one statistic."""
    core = {"made": "for a benchmark"}
    attrs = {"core": core, "core_key": feature_key(core), "views": ["clean"], "dim": made.tokens.shape[1]}
    attrs |= {"statistics": ["first"], "token_rate": None}

    def read(view: int, recording: int) -> tuple[np.ndarray, np.ndarray]:
        rows = made.tokens[made.offsets[recording] : made.offsets[recording + 1]]
        return rows, rows[0].astype(np.float32)

    source = FeatureSetSource("made", attrs, np.diff(made.offsets), read)
    write_store(path, *tables(made.recordings), [source], {})
    return path


def write_files(folder: Path, made: Made) -> None:
    """One HDF5 file and one npy file per recording."""
    folder.mkdir()
    for number in range(made.recordings):
        rows = made.tokens[made.offsets[number] : made.offsets[number + 1]]
        np.save(folder / f"{number}.npy", rows)
        with h5py.File(folder / f"{number}.h5", "w") as file:
            file["tokens"] = rows


def medians(ways: dict[str, Callable[[int], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each way, called in turn ``rounds`` times with the number of the round."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way(0)
    for number in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way(number)
            taken[name].append(time.perf_counter() - started)
    return {name: float(np.median(times)) for name, times in taken.items()}


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A markdown table."""
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
