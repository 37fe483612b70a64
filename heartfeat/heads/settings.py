"""Settings of every head: validated, and free of heavy imports."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from heartfeat.heads.pooled.settings import AttentionSettings, LinearSettings, MlpSettings


class MambaFormerSettings(BaseModel):
    """Settings of the `mambaformer` head.

    Attributes
    ----------
    epochs
        Passes over the training patients.
    batch_patients
        Patients per step; each brings one crop of every recording.
    crop_seconds
        Length of a crop (s). Prediction cuts whole recordings in crops of the same length.
    token_rate
        Common rate of all feature sets behind their stems (Hz).
    width, layers, state
        Channels, number of multi-scale blocks, and state size of the selective state spaces.
    scales
        Factors by which the branches of a block reduce the token rate.
    dropout
        Dropout before every classifier and inside the blocks.
    learning_rate, weight_decay
        Of AdamW; the rate rises over the first tenth of the steps and falls along a cosine.
    mixup
        Parameter of the symmetric beta distribution that mixes pairs of patients; 0 turns it off.
    class_weights
        Weight of each class in the loss; None takes the inverse frequency, at most 4.
    recording_weight
        Weight of the loss per recording relative to the loss per patient.
    metadata
        Whether age, sex, height, weight and pregnancy are used.
    quality
        Whether the quality figures of a patient's recordings are used; they tell what cannot be judged.
    seed
        Seed of the initial weights and of every random draw.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["mambaformer"] = "mambaformer"
    epochs: int = Field(20, ge=1)
    batch_patients: int = Field(8, ge=1)
    crop_seconds: float = Field(4.0, ge=0.5)
    token_rate: float = Field(12.5, gt=0)
    width: int = Field(64, ge=32, multiple_of=32)
    layers: int = Field(1, ge=1)
    state: int = Field(16, ge=1)
    scales: tuple[Annotated[int, Field(ge=1)], ...] = Field((1, 4), min_length=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(0.02, ge=0)
    mixup: float = Field(0.0, ge=0)
    class_weights: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    recording_weight: float = Field(1.0, ge=0)
    metadata: bool = True
    quality: bool = True
    seed: int = Field(0, ge=0)


class LogisticSettings(BaseModel):
    """Settings of the `logistic` head.

    Attributes
    ----------
    penalty
        Weight of half the squared weights (columns standardised) against the mean loss: larger is smoother.
    inner_folds
        Folds of the training patients from which it is learned how much a recording's evidence counts.
    metadata
        Whether age, sex, height, weight and pregnancy are used.
    quality
        Whether the recordings' quality figures are used.
    seed
        Seed of the inner folds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["logistic"] = "logistic"
    penalty: float = Field(0.07, gt=0)
    inner_folds: int = Field(4, ge=2)
    metadata: bool = True
    quality: bool = True
    seed: int = Field(0, ge=0)


class LgbmSettings(BaseModel):
    """Settings of the `lgbm` head.

    Attributes
    ----------
    trees, learning_rate
        Boosting rounds (one tree per class each) and their step.
    leaves
        Leaves of a tree.
    leaf_recordings
        Fewest recordings in a leaf.
    column_share, row_share
        Share of columns and of recordings that a tree looks at.
    inner_folds
        Folds of the training patients from which it is learned how much a recording's evidence counts.
    metadata
        Whether age, sex, height, weight and pregnancy are used.
    quality
        Whether the recordings' quality figures are used.
    seed
        Seed of the inner folds and of every tree.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["lgbm"] = "lgbm"
    trees: int = Field(100, ge=1)
    learning_rate: float = Field(0.07, gt=0)
    leaves: int = Field(6, ge=2)
    leaf_recordings: int = Field(10, ge=1)
    column_share: float = Field(0.05, gt=0, le=1)
    row_share: float = Field(0.7, gt=0, le=1)
    inner_folds: int = Field(3, ge=2)
    metadata: bool = True
    quality: bool = True
    seed: int = Field(0, ge=0)


HEAD_SETTINGS: dict[str, type[BaseModel]] = {
    "logistic": LogisticSettings,
    "lgbm": LgbmSettings,
    "linear": LinearSettings,
    "mlp": MlpSettings,
    "attention": AttentionSettings,
    "mambaformer": MambaFormerSettings,
}
"""Settings class of every head of heartfeat's own, by the name of the head."""
