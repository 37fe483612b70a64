from pathlib import Path

import numpy as np
import pytest

from heartfeat.backbones.settings import LogMelSettings, TransformersSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.engine import run_extraction
from heartfeat.extraction.precision import settle_precision
from heartfeat.stores.store import open_store

from ..backbones.tiny_encoders import save_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TransformersSettings:
    folder = save_tiny("wav2vec2-group-norm", tmp_path_factory.mktemp("encoder") / "wav2vec2-group-norm")
    return TransformersSettings(name="tiny", model=str(folder), window_seconds=1.0)


def cpu() -> tuple[str, ...]:
    return ("cpu",)


def test_the_cpu_computes_in_full_precision_unless_told_otherwise(
    tiny: TransformersSettings, uri: Path
) -> None:
    asked = [tiny, tiny.model_copy(update={"precision": "fp16"}), LogMelSettings()]
    settled = settle_precision(asked, uri, cpu)
    assert [getattr(one, "precision", None) for one in settled] == ["fp32", "fp16", None]


def test_a_store_begun_in_mixed_precision_is_finished_in_it_wherever_that_is(
    cohort: Cohort, tiny: TransformersSettings, uri: Path
) -> None:
    half = tiny.model_copy(update={"precision": "bf16"})
    first = run_extraction(cohort, uri, [half], ["clean"])
    assert first.encoded == 8
    assert open_store(uri).features().attrs["core"]["precision"] == "bf16"

    def never() -> tuple[str, ...]:
        raise AssertionError("the store decides")

    assert settle_precision([tiny], uri, never) == [half]
    assert run_extraction(cohort, uri, [tiny], ["clean"]).nothing_to_do
    assert run_extraction(cohort, uri, [tiny], ["clean", "gain-6"]).encoded == 8


def test_bfloat16_changes_the_key_and_the_numbers_by_little(
    cohort: Cohort, tiny: TransformersSettings, tmp_path: Path
) -> None:
    tokens, keys = [], []
    for precision in ("fp32", "bf16"):
        uri = tmp_path / f"{precision}.h5"
        run_extraction(cohort, uri, [tiny.model_copy(update={"precision": precision})], ["clean"])
        features = open_store(uri).features()
        tokens.append(features.tokens().astype(np.float32))
        keys.append(features.core_key)
    assert keys[0] != keys[1]
    error = np.abs(tokens[1] - tokens[0]).mean() / tokens[0].std()
    assert 0 < error < 0.05
