import dataclasses

import numpy as np
import polars as pl
import pytest

from heartfeat.errors import StoreError
from heartfeat.heads.examples import UNLABELLED
from heartfeat.stores import FeatureSetSource, feature_key, open_store, write_store
from heartfeat.tasks import MURMUR, OUTCOME
from heartfeat.training.examples import left_out, load_examples

VIEWS = ("clean", "gain-6")
RECORDINGS = pl.DataFrame(
    {
        "recording": ["a_AV", "a_MV", "b_AV", "c_PV", "d_AV"],
        "patient": ["a", "a", "b", "c", "d"],
        "person": ["a", "a", "b", "c", "d"],
        "site": ["AV", "MV", "AV", "PV", "AV"],
        "murmur": ["Present", "Absent", "Absent", "Unknown", None],
        "snr_db": [1.0, 2.0, 3.0, 4.0, 5.0],
        "status": ["ok", "ok", "skipped", "ok", "ok"],
    }
)
PATIENTS = pl.DataFrame(
    {
        "patient": ["a", "b", "c", "d"],
        "person": ["a", "b", "c", "d"],
        "age": ["Child", "Infant", None, "Child"],
        "height": [100.0, 70.0, None, 90.0],
        "murmur": ["Present", "Absent", "Unknown", None],
        "outcome": ["Abnormal", "Normal", "Normal", "Normal"],
        "systolic_grade": ["III/VI", None, None, None],
    }
)
LENGTHS = {"logmel": [3, 2, 0, 4, 1], "speech": [1, 1, 0, 2, 1]}


def token(view: int, recording: int, row: int) -> float:
    return 100 * view + 10 * recording + row


def source(name: str, dim: int, missing: tuple[int, int] | None = None) -> FeatureSetSource:
    lengths = np.array(LENGTHS[name], np.int64)

    def read(view: int, recording: int) -> tuple[np.ndarray, np.ndarray] | None:
        if not lengths[recording] or (view, recording) == missing:
            return None
        rows = np.array([[token(view, recording, row)] * dim for row in range(lengths[recording])])
        return rows.astype(np.float16), rows.mean(0).astype(np.float32)

    core = {"family": "logmel", "dim": dim}
    attrs = {
        "name": name,
        "core": core,
        "core_key": feature_key(core),
        "views": list(VIEWS),
        "dim": dim,
        "token_rate": 50.0,
        "statistics": ["mean"],
    }
    return FeatureSetSource(name, attrs, lengths, read)


@pytest.fixture(params=[".zarr", ".h5"])
def make_store(request, tmp_path):
    def make(*sources):
        path = tmp_path / f"store{request.param}"
        write_store(path, RECORDINGS, PATIENTS, sources, {"cohort": "small"})
        return open_store(path)

    return make


def test_usable_recordings_and_their_patients_are_loaded(make_store):
    store = make_store(source("logmel", 4))
    examples = load_examples(store, ["logmel"], VIEWS, MURMUR, tokens=True)
    assert examples.recordings["recording"].to_list() == ["a_AV", "a_MV", "c_PV", "d_AV"]
    assert examples.patients["patient"].to_list() == ["a", "c", "d"]
    assert examples.patient_of.tolist() == [0, 0, 1, 2]
    assert left_out(store, examples) == ["b"]


def test_tokens_and_pooled_follow_the_recordings(make_store):
    examples = load_examples(make_store(source("logmel", 4)), ["logmel"], VIEWS, MURMUR, tokens=True)
    arrays = examples.features["logmel"]
    assert arrays.spans.tolist() == [[0, 3], [3, 5], [5, 9], [9, 10]]
    assert arrays.tokens.dtype == np.float16
    for view in range(2):
        rows = [
            token(view, recording, row)
            for recording in (0, 1, 3, 4)
            for row in range(LENGTHS["logmel"][recording])
        ]
        assert arrays.tokens[view, :, 3].tolist() == rows
        assert arrays.pooled[view, :, 0].tolist() == [
            token(view, recording, (LENGTHS["logmel"][recording] - 1) / 2) for recording in (0, 1, 3, 4)
        ]


