import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from heartfeat.backbones.cycle_windows import CycleLayout, cut_cycle_windows, cycle_layout, stitch_cycles
from heartfeat.backbones.windows import Window, cut_windows

RATE = 100.0
windows = st.builds(
    Window, hop=st.integers(1, 9), tokens=st.integers(1, 12), lead=st.integers(0, 15), tail=st.integers(0, 15)
)
lengths = st.integers(1, 600)
beats = st.lists(st.integers(0, 650), max_size=40)


def seconds(positions: list[int]) -> np.ndarray:
    return np.asarray(positions, dtype=np.float64) / RATE


def kept_samples(layout: CycleLayout, window: Window) -> list[tuple[int, int]]:
    """Sample ranges of the kept tokens, per window."""
    return [
        (int(start), int(start + count * window.hop))
        for start, count in zip(layout.starts, layout.kept, strict=True)
    ]


def cycles_are_used(layout: CycleLayout, inside: list[int]) -> bool:
    """Whether the windows follow the beat, and not the fallback for a recording without whole cycles."""
    return len(inside) > 1 and layout.starts[0] in inside and layout.starts[0] + layout.spans[0] <= inside[-1]


@given(length=lengths, positions=beats, window=windows)
def test_windows_have_one_length_and_keep_at_least_one_token(
    length: int, positions: list[int], window: Window
) -> None:
    cut, kept = cut_cycle_windows(np.zeros(length, np.float32), seconds(positions), RATE, window)

    assert cut.shape == (len(kept), window.samples)
    assert cut.dtype == np.float32
    assert kept.dtype == np.int64
    assert (kept >= 1).all()
    assert (kept <= window.tokens).all()


@given(length=lengths, positions=beats, window=windows)
def test_no_audio_is_used_twice(length: int, positions: list[int], window: Window) -> None:
    ranges = kept_samples(cycle_layout(length, seconds(positions), RATE, window), window)

    for (_, end), (start, _) in itertools.pairwise(ranges):
        assert end <= start


@given(length=lengths, positions=beats, window=windows)
def test_kept_tokens_lie_between_the_first_and_the_last_onset(
    length: int, positions: list[int], window: Window
) -> None:
    inside = sorted({position for position in positions if position < length})
    layout = cycle_layout(length, seconds(positions), RATE, window)
    assume(cycles_are_used(layout, inside))
    ranges = kept_samples(layout, window)

    assert ranges[0][0] >= inside[0]
    assert ranges[-1][1] <= inside[-1]


@given(length=lengths, positions=beats, window=windows)
def test_a_window_stands_for_whole_cycles_and_for_as_many_as_fit(
    length: int, positions: list[int], window: Window
) -> None:
    inside = sorted({position for position in positions if position < length})
    layout = cycle_layout(length, seconds(positions), RATE, window)
    assume(cycles_are_used(layout, inside))
    reach = window.tokens * window.hop
    for start, span, count in zip(layout.starts, layout.spans, layout.kept, strict=True):
        if start not in inside or span > reach:
            continue  # a plain window within a cycle longer than a window
        following = [position for position in inside if start < position <= start + reach]
        if not following:
            continue  # the last plain window of a long cycle can begin where a beat does
        assert start + span == following[-1]
        assert count == span // window.hop


@given(length=lengths, positions=beats, window=windows)
def test_every_whole_token_of_every_cycle_is_kept_but_for_the_last_one_of_a_window(
    length: int, positions: list[int], window: Window
) -> None:
    inside = sorted({position for position in positions if position < length})
    layout = cycle_layout(length, seconds(positions), RATE, window)
    assume(cycles_are_used(layout, inside))
    ranges = kept_samples(layout, window)
    covered = sum(end - start for start, end in ranges)
    # Each window, and each window that kept nothing, loses less than one hop at its end.
    assert inside[-1] - inside[0] - covered < window.hop * len(inside)


@given(length=lengths, window=windows, position=st.none() | st.integers(0, 650))
def test_a_recording_without_a_whole_cycle_is_cut_into_the_plain_windows(
    length: int, window: Window, position: int | None
) -> None:
    signal = np.random.default_rng(length).standard_normal(length).astype(np.float32)
    onsets = seconds([] if position is None else [position])
    cut, kept = cut_cycle_windows(signal, onsets, RATE, window)
    plain = cut_windows(signal, window)

    assert kept.sum() == max(1, length // window.hop)
    # Beyond its own ends the audio goes on cyclically in both.
    np.testing.assert_array_equal(cut[0], plain[0])
    assert len(cut) == len(plain)


@given(length=lengths, positions=beats, window=windows)
def test_kept_tokens_see_their_own_audio(length: int, positions: list[int], window: Window) -> None:
    """An encoder that returns, per token, the samples that the token covers is undone by stitching."""
    signal = np.arange(length, dtype=np.float32)
    cut, kept = cut_cycle_windows(signal, seconds(positions), RATE, window)
    core = cut[:, window.lead : window.lead + window.tokens * window.hop]
    tokens = stitch_cycles(core.reshape(len(cut), window.tokens, window.hop), kept)
    ranges = kept_samples(cycle_layout(length, seconds(positions), RATE, window), window)
    expected = np.concatenate([np.arange(*limits) for limits in ranges])

    if length >= window.hop:
        np.testing.assert_array_equal(tokens.reshape(-1), expected)


def test_three_cycles_to_a_window() -> None:
    layout = cycle_layout(60, seconds([3, 13, 23, 33, 43, 53]), RATE, Window(hop=2, tokens=16))

    assert layout.starts.tolist() == [3, 33]
    assert layout.spans.tolist() == [30, 20]
    assert layout.kept.tolist() == [15, 10]


def test_a_cycle_longer_than_the_window_is_cut_by_plain_windows() -> None:
    layout = cycle_layout(60, seconds([0, 5, 30, 36]), RATE, Window(hop=1, tokens=10))

    assert layout.starts.tolist() == [0, 5, 15, 20, 30]
    assert layout.kept.tolist() == [5, 10, 5, 10, 6]


def test_after_the_end_a_window_goes_on_in_step_with_the_beat() -> None:
    signal = np.array([9, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1], np.float32)
    cut, kept = cut_cycle_windows(signal, seconds([1, 5, 9]), RATE, Window(hop=1, tokens=14, lead=3))

    assert cut.tolist() == [[1, 2, 9, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1]]
    assert kept.tolist() == [8]


def test_stitching_refuses_another_number_of_windows() -> None:
    with pytest.raises(ValueError, match="kept is for 2 windows; got 1"):
        stitch_cycles(np.zeros((1, 3, 1)), np.array([1, 2]))
