"""What a head says of its validation patients as it would of strangers: what calibration may rest on."""

from typing import Protocol, runtime_checkable

from heartfeat.heads.examples import Examples
from heartfeat.heads.head import Head, Prediction


@runtime_checkable
class TrainsOnValid(Protocol):
    """A head that is trained on its validation patients as well, and so would know them by heart.

    Attributes
    ----------
    trains_on_valid
        Whether this one, with its settings, is.
    held_out
        After ``fit``: probabilities for the labelled validation patients, in their order, from models that had not
        seen them (inner folds); None where there are none.
    """

    trains_on_valid: bool
    held_out: Prediction | None


def trains_on_valid(head: Head) -> bool:
    """Whether a head learns from its validation patients as it does from the others."""
    return isinstance(head, TrainsOnValid) and head.trains_on_valid


def predict_held_out(head: Head, valid: Examples) -> Prediction:
    """Probabilities of a head, just fitted, for its labelled validation patients."""
    if isinstance(head, TrainsOnValid) and head.held_out is not None:
        return head.held_out
    return head.predict(valid.without_labels())
