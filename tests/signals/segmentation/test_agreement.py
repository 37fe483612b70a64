import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartfeat.signals.segmentation.agreement import Agreement, compare_onsets, match_onsets, pooled
from heartfeat.signals.segmentation.states import S1

times = st.lists(st.integers(0, 60), max_size=6, unique=True).map(sorted)


@given(wanted=times, found=times)
def test_no_other_matching_has_more_pairs(wanted, found):
    """Against trying every assignment of the fewer onsets to the more; times in 1/50 s, tolerance 5."""
    fewer, more = sorted((wanted, found), key=len)
    best = max(
        sum(abs(a - b) <= 5 for a, b in zip(fewer, chosen, strict=True))
        for chosen in itertools.permutations(more, len(fewer))
    )
    assert match_onsets(np.array(wanted) / 50, np.array(found) / 50).sum() == best


def test_onsets_are_judged_within_annotated_stretches_only():
    annotation = np.array([[0, 1, 0], [1, 1.12, 1], [1.12, 2, 2], [2, 2.1, 1], [2.1, 3, 2], [3, 9, 0]])
    states = np.full(450, 2, np.uint8)
    for second in (0.3, 1.06, 1.5, 2.2, 5.0):  # outside, hit, extra, too late, outside
        states[round(second * 50) : round(second * 50) + 3] = 1

    assert compare_onsets(states, annotation, S1) == Agreement(hits=1, misses=1, extras=2)


def test_an_onset_just_before_an_annotated_stretch_counts_when_it_matches():
    annotation = np.array([[1.0, 1.2, 1.0]])
    states = np.full(100, 4, np.uint8)
    states[47:55] = 1
    assert compare_onsets(states, annotation, S1) == Agreement(hits=1)


def test_the_annotation_agrees_with_itself():
    annotation = np.array([[k / 2, k / 2 + 0.5, 1 + k % 4] for k in range(1, 9)])
    states = np.zeros(225, np.uint8)
    for start, end, state in annotation:
        states[round(50 * start) : round(50 * end)] = state
    assert compare_onsets(states, annotation, S1).f1 == 1


def test_scores_are_pooled_over_onsets():
    both = pooled([Agreement(8, 1, 1), Agreement(0, 2, 4)])
    assert both == Agreement(8, 3, 5)
    assert both.f1 == pytest.approx(16 / 24)
    assert math.isnan(pooled([]).f1)
