"""Settings of the neural heads on pooled features: validated, and free of heavy imports."""

from typing import Annotated, Literal

from pydantic import Field

from heartfeat.heads.neural.settings import NeuralSettings


class PooledSettings(NeuralSettings):
    """What the neural heads on pooled features have in common, besides how they are trained (`NeuralSettings`).

    Attributes
    ----------
    batch_patients
        Patients per step, each with all its recordings.
    learning_rate, weight_decay
        Of AdamW; the rate rises over the first tenth of the steps and falls along a cosine.
    dropout
        Share of the inputs, and of the inner values, that a training step hides.
    class_weights
        Weight of each class in the loss; None takes the inverse frequency, at most 4.
    recording_weight
        Weight of the loss per recording relative to the loss per patient.
    metadata
        Whether age, sex, height, weight and pregnancy are used.
    quality
        Whether the quality figures of a recording as a whole are used.
    """

    epochs: int = Field(60, ge=1)
    patience: int | None = Field(15, ge=1)
    batch_patients: int = Field(16, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.1, ge=0)
    dropout: float = Field(0.3, ge=0, lt=1)
    class_weights: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    recording_weight: float = Field(1.0, ge=0)
    metadata: bool = True
    quality: bool = True


class LinearSettings(PooledSettings):
    """Settings of the `linear` head; see `PooledSettings`."""

    kind: Literal["linear"] = "linear"
    learning_rate: float = Field(3e-3, gt=0)


class MlpSettings(PooledSettings):
    """Settings of the `mlp` head; see `PooledSettings`.

    Attributes
    ----------
    width
        Channels of the hidden layers.
    """

    kind: Literal["mlp"] = "mlp"
    width: int = Field(64, ge=1)


class AttentionSettings(PooledSettings):
    """Settings of the `attention` head; see `PooledSettings`.

    Attributes
    ----------
    width
        Channels of the hidden layers.
    attention_width
        Channels of the gated attention.
    """

    kind: Literal["attention"] = "attention"
    recording_weight: float = Field(3.0, ge=0)
    width: int = Field(64, ge=1)
    attention_width: int = Field(32, ge=1)
