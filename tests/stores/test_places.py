from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heartfeat.stores.places import Places, grouped, joined, merged

SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=8)


def arrays(spans):
    starts = np.array([start for start, _ in spans], np.int64)
    return starts, starts + np.array([length for _, length in spans], np.int64)


@given(SPANS)
def test_joined_spans_are_their_numbers_one_after_the_other(spans):
    numbers, offsets = joined(*arrays(spans))
    assert numbers.tolist() == [start + n for start, length in spans for n in range(length)]
    assert np.diff(offsets).tolist() == [length for _, length in spans]


@given(SPANS)
def test_merged_spans_hold_the_same_numbers_in_the_same_order(spans):
    found = merged(*arrays(spans))
    numbers = [n for start, stop in found for n in range(start, stop)]
    assert numbers == joined(*arrays(spans))[0].tolist()
    assert all(start < stop for start, stop in found)
    assert all(before != after for (_, before), (after, _) in pairwise(found))


def test_neighbours_are_one_read():
    assert merged(np.array([0, 3, 9, 5, 7]), np.array([3, 5, 9, 7, 8])) == [(0, 8)]
    assert merged(np.array([3, 0]), np.array([5, 3])) == [(3, 5), (0, 3)]


def test_spans_are_grouped_across_small_gaps_and_never_backwards():
    spans = [(0, 2), (4, 5), (9, 10), (6, 8), (8, 9)]
    assert grouped(spans, 2) == [[(0, 2), (4, 5)], [(9, 10)], [(6, 8), (8, 9)]]
    assert grouped(spans[:4], 0) == [[span] for span in spans[:4]]


WARD = Places(np.array([4, 1, 7]), np.array([0, 2, 2, 5]), np.array([10, 11, 20, 21, 22]))


def test_recordings_are_left_out_and_patients_are_not():
    kept = WARD.keep(np.array([True, False, False, True, True]))
    assert kept.patients.tolist() == [4, 1, 7]
    assert kept.offsets.tolist() == [0, 1, 1, 3]
    assert kept.recordings.tolist() == [10, 21, 22]


def test_patients_are_taken_in_any_order():
    taken = WARD.take([2, 0])
    assert taken.patients.tolist() == [7, 4]
    assert taken.offsets.tolist() == [0, 3, 5]
    assert taken.recordings.tolist() == [20, 21, 22, 10, 11]
    assert WARD.take([]).recordings.tolist() == []
