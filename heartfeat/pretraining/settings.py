"""What a pretraining is made of; validated before anything heavy is imported."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from heartfeat.config import DataConfig
from heartfeat.settings import Settings

SAMPLE_RATE = 2000
"""Of what new encoders hear (Hz)."""


class PcgEncoderSettings(Settings):
    """A small transformer over log-mel patches; see :class:`heartfeat.backbones.architectures.pcg_shape.PcgShape`."""

    architecture: Literal["pcg"] = "pcg"
    bands: int = Field(64, ge=8, le=256)
    frame_rate: float = Field(100.0, ge=10, le=1000)
    frame_seconds: float = Field(0.06, ge=0.01, le=1)
    patch_frames: int = Field(4, ge=1, le=64)
    hidden_size: int = Field(128, ge=16, le=2048)
    num_hidden_layers: int = Field(4, ge=1, le=48)
    num_attention_heads: int = Field(4, ge=1, le=64)

    @model_validator(mode="after")
    def _sizes_fit(self) -> "PcgEncoderSettings":
        if not (SAMPLE_RATE / self.frame_rate).is_integer():
            raise ValueError(
                f"frame_rate {self.frame_rate:g} does not divide the sample rate {SAMPLE_RATE} Hz"
            )
        if self.frame_seconds * self.frame_rate < 1:
            raise ValueError(f"frame_seconds {self.frame_seconds:g} leaves gaps between frames; raise it")
        if self.hidden_size % (2 * self.num_attention_heads):
            raise ValueError(
                f"hidden_size {self.hidden_size} must be an even multiple of num_attention_heads "
                f"{self.num_attention_heads}"
            )
        return self


class CnnMambaEncoderSettings(Settings):
    """PA-HCL's encoder: strided convolutions over the waveform, then Mamba."""

    architecture: Literal["cnn_mamba"] = "cnn_mamba"
    hidden_size: int = Field(256, ge=16, le=2048)
    num_hidden_layers: int = Field(4, ge=1, le=48)
    state_size: int = Field(16, ge=1, le=256)


EncoderSettings = Annotated[PcgEncoderSettings | CnnMambaEncoderSettings, Field(discriminator="architecture")]


class MaskedSettings(Settings):
    """Masked prediction in latent space; see :class:`heartfeat.pretraining.objectives.masked.MaskedPrediction`.

    Attributes
    ----------
    kept
        Share of the tokens that the encoder sees.
    block_seconds
        Length of the stretches that are masked together, shortest and longest (s).
    teacher_layers
        Last layers of the teacher that are averaged into the target.
    teacher_momentum
        Of the teacher's moving average, at the start; it rises to 0.9999.
    decoder_size, decoder_layers
        Of the predictor, which is thrown away.
    """

    kind: Literal["masked"] = "masked"
    weight: float = Field(1.0, gt=0)
    kept: float = Field(0.4, gt=0, lt=1)
    block_seconds: tuple[float, float] = (0.08, 0.4)
    teacher_layers: int = Field(4, ge=1)
    teacher_momentum: float = Field(0.996, ge=0, lt=1)
    decoder_size: int = Field(96, ge=8, multiple_of=2)
    decoder_layers: int = Field(2, ge=1, le=16)

    @field_validator("block_seconds")
    @classmethod
    def _shortest_first(cls, block_seconds: tuple[float, float]) -> tuple[float, float]:
        if not 0 < block_seconds[0] <= block_seconds[1]:
            raise ValueError("expected the shortest and the longest stretch in seconds, both above 0")
        return block_seconds


class ContrastSettings(Settings):
    """Hierarchical contrast; see :class:`heartfeat.pretraining.objectives.contrast.HierarchicalContrast`.

    Attributes
    ----------
    method
        ``simclr``: the other crops of the batch are negatives; ``moco``: a queue of embeddings from a momentum encoder.
    temperature
        Of the softmax.
    cycle_weight, structure_weight
        Weights of the losses of whole crops and of S1, systole, S2 and diastole by themselves.
    queue, momentum
        Of ``moco``: embeddings kept, and the share that stays of the momentum encoder at each step.
    projection
        Size of an embedding that is compared.
    """

    kind: Literal["contrast"] = "contrast"
    weight: float = Field(1.0, gt=0)
    method: Literal["simclr", "moco"] = "simclr"
    temperature: float = Field(0.07, gt=0)
    cycle_weight: float = Field(1.0, ge=0)
    structure_weight: float = Field(1.0, ge=0)
    queue: int = Field(8192, ge=16)
    momentum: float = Field(0.999, ge=0, lt=1)
    projection: int = Field(128, ge=8)

    @model_validator(mode="after")
    def _some_level(self) -> "ContrastSettings":
        if self.cycle_weight + self.structure_weight == 0:
            raise ValueError("cycle_weight and structure_weight are both 0: there is nothing to learn")
        return self


