import numpy as np
import polars as pl
import pytest

from heartfeat.evaluation.recordings import recording_probabilities
from heartfeat.evaluation.scores import score
from heartfeat.evaluation.sites import site_scores
from heartfeat.tasks import MURMUR


@pytest.fixture
def recordings():
    """Sixty recordings of thirty patients: 40 at AV, 16 at MV, 4 without a label; 4 more at Phc."""
    generator = np.random.default_rng(0)
    said = generator.dirichlet([1, 1, 1], 64)
    labels = [MURMUR.classes[i % 3] for i in range(60)] + ["Absent"] * 4
    return pl.DataFrame(
        {
            "recording": [f"r{i}" for i in range(64)],
            "patient": [f"p{i // 2}" for i in range(64)],
            "person": [f"p{i // 2}" for i in range(64)],
            "site": ["AV"] * 44 + ["MV"] * 16 + ["Phc"] * 4,
            "label": [None] * 4 + labels[4:],
            **{f"p_{name}": said[:, code] for code, name in enumerate(MURMUR.classes)},
        }
    )


def test_sites_are_listed_by_size_and_their_recordings_counted(recordings):
    table = site_scores(MURMUR, recordings)
    assert table.select("by", "group", "patients", "recordings").rows() == [
        ("site", "AV", 20, 40),
        ("site", "MV", 8, 16),
        ("site", "Phc", 2, 4),
    ]
    assert table["positives"].to_list() == [13, 5, 0]


def test_a_recording_is_what_is_most_probable_for_it(recordings):
    row = site_scores(MURMUR, recordings).row(1, named=True)
    members = recordings.filter(pl.col("site") == "MV")
    said = recording_probabilities(members, MURMUR)
    labels = np.array([MURMUR.classes.index(name) for name in members["label"]])
    alone = score(MURMUR, labels, said, said.argmax(axis=1))
    for name in ("uar", "auroc", "accuracy"):
        assert row[name] == pytest.approx(alone[name])
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
    assert row["weighted_accuracy"] is None


def test_sites_with_under_ten_recordings_have_no_scores(recordings):
    assert site_scores(MURMUR, recordings).row(2, named=True)["accuracy"] is None


def test_without_labels_there_are_no_sites(recordings):
    assert site_scores(MURMUR, recordings.with_columns(label=pl.lit(None, pl.String))).height == 0
