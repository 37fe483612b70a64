import numpy as np
import pytest

from heartfeat.signals.segmentation.durations import LONGEST_STATE, cycle_candidates, duration_tables
from heartfeat.signals.segmentation.segmenter import default_segmenter


def posteriors(lengths, frames):
    states = np.resize(np.repeat(np.arange(4), lengths), frames)
    return np.log(np.where(np.arange(4) == states[:, None], 0.94, 0.02))


@pytest.mark.parametrize("lengths", [(4, 4, 3, 4), (6, 6, 5, 6), (6, 8, 5, 17), (7, 12, 7, 40)])
def test_the_likeliest_cycle_is_the_true_one(lengths):
    assert cycle_candidates(posteriors(lengths, 600))[0] == sum(lengths)


@pytest.mark.parametrize("frames", [1, 10, 20, 50])
def test_there_is_a_candidate_however_short_the_recording(frames):
    candidates = cycle_candidates(posteriors((6, 6, 5, 13), frames))
    assert 1 <= len(candidates) <= 3
    assert ((candidates > 10) & (candidates < 80)).all()


def test_nothing_periodic_gives_a_usual_cycle():
    assert len(cycle_candidates(np.full((300, 4), np.log(0.25)))) >= 1


def test_tables_are_distributions_around_the_expected_length():
    segmenter = default_segmenter()
    cycles = np.array([20.0, 40.0, 70.0])
    log_probability, log_survival = duration_tables(cycles, segmenter)
    lengths = np.arange(1, LONGEST_STATE + 1)
    mean = (np.exp(log_probability) * lengths).sum(axis=-1)

    np.testing.assert_allclose(np.exp(log_probability).sum(axis=-1), 1)
    np.testing.assert_allclose(mean, segmenter.slope * cycles[:, None] + segmenter.intercept, atol=0.5)
    np.testing.assert_allclose(np.exp(log_survival[..., 0]), 1)
    np.testing.assert_allclose(
        np.exp(log_survival[..., :-1]) - np.exp(log_survival[..., 1:]),
        np.exp(log_probability[..., :-1]),
        atol=1e-12,
    )


def test_shipped_durations_make_up_the_cycle():
    segmenter = default_segmenter()
    assert segmenter.slope.sum() == pytest.approx(1, abs=1e-3)
    assert segmenter.intercept.sum() == pytest.approx(0, abs=1e-3)