ObjectiveSettings = Annotated[MaskedSettings | ContrastSettings, Field(discriminator="kind")]


def _contrast() -> "list[MaskedSettings | ContrastSettings]":
    return [ContrastSettings()]


class CropSettings(Settings):
    """How pairs of crops are drawn and varied.

    Attributes
    ----------
    seconds
        Length of a crop (s).
    start
        ``anywhere``, or ``beat``: at an onset of S1, so that a crop of a second or less is about one heart cycle.
    other_recording
        Share of pairs whose second crop is from another recording of the same patient id, where there is one.
    stretch
        Largest change of speed, as natural logarithm: 0.2 plays a crop up to 22 % faster or slower.
    gain
        Standard deviation of the level (dB).
    tilt
        Standard deviation of the slope of the spectrum: what it changes at 25 and, the other way, at 800 Hz (dB).
    noise
        Share of crops that another recording's faint sound or white noise is mixed into.
    noise_db
        Level of that noise against the crop's, mean and standard deviation (dB).
    """

    seconds: float = Field(4.0, gt=0, le=60)
    start: Literal["anywhere", "beat"] = "anywhere"
    other_recording: float = Field(0.0, ge=0, le=1)
    stretch: float = Field(0.0, ge=0, le=0.7)
    gain: float = Field(5.0, ge=0)
    tilt: float = Field(5.0, ge=0)
    noise: float = Field(0.5, ge=0, le=1)
    noise_db: tuple[float, float] = (-15.0, 6.0)

    @field_validator("noise_db")
    @classmethod
    def _spread_is_none_or_more(cls, noise_db: tuple[float, float]) -> tuple[float, float]:
        if noise_db[1] < 0:
            raise ValueError("expected a mean and a standard deviation of 0 or more")
        return noise_db


class PretrainData(DataConfig):
    """A cohort to learn from.

    Attributes
    ----------
    leave_out
        A split file: people with a patient id in any list called ``test`` there are not learned from.
    """

    leave_out: Path | None = None

    @field_validator("leave_out", mode="before")
    @classmethod
    def _expand_leave_out(cls, path: object) -> object:
        return cls._expand(path)


class PretrainSettings(Settings):
    """Everything of a pretraining.

    Attributes
    ----------
    data
        Cohorts to learn from.
    encoder, objectives, crops
        What is trained, on what: losses of several objectives are added.
    steps
        Updates.
    batch
        Recordings per update and process; each gives two crops.
    learning_rate, weight_decay, clip
        Of AdamW, with a linear warm-up over a tenth of the steps, then a cosine to zero.
    held_out
        Share of the people whom the probe watches and nothing is learned from.
    probe_every, keep_every
        Steps between probes, and between checkpoints to go on from.
    """

    data: list[PretrainData] = Field(min_length=1)
    encoder: EncoderSettings = Field(default_factory=PcgEncoderSettings)
    objectives: list[ObjectiveSettings] = Field(default_factory=_contrast, min_length=1)
    crops: CropSettings = Field(default_factory=CropSettings)
    steps: int = Field(10_000, ge=1)
    batch: int = Field(64, ge=2)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    clip: float = Field(3.0, gt=0)
    held_out: float = Field(0.05, ge=0, lt=0.5)
    probe_every: int = Field(500, ge=1)
    keep_every: int = Field(200, ge=1)
    seed: int = Field(0, ge=0, lt=2**63)

    @field_validator("data")
    @classmethod
    def _names_differ(cls, data: list[PretrainData]) -> list[PretrainData]:
        names = [one.name or one.cohort for one in data]
        if len(set(names)) < len(names):
            raise ValueError(f"two cohorts have one name ({', '.join(names)}); give each a name of its own")
        return data

    @field_validator("objectives")
    @classmethod
    def _each_once(cls, objectives: list[ObjectiveSettings]) -> list[ObjectiveSettings]:
        kinds = [one.kind for one in objectives]
        if len(set(kinds)) < len(kinds):
            raise ValueError("each kind of objective may stand there once")
        return objectives
