"""Whole small pretrainings in this process."""

from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from heartfeat.pretraining.accelerating import new_accelerator
from heartfeat.pretraining.settings import PretrainSettings
from heartfeat.pretraining.sounds import Sounds
from heartfeat.pretraining.train import Pretrained, pretrain_encoder

from .tiny import make_sounds


class Stopped(Exception):  # noqa: N818 - a signal
    """Raised where a test stops a training."""


def train(
    settings: PretrainSettings,
    folder: Path,
    stop_at: int | None = None,
    told: list[int] | None = None,
    sounds: Sounds | None = None,
    precision: str = "fp32",
    **more: Any,
) -> Pretrained:
    """Train; ``told`` gets the steps that were made."""

    def tell(what: str, step: int, steps: int, detail: str = "") -> None:
        if told is not None:
            told.append(step)
        if step == stop_at:
            raise Stopped

    accelerator = new_accelerator("cpu", precision)
    return pretrain_encoder(settings, sounds or make_sounds(), folder, accelerator, tell, **more)


def weights(folder: Path) -> dict[str, list]:
    return {name: tensor.tolist() for name, tensor in load_file(folder / "model.safetensors").items()}


def without_seconds(history: Any) -> list[dict[str, float]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in history]
