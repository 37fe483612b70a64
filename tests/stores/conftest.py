"""Small made-up stores: ragged, with a skipped recording and a patient who has none."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from heartfeat.stores import FeatureSetSource, feature_key, write_store

SUFFIXES = (".zarr", ".h5")
SITES = ("AV", "PV", "TV", "MV", "Phc")


@dataclass
class Ward:
    """What goes into a store, and the arrays that must come out of it."""

    recordings: pl.DataFrame
    patients: pl.DataFrame
    lengths: np.ndarray
    views: tuple[str, ...]
    tokens: np.ndarray
    pooled: np.ndarray

    @property
    def offsets(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.lengths)])

    def source(self, name="logmel", read=None, **attrs) -> FeatureSetSource:
        core = {"backbone": name, "band": [20.0, 800.0]}
        own = {"core": core, "core_key": feature_key(core), "views": self.views, "dim": self.tokens.shape[2]}
        own |= {"statistics": ("mean", "std"), "token_rate": 50.0}
        return FeatureSetSource(name, own | attrs, self.lengths, read or self.read)

    def read(self, view, recording):
        if self.lengths[recording] == 0:
            return None
        rows = slice(self.offsets[recording], self.offsets[recording + 1])
        return self.tokens[view, rows], self.pooled[view, recording]

    def write(self, path, *sets, **attrs) -> Path:
        write_store(path, self.recordings, self.patients, sets or [self.source()], {"cohort": "ward"} | attrs)
        return path


def build_ward(lengths=((3, 5), (2, 0, 4), (), (7,)), views=("clean", "gain-6"), dim=3, seed=0) -> Ward:
    """A ward whose patient p has a recording per length in ``lengths[p]``; length 0 is a skipped one."""
    owners = [patient for patient, own in enumerate(lengths) for _ in own]
    flat = np.array([length for own in lengths for length in own], np.int64)
    names = [f"{100 + patient}_{number}" for patient, own in enumerate(lengths) for number in range(len(own))]
    recordings = pl.DataFrame(
        {
            "recording": names,
            "patient": [str(100 + owner) for owner in owners],
            "person": [str(100 + owner) for owner in owners],
            "site": [SITES[place % 5] for place in range(len(owners))],
            "pcm_digest": [f"digest of {name}" for name in names],
            "duration": flat / 50,
            "status": ["ok" if length else "skipped" for length in flat],
            "reason": [None if length else "silent" for length in flat],
        },
        schema_overrides={
            "recording": pl.String,
            "patient": pl.String,
            "person": pl.String,
            "reason": pl.String,
        },
    )
    ids = [str(100 + patient) for patient in range(len(lengths))]
    ages = [["Child", None, ""][place % 3] for place in range(len(ids))]
    patients = pl.DataFrame(
        {"patient": ids, "person": ids, "age": ages},
        schema=dict.fromkeys(("patient", "person", "age"), pl.String),
    )
    generator = np.random.default_rng(seed)
    tokens = generator.standard_normal((len(views), int(flat.sum()), dim)).astype(np.float16)
    pooled = generator.standard_normal((len(views), len(owners), 2 * dim)).astype(np.float32)
    pooled[:, flat == 0] = np.nan
    return Ward(recordings, patients, flat, views, tokens, pooled)


@pytest.fixture(scope="session")
def make_ward():
    return build_ward


@pytest.fixture
def ward() -> Ward:
    return build_ward()


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path) -> Path:
    """Where a store of either container goes."""
    return tmp_path / f"ward{request.param}"
