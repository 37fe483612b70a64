import numpy as np
import pytest

from heartfeat.evaluation.views import average_views, spread


def test_mean_and_spread_over_views():
    probabilities = np.array([[[0.8, 0.2], [0.5, 0.5]], [[0.6, 0.4], [0.5, 0.5]]])
    mean, between = average_views(probabilities, ["clean", "gain-6"])
    assert mean == pytest.approx(np.array([[0.7, 0.3], [0.5, 0.5]]))
    assert between == pytest.approx([0.1, 0.0])


def test_what_a_mask_has_hidden_counts_in_the_spread_and_not_in_the_mean():
    probabilities = np.array([[[0.8, 0.2]], [[0.0, 1.0]], [[0.6, 0.4]]])
    mean, between = average_views(probabilities, ["clean", "bandstop", "gain+6"])
    assert mean == pytest.approx(np.array([[0.7, 0.3]]))
    assert between == pytest.approx(np.std([0.8, 0.0, 0.6], keepdims=True))


def test_a_single_view_has_no_spread():
    assert average_views(np.array([[[0.3, 0.7]]]), ["clean"])[1].tolist() == [0.0]


def test_heads_without_a_say_do_not_count_in_the_spread():
    said = np.array([[[0.2, 0.8]], [[0.6, 0.4]], [[1.0, 0.0]]])
    alone, two = (np.array(weights)[:, None] for weights in ([1, 0, 0], [0.5, 0.5, 0]))
    assert spread(said, alone) == pytest.approx([0])
    assert spread(said, two) == pytest.approx([0.2])