def test_views_come_in_the_order_asked_for(make_store):
    store = make_store(source("logmel", 4))
    examples = load_examples(store, ["logmel"], ("gain-6",), MURMUR, tokens=True)
    assert examples.views == ("gain-6",)
    assert examples.features["logmel"].tokens[0, 0, 0] == 100


def test_tokens_are_not_read_unless_asked_for(make_store):
    examples = load_examples(make_store(source("logmel", 4)), ["logmel"], ["clean"], MURMUR, tokens=False)
    assert examples.features["logmel"].tokens is None
    assert examples.features["logmel"].pooled.shape == (1, 4, 4)


def test_tokens_of_heart_beats_are_not_read(make_store):
    beats, logmel = source("speech", 2), source("logmel", 4)
    beats = dataclasses.replace(beats, attrs={**beats.attrs, "token_rate": None})
    examples = load_examples(make_store(logmel, beats), ["logmel", "speech"], VIEWS, MURMUR, tokens=True)
    assert examples.features["speech"].tokens is None
    assert examples.features["speech"].pooled.shape == (2, 4, 2)
    assert examples.features["logmel"].tokens is not None


def test_labels_are_codes_and_missing_ones_are_unlabelled(make_store):
    store = make_store(source("logmel", 4))
    examples = load_examples(store, ["logmel"], ["clean"], MURMUR, tokens=False)
    assert examples.labels.tolist() == [0, 1, UNLABELLED]
    assert examples.recording_labels.tolist() == [0, 2, 1, UNLABELLED]
    outcome = load_examples(store, ["logmel"], ["clean"], OUTCOME, tokens=False)
    assert outcome.labels.tolist() == [0, 1, 1]
    assert (outcome.recording_labels == UNLABELLED).all()


def test_tables_hold_metadata_and_quality_and_no_labels(make_store):
    examples = load_examples(make_store(source("logmel", 4)), ["logmel"], ["clean"], MURMUR, tokens=False)
    assert examples.patients.columns == ["patient", "person", "age", "height"]
    assert examples.recordings.columns == ["recording", "patient", "site", "snr_db"]


def test_a_recording_must_be_there_in_every_set_and_view(make_store):
    store = make_store(source("logmel", 4), source("speech", 2, missing=(1, 3)))
    both = load_examples(store, ["logmel", "speech"], VIEWS, MURMUR, tokens=True)
    assert both.recordings["recording"].to_list() == ["a_AV", "a_MV", "d_AV"]
    assert both.features["logmel"].spans.tolist() == [[0, 3], [3, 5], [5, 6]]
    clean = load_examples(store, ["logmel", "speech"], ["clean"], MURMUR, tokens=True)
    assert "c_PV" in clean.recordings["recording"].to_list()


def test_a_missing_view_is_an_error_with_a_remedy(make_store):
    with pytest.raises(StoreError, match=r"'timemask'.*clean, gain-6.*--views clean,timemask"):
        load_examples(
            make_store(source("logmel", 4)), ["logmel"], ("clean", "timemask"), MURMUR, tokens=False
        )


def test_a_missing_feature_set_is_an_error(make_store):
    with pytest.raises(StoreError, match="speech"):
        load_examples(make_store(source("logmel", 4)), ["speech"], ["clean"], MURMUR, tokens=False)


def test_other_labels_go_with_their_patients_and_are_hidden_with_the_rest(make_store):
    examples = load_examples(make_store(source("logmel", 4)), ["logmel"], ["clean"], MURMUR, tokens=False)
    assert examples.extra_labels["outcome"].patients.tolist() == [0, 1, 1]
    assert examples.extra_labels["grade"].recordings.tolist() == [3, 0, UNLABELLED, UNLABELLED]
    some = examples.take(["a", "d"])
    assert some.extra_labels["outcome"].patients.tolist() == [0, 1]
    assert some.extra_labels["grade"].recordings.tolist() == [3, 0, UNLABELLED]
    assert examples.without_labels().extra_labels == {}
