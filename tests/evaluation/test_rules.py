import numpy as np
import polars as pl
import pytest

from heartfeat.errors import RunError
from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.rules import rule_scores, with_cost_decisions
from heartfeat.evaluation.scores import score
from heartfeat.tasks import MURMUR, OUTCOME

RECORDINGS = pl.DataFrame(
    {
        "patient": [f"p{i}" for i in range(40) for _ in range(2)],
        **{f"p_{name}": [0.8 if code == 2 else 0.1] * 80 for code, name in enumerate(MURMUR.classes)},
        **{f"clean_{name}": [0.8 if code == 0 else 0.1] * 80 for code, name in enumerate(MURMUR.classes)},
    }
)


@pytest.fixture
def judged(make_run):
    table = make_run().predictions
    return table, table.select("p_Present", "p_Unknown", "p_Absent").to_numpy()


def test_every_rule_has_the_scores_of_its_decisions(judged):
    table, probabilities = judged
    labels, outcome = np.arange(40) % 3, np.arange(40) % 2
    rules = rule_scores(MURMUR, table, probabilities, outcome, RECORDINGS)
    assert list(rules) == ["worth", "argmax", "any_present"]
    for rule in ("worth", "argmax"):
        expected = score(MURMUR, labels, probabilities, decide(MURMUR, probabilities, rule), outcome)
        assert rules[rule] == {name: expected[name] for name in rules[rule]}
        assert {"weighted_accuracy", "uar", "accuracy", "cost", "sensitivity_Unknown"} <= rules[rule].keys()
    assert rules["any_present"]["sensitivity_Absent"] == 1.0


def test_the_clean_view_of_the_recordings_is_decided_on_when_asked(judged):
    rules = rule_scores(MURMUR, *judged, recordings=RECORDINGS, clean=True)
    assert rules["any_present"]["sensitivity_Present"] == 1.0


def test_heads_that_say_nothing_of_recordings_have_no_such_rule(judged):
    assert list(rule_scores(MURMUR, *judged)) == ["worth", "argmax"]


def test_only_the_outcome_is_decided_by_cost_and_it_costs_no_more():
    generator = np.random.default_rng(0)
    abnormal = generator.uniform(size=500)
    probabilities = np.stack([abnormal, 1 - abnormal], axis=1)
    labels = np.where(generator.uniform(size=500) < abnormal, "Abnormal", "Normal")
    table = pl.DataFrame(
        {
            "person": [str(i) for i in range(500)],
            "label": labels,
            "decision": labels,
            "p_Abnormal": abnormal,
            "p_Normal": 1 - abnormal,
        }
    )
    rules = rule_scores(OUTCOME, table, probabilities)
    assert list(rules) == ["worth", "argmax", "cost"]
    assert rules["cost"]["cost"] < min(rules["worth"]["cost"], rules["argmax"]["cost"])
    assert rules["cost"]["cost_low"] < rules["cost"]["cost"] < rules["cost"]["cost_high"]
    decided = with_cost_decisions(OUTCOME, table)["decision_cost"]
    codes = decided.replace_strict({"Abnormal": 0, "Normal": 1}).to_numpy()
    truth = np.where(labels == "Abnormal", 0, 1)
    assert score(OUTCOME, truth, probabilities, codes)["cost"] == rules["cost"]["cost"]
    assert with_cost_decisions(MURMUR, table) is table


@pytest.mark.parametrize(
    ("recordings", "message"),
    [
        (RECORDINGS.head(78), "lack the patient p39"),
        (RECORDINGS.with_columns(patient=pl.lit("x")), "first x"),
    ],
)
def test_recordings_of_other_patients_are_refused(judged, recordings, message):
    with pytest.raises(RunError, match=message):
        rule_scores(MURMUR, *judged, recordings=recordings)
