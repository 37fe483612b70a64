"""What a fine-tuning is made of; validated before anything heavy is imported."""

from typing import Literal

from pydantic import Field, model_validator

from heartfeat.heads.neural.settings import LossName, StopScore
from heartfeat.settings import Settings


class StageSettings(Settings):
    """Some epochs in which a part of the network learns, and the rest stays as it is.

    Attributes
    ----------
    train
        ``head``: the linear head alone; ``top``: the head and the encoder's last ``layers``; ``all``: everything.
    layers
        Of ``top``: how many.
    epochs
        Passes over the training recordings.
    """

    train: Literal["head", "top", "all"]
    layers: int | None = Field(None, ge=1)
    epochs: int = Field(ge=1)

    @model_validator(mode="after")
    def _layers_go_with_top(self) -> "StageSettings":
        if (self.train == "top") != (self.layers is not None):
            raise ValueError("train: top and layers go together: layers says how many of the last ones learn")
        return self


def _three_stages() -> list[StageSettings]:
    return [
        StageSettings(train="head", epochs=3),
        StageSettings(train="top", layers=2, epochs=5),
        StageSettings(train="all", epochs=10),
    ]


class FinetuneSettings(Settings):
    """How a backbone is fine-tuned.

    Attributes
    ----------
    stages
        One after the other, each with a warm-up and a cosine to zero of its own, from the best weights so far.
    learning_rate
        Of the encoder's last layer.
    head_learning_rate
        Of the linear head.
    layer_decay
        The layer ``n`` below the last learns at ``learning_rate x layer_decay^n``; what lies below the first layer
        (front end, embedding) is one further down.
    weight_decay, clip
        Of AdamW; norms, biases and other vectors do not decay. Longest gradient of a step.
    crop_seconds
        Length of the crops that are learned from (s); None for the window that the backbone extracts with.
    batch
        Recordings per step; one crop of each recording per epoch.
    loss, gamma, label_smoothing
        As of the neural heads.
    class_weights
        One per class of the task; None for the inverse frequency, at most 4.
    mixup
        Both parameters of the Beta distribution that two crops are mixed by; 0 mixes none.
    stop_on
        What picks the best epoch, on the validation patients' recordings: their loss or a score.
    """

    stages: list[StageSettings] = Field(default_factory=_three_stages, min_length=1)
    learning_rate: float = Field(3e-4, gt=0)
    head_learning_rate: float = Field(1e-3, gt=0)
    layer_decay: float = Field(0.8, gt=0, le=1)
    weight_decay: float = Field(0.05, ge=0)
    clip: float = Field(1.0, gt=0)
    crop_seconds: float | None = Field(None, gt=0, le=60)
    batch: int = Field(32, ge=1)
    loss: LossName = "ce"
    gamma: float | None = Field(None, ge=0)
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    class_weights: list[float] | None = None
    mixup: float = Field(0.0, ge=0)
    stop_on: StopScore = "auroc"
    seed: int = Field(0, ge=0, lt=2**63)
