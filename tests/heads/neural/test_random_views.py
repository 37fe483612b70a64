import numpy as np

from heartfeat.heads.neural.random_views import random_views


def test_half_are_clean_and_the_others_evenly_drawn():
    drawn = random_views(5, 8000, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn) / 8000, [0.5, *[0.125] * 4], atol=0.02)


def test_a_single_view_is_all_there_is_and_draws_nothing():
    generator = np.random.default_rng(0)
    assert (random_views(1, 5, generator) == 0).all()
    assert generator.random() == np.random.default_rng(0).random()
