"""On real files: CirCor as published (4 kHz wav) and with a pretrained kind of encoder."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from heartfeat.backbones.settings import LogMelSettings, TransformersSettings
from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import open_store


@pytest.fixture
def published(data_folder: Path) -> Cohort:
    """The recordings of three patients."""
    whole = read_circor(data_folder / "circor-original-sample")
    there = [Path(path).is_file() for path in whole.recordings["path"]]
    names = whole.recordings.filter(pl.Series(there))["patient"].unique(maintain_order=True)[:3]
    return Cohort(
        "sample",
        whole.recordings.filter(pl.col("patient").is_in(names.implode())),
        whole.patients.filter(pl.col("patient").is_in(names.implode())),
    )


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A tiny, seeded Wav2Vec2 with group norm, the kind that ragged padding would upset."""
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    torch.manual_seed(0)
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
    )
    Wav2Vec2Model(config).save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.mark.data
def test_two_backbones_fill_one_store(published: Cohort, encoder: Path, tmp_path: Path) -> None:
    speech = TransformersSettings(name="speech", model=str(encoder), token_rate=25, layers=[1, -1])

    summary = run_extraction(published, tmp_path / "s.h5", [LogMelSettings(), speech], ["clean", "gain-6"])

    assert summary.skipped == {}
    store = open_store(tmp_path / "s.h5")
    assert (store.features("logmel").dim, store.features("speech").dim) == (64, 32)
    duration = store.recordings["duration"].to_numpy()
    for name, rate in (("logmel", 50), ("speech", 25)):
        np.testing.assert_array_equal(np.diff(store.features(name).offsets), np.floor(duration * rate + 1e-6))
    logmel = [store.tokens("logmel", view=view).astype(np.float32) for view in ("clean", "gain-6")]
    shift = np.median(logmel[1] - logmel[0])
    assert abs(shift + 6 * np.log(10) / 10) < 0.02


@pytest.mark.data
def test_the_batch_size_stays_within_a_thousandth(published: Cohort, encoder: Path, tmp_path: Path) -> None:
    speech = TransformersSettings(name="speech", model=str(encoder))
    tokens = []
    for batch_size in (1, 8):
        uri = tmp_path / f"{batch_size}.h5"
        run_extraction(published, uri, [speech], ["clean"], batch_size=batch_size)
        tokens.append(open_store(uri).tokens().astype(np.float32))
    np.testing.assert_allclose(tokens[0], tokens[1], rtol=1e-3, atol=2e-3)
