"""Extraction through a checkpoint file from elsewhere."""

import shutil
from pathlib import Path

import pytest

from heartfeat.backbones import transformers_spec
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import BackboneError
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import open_store

from ..backbones.foreign_files import cnn_mamba, moco, write


def settings(path: Path) -> TransformersSettings:
    return TransformersSettings(name="pahcl", model=str(path), window_seconds=1.0, layers=[1, -1])


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    transformers_spec._say_once.cache_clear()


def test_workers_leave_the_counting_to_the_main_process_and_a_moved_file_is_the_same(
    cohort: Cohort, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "pahcl_moco.pt", {"model_state_dict": moco(cnn_mamba())})
    uri = tmp_path / "store.h5"
    run_extraction(cohort, uri, [settings(file)], ["clean"], devices=("cpu", "cpu"))
    assert capfd.readouterr().err.count("left aside") == 1

    features = open_store(uri).features("pahcl")
    assert features.done.all()
    assert features.dim == 32
    assert features.tokens("clean").astype(float).std() > 0.01
    assert features.attrs["backbone"] == "pahcl_moco.pt"

    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.move(file, tmp_path / "elsewhere" / "model.ckpt"))
    assert run_extraction(cohort, uri, [settings(moved)], ["clean"]).nothing_to_do


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_lacks_weights_ends_the_run_by_naming_them(
    cohort: Cohort, tmp_path: Path, workers: int
) -> None:
    weights = moco(cnn_mamba())
    del weights["encoder.mamba.layers.1.ssm.D"]
    file = write(tmp_path / "pahcl.pt", weights)
    with pytest.raises(BackboneError, match=r"lacks 1 weights \(mamba\.layers\.1\.mixer\.D\)"):
        run_extraction(cohort, tmp_path / "store.h5", [settings(file)], ["clean"], devices=("cpu",) * workers)
