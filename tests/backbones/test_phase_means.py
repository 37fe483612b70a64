import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartfeat.backbones.beat_windows import beats_or_plain
from heartfeat.backbones.phase_means import phase_edges, phase_means

PHASES = (2, 4, 2, 4)
BEATS = np.array([[0.2, 0.32, 0.52, 0.64, 1.0], [1.0, 1.12, 1.32, 1.44, 1.9]])


def by_sampling(tokens: np.ndarray, step: float, start: float, end: float) -> np.ndarray:
    """Mean of what the tokens say at ten thousand moments from start to end."""
    moments = start + (np.arange(10_000) + 0.5) / 10_000 * (end - start)
    return tokens[np.minimum((moments / step).astype(int), len(tokens) - 1)].mean(axis=0)


def test_each_phase_is_the_mean_of_the_time_that_it_spans() -> None:
    tokens = np.random.default_rng(0).standard_normal((60, 3)).astype(np.float32)
    edges = phase_edges(BEATS, PHASES)
    got = phase_means(tokens, 0.04, BEATS, PHASES).reshape(2, 12, 3)
    for beat in range(2):
        for phase in range(12):
            start, end = edges[beat, phase : phase + 2]
            np.testing.assert_allclose(got[beat, phase], by_sampling(tokens, 0.04, start, end), atol=2e-3)


def test_edges_divide_each_state_evenly_and_meet_the_next_beat() -> None:
    edges = phase_edges(BEATS, PHASES)
    np.testing.assert_allclose(edges[0, :4], [0.2, 0.26, 0.32, 0.37])
    np.testing.assert_allclose(edges[0, 12], 1.0)
    np.testing.assert_allclose(edges[0, 12], edges[1, 0])


def test_a_phase_shorter_than_a_token_is_the_token_that_it_lies_in() -> None:
    tokens = np.arange(10, dtype=np.float32)[:, None]
    beats = np.array([[0.50, 0.51, 0.52, 0.53, 0.54]])
    np.testing.assert_allclose(phase_means(tokens, 0.1, beats, (1, 1, 1, 1)), [[5, 5, 5, 5]], atol=1e-3)


def test_beyond_the_last_token_the_recording_goes_on_as_it_ended() -> None:
    tokens = np.arange(4, dtype=np.float16)[:, None]
    beats = np.array([[0.35, 0.45, 0.5, 0.6, 0.7]])
    means = phase_means(tokens, 0.1, beats, (1, 1, 1, 1))
    assert means.dtype == np.float16
    np.testing.assert_allclose(means, [[3, 3, 3, 3]], atol=1e-2)


@given(
    st.lists(st.floats(0.02, 0.5), min_size=4, max_size=40),
    st.integers(1, 80),
    st.tuples(*[st.integers(1, 5)] * 4),
    st.sampled_from([0.01, 0.04, 0.16]),
)
def test_means_lie_between_the_smallest_and_the_largest_token(
    lengths: list[float], count: int, phases: tuple[int, int, int, int], step: float
) -> None:
    onsets = np.cumsum(lengths)[: len(lengths) // 4 * 4 + 1]
    beats = np.stack([onsets[k : k + 5] for k in range(0, len(onsets) - 4, 4)] or [np.linspace(0, 1, 5)])
    tokens = np.random.default_rng(count).standard_normal((count, 2))
    means = phase_means(tokens, step, beats, phases).reshape(len(beats), sum(phases), 2)
    assert np.isfinite(means).all()
    # The difference of two sums over a sliver of a token leaves a little rounding.
    assert (means <= tokens.max(axis=0) + 1e-6).all()
    assert (means >= tokens.min(axis=0) - 1e-6).all()


def test_constant_tokens_stay_what_they_are() -> None:
    means = phase_means(np.full((30, 2), 7.0), 0.04, BEATS, PHASES)
    np.testing.assert_allclose(means, 7.0)


@pytest.mark.parametrize("seconds", [0.3, 2.0])
def test_a_recording_without_cycles_gets_plain_ones(seconds: float) -> None:
    beats = beats_or_plain(np.empty(0, np.uint8), seconds, PHASES)
    assert len(beats) == max(1, int(seconds / 0.8))
    assert (np.diff(beats, axis=1) > 0).all()
