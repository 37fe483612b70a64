"""Small cohorts with real sound files, and what two stores have in common."""

from pathlib import Path

import numpy as np
import polars as pl
import soundfile

from heartfeat.cohorts.cohort import Cohort
from heartfeat.stores.store import Store, open_store

RATE = 4000
SITES = ("AV", "PV", "TV", "MV")


def write_heart(path: Path, seed: int, seconds: float = 2.0) -> Path:
    """Beats in noise, 16 bit."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    beat = np.exp(-(((time % 0.8) / 0.05) ** 2)) * np.sin(2 * np.pi * (50 + seed % 40) * time)
    samples = 0.4 * beat + 0.01 * rng.standard_normal(len(time))
    soundfile.write(path, samples.astype(np.float32), RATE, subtype="PCM_16")
    return path


def make_cohort(folder: Path, patients: int = 4, each: int = 2, seconds: float = 2.0) -> Cohort:
    """Patients ``p0``... with ``each`` recordings of ``seconds`` and a little more each."""
    rows = []
    for patient in range(patients):
        for site in SITES[:each]:
            seed = len(rows)
            path = write_heart(folder / f"p{patient}_{site}.wav", seed, seconds + 0.13 * seed)
            rows.append((f"p{patient}_{site}", f"p{patient}", f"p{patient}", site, str(path), None, "Absent"))
    return cohort_of(rows)


def cohort_of(rows: list[tuple]) -> Cohort:
    columns = ("recording", "patient", "person", "site", "path", "annotation", "murmur")
    recordings = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    patients = recordings.unique("patient", maintain_order=True).select("patient", "person", "murmur")
    return Cohort("small", recordings, patients)


def add_rows(cohort: Cohort, *rows: tuple) -> Cohort:
    return cohort_of([*cohort.recordings.rows(), *rows])


def contents(store: Store | str | Path) -> dict[str, object]:
    """All that a store holds, but for when it was made and when its sound files were."""
    store = store if isinstance(store, Store) else open_store(store)
    held: dict[str, object] = {
        "recordings": store.recordings.drop("file_mtime_ns").rows(),
        "patients": store.patients.rows(),
    }
    for name in store.feature_sets:
        features = store.features(name)
        for view in features.views:
            held[f"{name} {view} tokens"] = features.tokens(view).tobytes()
            held[f"{name} {view} pooled"] = features.pooled(view).tobytes()
        held[f"{name} offsets"] = features.offsets.tolist()
        held[f"{name} done"] = features.done.tolist()
        held[f"{name} attrs"] = features.attrs
    return held
