import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartfeat.backbones.windows import Window, cut_windows, stitch, token_count, window_starts

windows = st.builds(
    Window, hop=st.integers(1, 9), tokens=st.integers(1, 12), lead=st.integers(0, 15), tail=st.integers(0, 15)
)


@given(samples=st.integers(1, 600), window=windows)
def test_stitching_gives_every_token_its_own_samples_once(samples: int, window: Window) -> None:
    """An encoder that returns, per token, the first sample that the token covers is undone by stitching."""
    signal = np.arange(samples, dtype=np.float32)
    tokens = token_count(samples, window.hop)
    cut = cut_windows(signal, window)
    first = cut[:, window.lead : window.lead + window.tokens * window.hop : window.hop, None]

    stitched = stitch(first, tokens, window)

    assert stitched[:, 0].tolist() == [j * window.hop for j in range(tokens)]


@given(samples=st.integers(1, 600), window=windows)
def test_windows_have_one_length_and_stay_on_the_grid(samples: int, window: Window) -> None:
    starts = window_starts(token_count(samples, window.hop), window)

    assert cut_windows(np.zeros(samples, np.float32), window).shape == (len(starts), window.samples)
    assert starts == sorted(set(starts))
    assert all(later - earlier <= window.tokens for earlier, later in itertools.pairwise(starts))


@given(samples=st.integers(1, 600), window=windows)
def test_a_receptive_field_wider_than_the_hop_sees_the_same_samples_in_every_window(
    samples: int, window: Window
) -> None:
    signal = np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
    size = window.lead + window.hop + window.tail
    tokens = token_count(samples, window.hop)
    cut = cut_windows(signal, window)
    seen = np.stack([cut[:, j * window.hop : j * window.hop + size] for j in range(window.tokens)], axis=1)

    expected = [signal[(j * window.hop - window.lead + np.arange(size)) % samples] for j in range(tokens)]
    np.testing.assert_array_equal(stitch(seen, tokens, window), np.stack(expected))


def test_a_short_recording_is_repeated() -> None:
    cut = cut_windows(np.array([1, 2, 3], np.float32), Window(hop=1, tokens=7))
    assert cut.tolist() == [[1, 2, 3, 1, 2, 3, 1]]


def test_a_recording_shorter_than_one_hop_has_one_token() -> None:
    assert token_count(3, 40) == 1


def test_stitching_refuses_another_number_of_windows() -> None:
    with pytest.raises(ValueError, match="25 tokens need 3 windows of 10; got 2"):
        stitch(np.zeros((2, 10, 1)), 25, Window(hop=1, tokens=10))
