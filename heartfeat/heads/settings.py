"""Settings of every head: validated, and free of heavy imports."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from heartfeat.heads.neural.settings import NeuralSettings
from heartfeat.heads.pooled.settings import AttentionSettings, LinearSettings, MlpSettings


class MambaFormerSettings(NeuralSettings):
    """Settings of the `mambaformer` head; see `NeuralSettings` for `epochs`, the loss and early stopping.

    Attributes
    ----------
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
    mixing
        What the blocks mix tokens with: Mamba-2, self-attention with sinusoidal positions to compare it with, or
        ``"none"``: no blocks at all, plain pooling.
    gate
        Whether tokens are weighed by where in the cardiac cycle they lie, told by the ``"energy"`` envelope of a
        log-mel feature set or by a feature set of cardiac ``"states"``.
    statistics
        Whether a recording's pooled tokens are looked at beside its crops, as the heads on pooled features do. Sets of
        heart beats are statistics already.
    site_attention
        Whether recordings of a patient look at one another; without, their mean is taken.
    dropout
        Dropout before every classifier and inside the blocks.
    learning_rate, weight_decay
        Of AdamW; the rate rises over the first tenth of the steps and falls along a cosine.
    mixup
        Parameter of the symmetric beta distribution that mixes pairs of patients; 0 turns it off.
    spec_augment
        Whether crops are masked in time and, log-mel, in frequency and shifted in level.
    view_augment
        Whether crops are drawn from all views, not the clean one alone.
    class_weights
        Weight of each class in the loss; None takes the inverse frequency, at most 4.
    recording_weight, patient_weight
        Weights of the losses per recording and per patient. Without the first, recordings have no probabilities of
        their own. Without the second, recordings are drawn one by one, four times `batch_patients` of them per step,
        and what is said of them makes the patient's probabilities.
    teacher
        Share of every recording's label that gives way to what trees say of it, which learned from other persons of
        the training patients: how sure one can be of a label. 0 trains on labels alone.
    inner_folds
        Networks that share the work: each is trained without one of so many parts of the training and validation
        patients, divided by person, and asked about that part. What they say of patients they had not seen teaches a
        small model how to weigh recordings, and how far to believe. 0 trains one network on the training patients,
        whose patient classifier decides alone.
    tasks
        Other tasks to learn beside, as far as the cohort has their labels: per patient and, where known, recording.
    task_weight
        Weight of their mean loss relative to the loss per patient.
    contrastive
        Weight of the confidence-aware supervised contrastive loss between recordings; 0 turns it off.
    metadata
        Whether age, sex, height, weight and pregnancy are used, by the teacher's trees too.
    quality
        Whether quality figures are used: over a patient's recordings in the combiner, where they tell what cannot be
        judged, and in the patient classifier; of a recording as a whole by the teacher's trees.
    seed
        Seed of the initial weights and of every random draw.
    """

    kind: Literal["mambaformer"] = "mambaformer"
    epochs: int = Field(12, ge=1)
    batch_patients: int = Field(8, ge=1)
    crop_seconds: float = Field(4.0, ge=0.5)
    token_rate: float = Field(12.5, gt=0)
    width: int = Field(64, ge=32, multiple_of=32)
    layers: int = Field(1, ge=1)
    state: int = Field(16, ge=1)
    scales: tuple[Annotated[int, Field(ge=1)], ...] = Field((1, 4), min_length=1)
    mixing: Literal["mamba", "attention", "none"] = "mamba"
    gate: Literal["none", "energy", "states"] = "none"
    statistics: bool = True
    site_attention: bool = True
    dropout: float = Field(0.3, ge=0, lt=1)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    mixup: float = Field(0.4, ge=0)
    spec_augment: bool = True
    view_augment: bool = True
    class_weights: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    recording_weight: float = Field(1.0, ge=0)
    patient_weight: float = Field(0.0, ge=0)
    teacher: float = Field(0.8, ge=0, le=1)
    inner_folds: int = Field(5, ge=0)
    tasks: tuple[Literal["murmur", "outcome", "grade", "timing"], ...] = ()
    task_weight: float = Field(0.2, ge=0)
    contrastive: float = Field(0.0, ge=0)
    metadata: bool = True
    quality: bool = True
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _check(self) -> "MambaFormerSettings":
        if self.inner_folds == 1:
            raise ValueError("inner_folds is 1, which leaves nobody to train on; give 0, or 2 or more")
        if not self.patient_weight and not self.recording_weight:
            raise ValueError("patient_weight and recording_weight are both 0, which leaves nothing to learn")
        if not self.patient_weight and not self.inner_folds:
            raise ValueError(
                "patient_weight and inner_folds are 0, so nothing judges a patient; set inner_folds to 2 or more, or "
                "patient_weight above 0, such as 1"
            )
        return self


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
        Whether quality figures are used: of a recording as a whole beside its features, over a patient's recordings
        in the combiner.
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
        Whether quality figures are used: of a recording as a whole beside its features, over a patient's recordings
        in the combiner.
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
