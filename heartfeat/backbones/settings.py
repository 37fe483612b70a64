"""What a user may set of a backbone; validated before anything heavy is imported."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from heartfeat.settings import Settings

PhaseCount = Annotated[int, Field(ge=1, le=256)]


class LogMelSettings(Settings):
    """Log-mel spectrogram; no weights.

    Attributes
    ----------
    name
        Name of the feature set in the store.
    sample_rate
        Rate that recordings are brought to (Hz).
    low, high
        Band that is kept before and covered by the mel bands (Hz).
    bands
        Mel bands: numbers per token.
    token_rate
        Tokens per second (Hz); divides ``sample_rate``.
    frame_seconds
        Length of audio under each token's Hann window (s).
    window_seconds
        Length of the windows that recordings are cut into (s); bears on speed, not on values.
    remove_spikes
        Whether friction spikes are blanked (Schmidt et al. 2010).
    windows
        ``"fixed"`` windows follow one another; ``"cycles"`` begin at first heart sounds and span whole cycles.
    """

    family: Literal["logmel"] = "logmel"
    name: str = Field("logmel", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    sample_rate: int = Field(2000, ge=100, le=192_000)
    low: float = Field(20.0, ge=0)
    high: float = Field(800.0, gt=0)
    bands: int = Field(64, ge=1, le=1024)
    token_rate: float = Field(50.0, gt=0)
    frame_seconds: float = Field(0.1, gt=0, le=2)
    window_seconds: float = Field(5.0, gt=0, le=600)
    windows: Literal["fixed", "cycles"] = "fixed"
    remove_spikes: bool = False

    @model_validator(mode="after")
    def _check(self) -> "LogMelSettings":
        _check_band(self.low, self.high)
        if self.high > self.sample_rate / 2:
            raise ValueError(f"high is {self.high} Hz, above half of sample_rate {self.sample_rate} Hz")
        if not (self.sample_rate / self.token_rate).is_integer():
            raise ValueError(f"token_rate {self.token_rate} does not divide sample_rate {self.sample_rate}")
        if self.frame_seconds * self.token_rate < 1:
            raise ValueError(f"frame_seconds {self.frame_seconds} leaves gaps between tokens; raise it")
        if self.window_seconds * self.token_rate < 1:
            raise ValueError(f"window_seconds {self.window_seconds} holds no whole token; raise it")
        return self


class TransformersSettings(Settings):
    """An audio encoder of the transformers library, with local weights.

    Attributes
    ----------
    name
        Name of the feature set in the store.
    model
        Folder with ``config.json`` and safetensors weights, a hub name that is already downloaded, or a single
        checkpoint file (.pt, .pth, .ckpt) of a known layout.
    layers
        Hidden states to keep, concatenated: 0 is the input to the first layer, -1 the encoder's output.
    token_rate
        Tokens per second (Hz), mean-pooled from the encoder's own rate; None keeps that rate.
    window_seconds
        Window length (s); None for 5 s, or for the one or longest length that the encoder takes.
    remove_spikes
        Whether friction spikes are blanked (Schmidt et al. 2010).
    windows
        ``"fixed"`` windows follow one another; ``"cycles"`` begin at first heart sounds and span whole cycles;
        ``"beats"``: fixed windows, whose tokens are then averaged into one token per heart cycle.
    phases
        With ``"beats"``, parts of S1, systole, S2 and diastole that are averaged by themselves and stand side by side.
    precision
        Of the forward pass: ``"fp32"``, ``"bf16"`` or ``"fp16"`` (autocast), or ``"auto"``: that of features
        which are there already, else bf16 or fp16 on a GPU and fp32 on the CPU.
    low, high
        Band that is kept of the recording (Hz); None for what the encoder is used to, 20 to 800 mostly.
    """

    family: Literal["transformers"] = "transformers"
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    model: str = Field(min_length=1)
    layers: list[int] = Field(default=[-1], min_length=1)
    token_rate: float | None = Field(None, gt=0)
    window_seconds: float | None = Field(None, gt=0, le=600)
    windows: Literal["fixed", "cycles", "beats"] = "fixed"
    phases: tuple[PhaseCount, PhaseCount, PhaseCount, PhaseCount] = (1, 1, 1, 1)
    remove_spikes: bool = False
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    low: float | None = Field(None, ge=0)
    high: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _check(self) -> "TransformersSettings":
        if self.low is not None and self.high is not None:
            _check_band(self.low, self.high)
        return self


class StatesSettings(Settings):
    """The states of the cardiac cycle, by the automatic segmentation that comes with the package.

    Attributes
    ----------
    name
        Name of the feature set in the store.
    window_seconds
        Length of the windows (s), each segmented by itself: a heart rate takes some cycles to be found.
    remove_spikes
        Whether friction spikes are blanked (Schmidt et al. 2010).
    windows
        ``"fixed"`` windows follow one another; ``"cycles"`` begin at first heart sounds and span whole cycles.
    """

    family: Literal["states"] = "states"
    name: str = Field("states", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    window_seconds: float = Field(20.0, ge=2, le=600)
    windows: Literal["fixed", "cycles"] = "fixed"
    remove_spikes: bool = False


class BeatsSettings(Settings):
    """One token per heart cycle: its log-mel spectrogram on a grid of cardiac phases; no weights.

    Attributes
    ----------
    name
        Name of the feature set in the store.
    sample_rate
        Rate that recordings are brought to (Hz).
    low, high
        Band that is kept before and covered by the mel bands (Hz).
    bands
        Mel bands per phase.
    frame_seconds
        Length of audio under each phase's Hann window (s).
    phases
        Phases of S1, systole, S2 and diastole, each number spread evenly over its state.
    remove_spikes
        Whether friction spikes are blanked (Schmidt et al. 2010).
    """

    family: Literal["beats"] = "beats"
    name: str = Field("beats", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    sample_rate: int = Field(2000, ge=100, le=192_000)
    low: float = Field(20.0, ge=0)
    high: float = Field(800.0, gt=0)
    bands: int = Field(40, ge=1, le=1024)
    frame_seconds: float = Field(0.05, gt=0, le=2)
    phases: tuple[PhaseCount, PhaseCount, PhaseCount, PhaseCount] = (8, 14, 8, 18)
    remove_spikes: bool = False

    @property
    def windows(self) -> Literal["beats"]:
        """Windows are heart cycles, always."""
        return "beats"

    @model_validator(mode="after")
    def _check(self) -> "BeatsSettings":
        _check_band(self.low, self.high)
        if self.high > self.sample_rate / 2:
            raise ValueError(f"high is {self.high} Hz, above half of sample_rate {self.sample_rate} Hz")
        if self.frame_seconds * self.sample_rate < 2:
            raise ValueError(f"frame_seconds {self.frame_seconds} holds no two samples; raise it")
        return self


BackboneSettings = Annotated[
    LogMelSettings | StatesSettings | BeatsSettings | TransformersSettings, Field(discriminator="family")
]

BACKBONE_FAMILIES: dict[
    str, type[LogMelSettings] | type[StatesSettings] | type[BeatsSettings] | type[TransformersSettings]
] = {
    "beats": BeatsSettings,
    "logmel": LogMelSettings,
    "states": StatesSettings,
    "transformers": TransformersSettings,
}
"""Settings class by the ``family`` key of a config."""


def _check_band(low: float, high: float) -> None:
    if low >= high:
        raise ValueError(f"low is {low} Hz and high {high} Hz; low must be below high")
