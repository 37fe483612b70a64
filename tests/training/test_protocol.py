import numpy as np
import polars as pl
import pytest

from heartfeat.errors import ConfigError
from heartfeat.heads.examples import UNLABELLED, Examples, FeatureArrays, consecutive_spans
from heartfeat.heads.registry import make_head
from heartfeat.heads.settings import LinearSettings, LogisticSettings
from heartfeat.training.protocol import EVERYTHING, Protocol

SITES = ["AV", "MV", "AV", "MV", None, "PV"]
PATIENT_OF = np.array([0, 0, 1, 2, 2, 3])


def examples():
    tokens = np.arange(12.0).reshape(1, 12, 1)
    return Examples(
        classes=("Present", "Absent"),
        views=("clean",),
        patients=pl.DataFrame({"patient": list("abcd"), "person": ["p", "p", "q", "r"]}),
        recordings=pl.DataFrame(
            {
                "recording": [f"r{row}" for row in range(6)],
                "patient": ["abcd"[row] for row in PATIENT_OF],
                "site": SITES,
            }
        ),
        patient_of=PATIENT_OF,
        features={"logmel": FeatureArrays(tokens, consecutive_spans(np.full(6, 2)), tokens[:, ::2], {})},
        labels=np.array([0, 0, 1, 1]),
        recording_labels=np.array([0, 1, 0, 1, 1, 1]),
    )


def test_recordings_are_taken_with_their_patients_labels_and_tokens():
    taken = examples().take_recordings(np.array([True, False, True, False, False, True]))
    assert taken.patients["patient"].to_list() == ["a", "b", "d"]
    assert taken.recordings["recording"].to_list() == ["r0", "r2", "r5"]
    assert taken.patient_of.tolist() == [0, 1, 2]
    assert (taken.labels.tolist(), taken.recording_labels.tolist()) == ([0, 0, 1], [0, 0, 1])
    arrays = taken.features["logmel"]
    assert [arrays.tokens[0, first:last, 0].tolist() for first, last in arrays.spans] == [
        [0, 1],
        [4, 5],
        [10, 11],
    ]
    assert arrays.pooled[0, :, 0].tolist() == [0, 4, 10]


def test_a_site_is_either_trained_on_or_tested():
    protocol, everything = Protocol(leave_out_site="MV"), examples()
    trained, tested = protocol.to_train(everything), protocol.to_test(everything)
    assert trained.recordings["recording"].to_list() == ["r0", "r2", "r4", "r5"]
    assert tested.recordings["recording"].to_list() == ["r1", "r3"]
    assert tested.patients["patient"].to_list() == ["a", "c"]


def test_linear_evaluation_hides_the_sites():
    shown = Protocol(linear_eval=True).to_test(examples())
    assert shown.recordings["site"].null_count() == 6
    assert shown.recordings["site"].dtype == pl.String


def test_everything_is_everything():
    given = examples()
    assert EVERYTHING.to_train(given) is EVERYTHING.to_test(given) is EVERYTHING.few(given, 0) is given
    assert EVERYTHING.as_json() == {}
    assert EVERYTHING.suffix() == ""


def test_few_shots_keep_other_patients_in_other_folds():
    labels = np.arange(60) % 2
    many = Examples(
        classes=("Present", "Absent"),
        views=("clean",),
        patients=pl.DataFrame(
            {"patient": [f"p{n}" for n in range(60)], "person": [f"p{n}" for n in range(60)]}
        ),
        recordings=pl.DataFrame(
            {"recording": [], "patient": [], "site": []},
            schema=dict.fromkeys(("recording", "patient", "site"), pl.String),
        ),
        patient_of=np.zeros(0, np.int64),
        features={},
        labels=labels,
        recording_labels=np.zeros(0, np.int64),
    )
    protocol = Protocol(few_shot=0.1)
    kept = [protocol.few(many, fold) for fold in (0, 1, 0)]
    assert [np.bincount(part.labels).tolist() for part in kept] == [[3, 3]] * 3
    assert kept[0].patients.equals(kept[2].patients)
    assert not kept[0].patients.equals(kept[1].patients)


def test_heads_that_train_on_validation_patients_do_not_with_few_shots():
    everything, few = examples(), Protocol(few_shot=0.1)
    logistic, linear = make_head(LogisticSettings()), make_head(LinearSettings())
    assert (few.to_watch(logistic, everything).labels == UNLABELLED).all()
    assert few.to_watch(linear, everything) is everything
    assert EVERYTHING.to_watch(logistic, everything) is everything
    train, valid = everything.take(["a", "b"]), everything.take(["c", "d"])
    assert few.trained_on(logistic, train, valid) == {"patients": 2, "persons": 1}
    assert EVERYTHING.trained_on(logistic, train, valid) == {"patients": 4, "persons": 3}
    assert EVERYTHING.trained_on(linear, train, valid) == {"patients": 2, "persons": 1}


def test_what_differs_is_recorded_and_named():
    protocol = Protocol(few_shot=0.01, few_shot_seed=3, leave_out_site="PV", linear_eval=True)
    assert Protocol(**protocol.as_json()) == protocol
    assert protocol.suffix() == "-eval-few0.01-PV"


def test_a_site_that_nobody_has_is_refused():
    with pytest.raises(ConfigError, match="sites are AV, MV, PV"):
        Protocol(leave_out_site="TV").check(examples().recordings)
