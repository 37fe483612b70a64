"""The same numbers whatever the batch size and the number of workers, with real encoders."""

from pathlib import Path

import numpy as np
import pytest

from heartfeat.backbones.settings import TransformersSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import open_store

from ..backbones.tiny_encoders import save_tiny
from .small_cohorts import make_cohort

ENCODERS = ("wav2vec2-group-norm", "ast", "wavlm")
TOLERANCE = {"rtol": 2e-3, "atol": 2e-3}
"""A unit in the last place of float16, and as much for numbers near 0."""


def settings(name: str, folder: Path) -> TransformersSettings:
    takes_any_length = name != "ast"
    return TransformersSettings(
        name=name,
        model=str(save_tiny(name, folder / name)),
        window_seconds=1.0 if takes_any_length else None,
        token_rate=40 if takes_any_length else None,
    )


def extract(
    cohort: Cohort, encoders: list[TransformersSettings], uri: Path, batch_size: int, workers: int
) -> dict[str, np.ndarray]:
    devices = ("cpu",) * workers
    run_extraction(cohort, uri, encoders, ["clean", "timemask"], devices=devices, batch_size=batch_size)
    store, found = open_store(uri), {}
    for name in store.feature_sets:
        features = store.features(name)
        assert features.done.all()
        found[f"{name} offsets"] = features.offsets
        for view in features.views:
            found[f"{name} {view} tokens"] = features.tokens(view).astype(np.float32)
            found[f"{name} {view} pooled"] = features.pooled(view)
    return found


@pytest.mark.slow
def test_batches_and_workers_leave_the_numbers_alone(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    cohort = make_cohort(tmp_path / "sounds", patients=3, each=4, seconds=1.0)
    encoders = [settings(name, tmp_path) for name in ENCODERS]
    one = extract(cohort, encoders, tmp_path / "one.h5", batch_size=1, workers=1)
    assert all(one[f"{name} clean tokens"].std() > 1e-3 for name in ENCODERS)

    for batch_size, workers in ((64, 1), (3, 3)):
        other = extract(cohort, encoders, tmp_path / f"{workers}.zarr", batch_size, workers)
        for what, numbers in one.items():
            np.testing.assert_allclose(other[what], numbers, **TOLERANCE, err_msg=what)
