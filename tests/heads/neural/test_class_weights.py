import numpy as np
import pytest

from heartfeat.errors import ConfigError
from heartfeat.heads.neural.class_weights import loss_weights, posterior

CLASSES = ("Present", "Unknown", "Absent")


def test_rare_classes_weigh_more_up_to_a_limit():
    labels = np.repeat([0, 1, 2, -1], [5, 1, 10, 50])
    assert loss_weights(labels, CLASSES, None).tolist() == [2.0, 4.0, 1.0]


def test_a_class_nobody_has_gets_a_finite_weight():
    assert np.isfinite(loss_weights(np.array([0, 2]), CLASSES, None)).all()


def test_given_weights_are_taken():
    assert loss_weights(np.array([0]), CLASSES, (5, 3, 1)).tolist() == [5, 3, 1]


def test_a_wrong_number_of_weights_is_refused():
    with pytest.raises(ConfigError, match="3 classes"):
        loss_weights(np.array([0]), CLASSES, (5, 1))


def test_posterior_undoes_the_weights():
    truth = np.array([[0.2, 0.1, 0.7], [0.5, 0.25, 0.25]])
    weights = np.array([4.0, 3.0, 1.0])
    weighted = truth * weights / (truth * weights).sum(1, keepdims=True)
    np.testing.assert_allclose(posterior(weighted, weights), truth)
