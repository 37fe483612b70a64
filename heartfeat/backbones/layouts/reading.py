"""What a layout makes of a checkpoint file."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from heartfeat.errors import BackboneError

MOST = 1_000_000
"""No setting that is read from a file is larger."""


@dataclass(frozen=True)
class Reading:
    """A checkpoint file in our terms.

    Attributes
    ----------
    model_type
        Our architecture.
    config
        Arguments of its config class; plain numbers.
    weights
        By the names of our architecture.
    aside
        What is not used, and of how many weights it consists.
    remarks
        What else a person should know: a number that the file does not tell.
    """

    model_type: str
    config: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    aside: Counter[str] = field(default_factory=Counter)
    remarks: tuple[str, ...] = ()

    def left_aside(self) -> str:
        """One line for a person, such as ``"left aside 2 weights of the queue, 4 of the projection heads"``."""
        parts = [f"{count} of {what}" for what, count in self.aside.items()]
        if not parts:
            return ""
        first, _, rest = parts[0].partition(" ")
        noun = "weight" if first == "1" else "weights"
        return "left aside " + ", ".join([f"{first} {noun} {rest}", *parts[1:]])


def needed(weights: Mapping[str, Tensor], name: str, dimensions: int) -> Tensor:
    """The weight of this name, from which a size is read.

    Raises
    ------
    BackboneError
        When there is none, or none of so many dimensions.
    """
    weight = weights.get(name)
    if weight is None or weight.dim() != dimensions:
        found = "it is not there" if weight is None else f"its shape is {tuple(weight.shape)}"
        raise BackboneError(f"sizes are read from the weight {name} of {dimensions} dimensions, and {found}")
    return weight


def count_of(weights: Mapping[str, Tensor], stem: str) -> int:
    """How many numbered parts ``stem0.``, ``stem1.``, ... there are."""
    count = 0
    while any(name.startswith(f"{stem}{count}.") for name in weights):
        count += 1
    return count


def number(content: Mapping[Any, Any], *path: str) -> int | None:
    """The positive whole number at a path of nested dicts; None where there is nothing.

    Raises
    ------
    BackboneError
        When there is something else.
    """
    found: Any = content
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    if found is None:
        return None
    if not isinstance(found, int | float) or not 0 < found < MOST or found != int(found):
        raise BackboneError(f"its {'.'.join(path)} is {found!r}; expected a positive whole number")
    return int(found)
