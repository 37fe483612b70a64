import shutil

import polars as pl
import pytest
import yaml

import heartfeat
from heartfeat.cohorts.synthetic import write_synthetic_cohort


def write_config(folder, data, **changes):
    tree = {
        "data": {"path": str(data), "name": "synthetic"},
        "store": str(folder / "store.zarr"),
        "backbones": {"logmel": {"bands": 16, "token_rate": 25.0}},
        "views": "clean,gain-6",
        "split": {"folds": 2, "file": str(folder / "split.json")},
        "runs": str(folder / "runs"),
        "heads": {
            "mambaformer": {"epochs": 1, "inner_folds": 2, "width": 32, "layers": 1, "crop_seconds": 2.0},
            "lgbm": {"trees": 5},
        },
        **changes,
    }
    path = folder / "heartfeat.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def write_2016(folder, patients, seed):
    """The 2016 layout: the first recordings of synthetic patients, abnormal where they have a murmur."""
    circor = heartfeat.read_circor(
        write_synthetic_cohort(folder / "circor", patients=patients, seed=seed, seconds=(2, 3))
    )
    for subset in "ab":
        (folder / f"data/training-{subset}").mkdir(parents=True)
    first = circor.recordings.unique("patient", keep="first", maintain_order=True)
    for number, (path, patient) in enumerate(first.select("path", "patient").iter_rows()):
        subset = folder / f"data/training-{'ab'[number % 2]}"
        shutil.copy(path, subset / f"x{number}.wav")
        murmur = circor.patients.filter(pl.col("patient") == patient)["murmur"][0]
        with (subset / "REFERENCE.csv").open("a") as file:
            file.write(f"x{number},{-1 if murmur == 'Absent' else 1}\n")
    return folder / "data"


@pytest.fixture(scope="session")
def synthetic_data(tmp_path_factory):
    return write_synthetic_cohort(tmp_path_factory.mktemp("synthetic"), patients=30, seed=3, seconds=(3, 4))


@pytest.fixture(scope="session")
def extracted(tmp_path_factory, synthetic_data):
    """A config whose store is filled and that has one logistic run; copy it before changing it."""
    folder = tmp_path_factory.mktemp("extracted")
    config = write_config(folder, synthetic_data)
    heartfeat.extract(config=config, device="cpu", workers=1)
    heartfeat.fit(head="logistic", config=config)
    return config


@pytest.fixture
def project(tmp_path, extracted, synthetic_data):
    """A copy of ``extracted`` of the test's own; its config."""
    folder = tmp_path / "project"
    shutil.copytree(extracted.parent, folder)
    return write_config(folder, synthetic_data)
