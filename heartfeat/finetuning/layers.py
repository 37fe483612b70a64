"""The layers of any encoder, from below: which of its weights belong to which, and how fast each learns."""

from __future__ import annotations

from typing import Any

from torch import nn

from heartfeat.errors import BackboneError
from heartfeat.finetuning.settings import FinetuneSettings, StageSettings
from heartfeat.heads.neural.trainer import decaying


def layer_list(encoder: nn.Module, depth: int) -> tuple[str, nn.ModuleList]:
    """Name and place of an encoder's layers: of its lists of ``depth`` modules the outermost, last one.

    Where none is so long (stages of an encoder that shrinks), the list with the most weights.

    Raises
    ------
    BackboneError
        When the encoder has no list of modules.
    """
    lists = [
        (name, module)
        for name, module in encoder.named_modules()
        if isinstance(module, nn.ModuleList) and any(True for _ in module.parameters())
    ]
    outer = [
        (name, one) for name, one in lists if not any(name.startswith(f"{other}.") for other, _ in lists)
    ]
    if not outer:
        raise BackboneError(f"{type(encoder).__name__} has no list of layers, so it cannot be fine-tuned")
    fitting = [(name, one) for name, one in outer if len(one) == depth]
    return (
        fitting[-1] if fitting else max(outer, key=lambda item: sum(p.numel() for p in item[1].parameters()))
    )


def layer_numbers(encoder: nn.Module, depth: int) -> dict[str, int]:
    """Number of the layer that each weight of an encoder is part of, by name.

    0 is what lies below the first layer (front end, embedding), 1 to ``L`` are the layers; what is registered after
    them, such as the last norm, counts as the last.
    """
    place, layers = layer_list(encoder, depth)
    numbers, below = {}, True
    for name, _ in encoder.named_parameters():
        if name.startswith(f"{place}."):
            below = False
            numbers[name] = int(name.removeprefix(f"{place}.").partition(".")[0]) + 1
        else:
            numbers[name] = 0 if below else len(layers)
    return numbers


def learning(stage: StageSettings, numbers: dict[str, int], last: int) -> set[str]:
    """Names of the encoder's weights that learn in a stage; layers above ``last`` are not heard and never do."""
    if stage.train == "head":
        return set()
    first = 0 if stage.layers is None else last - stage.layers + 1
    return {name for name, number in numbers.items() if first <= number <= last}


def rate_groups(
    head: nn.Module,
    encoder: nn.Module,
    numbers: dict[str, int],
    last: int,
    settings: FinetuneSettings,
) -> list[dict[str, Any]]:
    """AdamW's groups of the weights that learn now: the head first, then the layers from the last down."""
    groups = [
        {**group, "lr": settings.head_learning_rate}
        for group in decaying(head.parameters(), settings.weight_decay)
    ]
    learning_now = [(numbers[name], p) for name, p in encoder.named_parameters() if p.requires_grad]
    for number in sorted({number for number, _ in learning_now}, reverse=True):
        rate = settings.learning_rate * settings.layer_decay ** (last - number)
        layer = decaying((p for of, p in learning_now if of == number), settings.weight_decay)
        groups += [{**group, "lr": rate} for group in layer if group["params"]]
    return groups
