"""Settings of training that all neural heads share: validated, and free of heavy imports."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LossName = Literal["ce", "focal", "asymmetric"]
StopScore = Literal["loss", "weighted_accuracy", "uar", "macro_f1", "mcc", "auroc", "auprc"]


class NeuralSettings(BaseModel):
    """How a neural head is trained, whatever its network is.

    Attributes
    ----------
    epochs
        Most passes over the training patients.
    loss
        Cross-entropy, focal or asymmetric; see `heartfeat.heads.neural.losses`.
    gamma
        How strongly focal and asymmetric loss turn away from what is easy; None takes 2 for focal and 4 for
        asymmetric, as their papers do.
    label_smoothing
        Share of every target that is spread evenly over the classes.
    clip
        Longest gradient of a step; longer ones are shortened to it. None leaves them.
    patience
        Epochs without a better `stop_on` of the validation patients after which training stops and the best epoch's
        weights are taken; None trains all epochs and keeps the last.
    stop_on
        Validation loss, which should fall, or a score, which should rise.
    seed
        Seed of the initial weights and of every random draw.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    epochs: int = Field(20, ge=1)
    loss: LossName = "ce"
    gamma: float | None = Field(None, ge=0)
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    clip: float | None = Field(1.0, gt=0)
    patience: int | None = Field(None, ge=1)
    stop_on: StopScore = "loss"
    seed: int = Field(0, ge=0)
