"""What a fitted head remembers of a feature set, and refuses to see changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from heartfeat.errors import ConfigError, FeatureKeyError
from heartfeat.heads.examples import Examples


@dataclass(frozen=True)
class FeatureSpec:
    """One feature set as a head sees it.

    Attributes
    ----------
    name
        Name of the set in its store.
    dim
        Numbers per token.
    token_rate
        Tokens per second (Hz).
    spectrogram
        Whether the dimensions are neighbouring frequency bands.
    core_key
        SHA-256 of everything that went into the features but the audio.
    """

    name: str
    dim: int
    token_rate: float
    spectrogram: bool
    core_key: str

    @classmethod
    def of(cls, name: str, attrs: Mapping[str, Any]) -> FeatureSpec:
        """The spec of a set with these store attributes.

        Raises
        ------
        ConfigError
            When the tokens of the set are not evenly spaced in time.
        """
        if attrs["token_rate"] is None:
            raise ConfigError(
                f"the feature set {name!r} has no token rate, and this head needs tokens that are evenly spaced "
                "in time; choose another feature set or a head on pooled tokens"
            )
        core = attrs.get("core", {})
        family = core.get("family") if isinstance(core, Mapping) else None
        return cls(
            name=name,
            dim=int(attrs["dim"]),
            token_rate=float(attrs["token_rate"]),
            spectrogram=family == "logmel",
            core_key=str(attrs["core_key"]),
        )

    def as_json(self) -> dict[str, Any]:
        """JSON-able fields."""
        return asdict(self)


def feature_specs(examples: Examples) -> tuple[FeatureSpec, ...]:
    """Specs of all feature sets of ``examples``, by name."""
    return tuple(FeatureSpec.of(name, arrays.attrs) for name, arrays in sorted(examples.features.items()))


def check_features(fitted: tuple[FeatureSpec, ...], examples: Examples) -> None:
    """Refuse examples whose features are not those that a head was fitted on.

    Raises
    ------
    FeatureKeyError
        When a set is missing or was made by another backbone or preprocessing; names what differs.
    """
    for spec in fitted:
        if spec.name not in examples.features:
            raise FeatureKeyError(
                f"the head was fitted on the feature set {spec.name!r}, which is not among "
                f"{sorted(examples.features)}; extract it or choose a store that holds it"
            )
        seen = FeatureSpec.of(spec.name, examples.features[spec.name].attrs)
        differing = [field for field, value in spec.as_json().items() if seen.as_json()[field] != value]
        if differing:
            field = "core_key" if "core_key" in differing else differing[0]
            raise FeatureKeyError(
                f"the feature set {spec.name!r} differs in {', '.join(differing)} from the one that the head "
                f"was fitted on ({field} {seen.as_json()[field]} instead of {spec.as_json()[field]}); "
                "extract with the settings of the fit, or fit again"
            )
