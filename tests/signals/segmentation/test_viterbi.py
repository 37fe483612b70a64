import itertools

import numpy as np
import pytest

from heartfeat.signals.segmentation.viterbi import decode


def random_tables(rng, models, states, longest):
    probability = rng.dirichlet(np.ones(longest), size=(models, states))
    return np.log(probability), np.log(probability[..., ::-1].cumsum(axis=-1)[..., ::-1])


def score(path, likelihood, probability, survival):
    """Log probability of a path under one duration model; minus infinity where it breaks the order."""
    runs = [(state, len(list(run))) for state, run in itertools.groupby(path)]
    total = sum(likelihood[t, state] for t, state in enumerate(path))
    for number, (state, length) in enumerate(runs):
        if length > probability.shape[-1]:
            return -np.inf
        if number and state != (runs[number - 1][0] + 1) % 4:
            return -np.inf
        inner = 0 < number < len(runs) - 1
        total += (probability if inner else survival)[state, length - 1]
    return total


@pytest.mark.parametrize("frames", [1, 2, 5, 7])
@pytest.mark.parametrize("seed", range(4))
def test_the_path_is_the_best_of_all_paths(frames, seed):
    """Against trying every sequence of states.

    A run between the ends must last exactly its length, the first and the last at least theirs. The last run
    of the search may not have begun before the recording, unless it is the only one.
    """
    rng = np.random.default_rng(seed)
    likelihood = 2 * rng.standard_normal((frames, 4))
    probability, survival = random_tables(rng, 2, 4, 7)

    path, model = decode(likelihood, probability, survival)

    scores = {
        (tried, k): score(tried, likelihood, probability[k], survival[k])
        for tried in itertools.product(range(4), repeat=frames)
        for k in range(2)
    }
    best = max(scores, key=scores.__getitem__)
    assert (tuple(path.tolist()), model) == best


def test_a_recording_longer_than_any_state_is_divided():
    probability, survival = random_tables(np.random.default_rng(0), 1, 4, 3)
    path, _ = decode(np.zeros((40, 4)), probability, survival)
    runs = [(state, len(list(run))) for state, run in itertools.groupby(path.tolist())]

    assert max(length for _, length in runs) <= 3
    assert all(after == (before + 1) % 4 for (before, _), (after, _) in itertools.pairwise(runs))


def test_known_states_are_found():
    truth = np.repeat([0, 1, 2, 3, 0, 1], [4, 6, 3, 9, 4, 5])
    likelihood = np.where(np.arange(4) == truth[:, None], 0.0, -3.0)
    flat = np.full((1, 4, 12), -np.log(12))
    path, _ = decode(likelihood, flat, np.log(np.arange(12, 0, -1) / 12) + np.zeros((1, 4, 1)))
    assert path.tolist() == truth.tolist()
