import json

import numpy as np
import pytest

from heartfeat.evaluation.calibration import confidence_reliability
from heartfeat.evaluation.calibrators import TEMPERATURES, Calibrator, fit_calibrator


def believed_and_said(patients, sharpness, seed=0):
    """Labels drawn from probabilities, and a head that says the same with logits ``sharpness`` times as large."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(scale=1.5, size=(patients, 3))
    true, said = (np.exp(scale * logits) for scale in (1.0, sharpness))
    true, said = (odds / odds.sum(axis=1, keepdims=True) for odds in (true, said))
    labels = np.array([generator.choice(3, p=row) for row in true])
    return labels, said


def likeliest_temperature(labels, said):
    """Without any expectation."""
    temperatures = np.geomspace(0.3, 4, 200)
    logits = np.log(said)[None] / temperatures[:, None, None]
    chances = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    losses = -np.log(chances[:, np.arange(len(labels)), labels]).sum(axis=1)
    return temperatures[np.argmin(losses)]


def ece(labels, probabilities):
    return float(confidence_reliability(labels, probabilities).expected_error())


def test_the_temperature_that_sharpened_the_logits_is_found():
    fitted = fit_calibrator("temperature", *believed_and_said(4000, 2.0))
    assert fitted.temperature == pytest.approx(2.0, abs=0.15)
    assert fitted.patients == 4000


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_calibration_brings_other_patients_nearer_to_the_truth(method):
    fitted = fit_calibrator(method, *believed_and_said(600, 2.5))
    labels, said = believed_and_said(2000, 2.5, seed=1)
    calibrated = fitted.apply(said)
    assert calibrated.sum(axis=1) == pytest.approx(1)
    assert ece(labels, calibrated) < 0.5 * ece(labels, said)


def test_a_temperature_never_changes_the_most_probable_class():
    labels, said = believed_and_said(60, 3.0)
    calibrated = fit_calibrator("temperature", labels, said).apply(said)
    assert (calibrated.argmax(axis=1) == said.argmax(axis=1)).all()


def test_a_temperature_stays_between_its_bounds():
    labels, said = np.arange(300) % 3, np.full((300, 3), 0.3)
    said[np.arange(300), labels] = 0.4
    assert fit_calibrator("temperature", labels, said).temperature == pytest.approx(TEMPERATURES[0], rel=1e-3)
    wrong = fit_calibrator("temperature", (labels + 1) % 3, said)
    assert wrong.temperature == pytest.approx(TEMPERATURES[1], rel=1e-3)


def test_few_patients_hardly_move_the_temperature_of_a_head_that_needs_none():
    drawn = [believed_and_said(70, 1.0, seed) for seed in range(60)]
    fitted = [np.log(fit_calibrator("temperature", *one).temperature) for one in drawn]
    alone = [np.log(likeliest_temperature(*one)) for one in drawn]
    assert np.std(fitted) < 0.5 * np.std(alone)


def test_few_patients_are_enough_for_a_head_that_is_far_off():
    fitted = [
        fit_calibrator("temperature", *believed_and_said(70, 4.0, seed)).temperature for seed in range(20)
    ]
    assert np.median(fitted) == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_certain_probabilities_do_no_harm(method):
    labels = np.arange(30) % 3
    calibrated = fit_calibrator(method, labels, np.eye(3)[(labels + (np.arange(30) < 4)) % 3]).apply(
        np.eye(3)
    )
    assert np.isfinite(calibrated).all()
    assert calibrated.sum(axis=1) == pytest.approx(1)


def test_isotonic_curves_that_say_nothing_leave_the_head_its_word():
    never = {"x": [0.0, 1.0], "y": [0.0, 0.0]}
    calibrator = Calibrator.from_dict({"method": "isotonic", "patients": 30, "curves": [never] * 3})
    said = np.array([[0.2, 0.3, 0.5]])
    assert (calibrator.apply(said) == said).all()


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.arange(19) % 3, "fewer than 20"),
        (np.arange(40) % 2, "class does not occur"),
        (np.zeros(0, dtype=int), "fewer than 20"),
        (np.where(np.arange(40) < 25, -1, np.arange(40) % 3), "fewer than 20"),
    ],
)
def test_too_few_patients_change_nothing_and_say_why(method, labels, reason):
    said = np.random.default_rng(0).dirichlet([1, 1, 1], len(labels))
    fitted = fit_calibrator(method, labels, said)
    assert fitted.method == "none"
    assert reason in fitted.reason
    assert (fitted.apply(said) == said).all()


def test_none_is_none():
    labels, said = believed_and_said(60, 3.0)
    fitted = fit_calibrator("none", labels, said)
    assert fitted.as_dict() == {"method": "none", "patients": 60}
    assert (fitted.apply(said) == said).all()


@pytest.mark.parametrize("method", ["temperature", "isotonic", "none"])
def test_a_calibrator_survives_json(method):
    labels, said = believed_and_said(60, 2.0)
    fitted = fit_calibrator(method, labels, said)
    again = Calibrator.from_dict(json.loads(json.dumps(fitted.as_dict())))
    assert again == fitted
    assert (again.apply(said) == fitted.apply(said)).all()


@pytest.mark.parametrize(
    "raw", [{"method": "magic"}, {"temperature": 0.0}, {"what": 1}, {"curves": [{"x": [0]}]}]
)
def test_what_is_no_calibrator_is_refused(raw):
    with pytest.raises((ValueError, TypeError, KeyError)):
        Calibrator.from_dict(raw)
