"""Stores with damaged files or attributes: what is read is what was written, or verify says otherwise."""

import functools
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.stores.store import Store, open_store
from heartfeat.stores.verify import verify_store

from .cohort_kind import clean_folder
from .outcome import check
from .store_damage import NEVER_OTHERWISE, change_hdf5, change_json, damage_file


def files_case(rng: random.Random, folder: Path) -> None:
    uri = _copy(rng, folder)
    files = sorted(path for path in uri.rglob("*") if path.is_file()) if uri.is_dir() else [uri]
    how = {damage_file(rng, rng.choice(files), files) for _ in range(rng.choice((1, 1, 2)))}
    judge(uri, strictly=how <= set(NEVER_OTHERWISE))


def attributes_case(rng: random.Random, folder: Path) -> None:
    uri = _copy(rng, folder)
    for _ in range(rng.choice((1, 1, 2))):
        if uri.is_dir():
            path = rng.choice(sorted(uri.rglob("zarr.json")))
            path.write_text(change_json(rng, path.read_text()), encoding="utf-8", errors="replace")
        else:
            change_hdf5(rng, uri)
    judge(uri, strictly=False)


def judge(uri: Path, strictly: bool) -> None:
    """Read and verify a damaged store; fail where it lies and nothing says so.

    Parameters
    ----------
    strictly
        Whether other numbers are a failure even if verify finds them.
    """
    verified = verify_store(uri) if uri.exists() else None
    try:
        with open_store(uri) as store:
            found = contents(store)
    except StoreError:
        told = verified is None or verified.damaged
        check(told, "verify finds no damage in a store that cannot be read")
        raise
    other = different(found, _original(uri.suffix))
    if other and strictly:
        check(False, f"{other} differ from what was written, and are read without an error")
    told = verified is None or verified.damaged or bool(verified.unsealed)
    check(not other or told, f"{other} differ from what was written, and verify finds no damage")


def contents(store: Store) -> dict[str, Any]:
    """Everything that can be read from a store."""
    held: dict[str, Any] = {
        "attributes": store.attrs,
        "recordings": store.recordings.to_dict(as_series=False),
        "patients": store.patients.to_dict(as_series=False),
        "patient offsets": store.patient_offsets.tolist(),
        "feature sets": store.feature_sets,
    }
    for name in store.feature_sets:
        features = store.features(name)
        held[f"{name}: attributes"] = features.attrs
        held[f"{name}: views"] = features.views
        held[f"{name}: offsets"] = np.asarray(features.offsets).tolist()
        held[f"{name}: done"] = np.asarray(features.done).tolist()
        for view in features.views:
            held[f"{name}: tokens, {view}"] = np.asarray(features.tokens(view)).tobytes()
            held[f"{name}: pooled, {view}"] = np.asarray(features.pooled(view)).tobytes()
            for patient in store.patients["patient"].to_list():
                held[f"{name}: {patient}, {view}"] = np.asarray(
                    store.tokens(name, patient=patient, view=view)
                ).tobytes()
    return held


def different(found: dict[str, Any], original: dict[str, Any]) -> list[str]:
    return [
        name
        for name in sorted(found.keys() | original.keys())
        if repr(found.get(name)) != repr(original.get(name))
    ]


@functools.cache
def _original(suffix: str) -> dict[str, Any]:
    with open_store(clean_folder() / f"store{suffix}") as store:
        return contents(store)


def _copy(rng: random.Random, folder: Path) -> Path:
    name = rng.choice(("store.h5", "store.zarr"))
    source = clean_folder() / name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder / name
