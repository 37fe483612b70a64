"""A store with as many patients as a benchmark asks for."""

from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.stores import FeatureSetSource, Store, write_store
from heartfeat.stores.blocks import Blocks, blocks_of


def topped_up(store: Store, patients: int, path: Path) -> None:
    """Write ``store`` at ``path``, topped up with copies of patients under new ids, each a new person."""
    table, there = store.patients, len(store.patients)
    chosen = np.random.default_rng(0).choice(there, max(0, patients - there), replace=False)
    ids = table["patient"][np.sort(chosen)]
    copied = store.recordings.with_row_index("place").filter(pl.col("patient").is_in(ids.to_list()))
    places = np.concatenate([np.arange(len(store.recordings)), copied["place"].to_numpy()])
    recordings = pl.concat([store.recordings, _renamed(copied.drop("place"))])
    people = pl.concat([table, _renamed(table.filter(table["patient"].is_in(ids.to_list())))])
    sources = [_copies(blocks_of(store, name), name, places) for name in store.feature_sets]
    write_store(path, recordings, people, sources, dict(store.attrs))


def _renamed(table: pl.DataFrame) -> pl.DataFrame:
    names = [name for name in ("recording", "patient", "person") if name in table.columns]
    return table.with_columns(("copy-" + pl.col(name).cast(pl.String)).alias(name) for name in names)


def _copies(blocks: Blocks, name: str, places: np.ndarray) -> FeatureSetSource:
    lengths = np.diff(blocks.offsets)[places]
    return FeatureSetSource(
        name, blocks.attrs, lengths, lambda view, place: blocks.read(view, int(places[place]))
    )
