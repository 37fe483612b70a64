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
        Tokens per second (Hz); None where tokens are heart beats.
    spectrogram
        Whether the dimensions are neighbouring frequency bands.
    core_key
        SHA-256 of everything that went into the features but the audio.
    layers
        Layers of a backbone that lie side by side in a token, each ``dim / layers`` numbers.
    states
        Whether the dimensions are the four states of the cardiac cycle.
    cycle
        Where tokens are heart beats, phases of a beat and numbers per phase.
    statistics
        Names of the pooled statistics; where tokens are heart beats, each is an image of the cycle.
    vectors
        Where tokens are heart beats, whether a phase holds an encoder's vector in the place of frequency bands.
    """

    name: str
    dim: int
    token_rate: float | None
    spectrogram: bool
    core_key: str
    layers: int = 1
    states: bool = False
    cycle: tuple[int, int] | None = None
    statistics: tuple[str, ...] = ()
    vectors: bool = False

    @classmethod
    def of(cls, name: str, attrs: Mapping[str, Any]) -> FeatureSpec:
        """The spec of a set with these store attributes.

        Raises
        ------
        ConfigError
            When the tokens of the set are neither evenly spaced in time nor heart beats.
        """
        core = attrs.get("core", {})
        core = core if isinstance(core, Mapping) else {}
        family, rate = core.get("family"), attrs["token_rate"]
        beats = core.get("windows") == "beats"
        if rate is None and not beats:
            raise ConfigError(
                f"the feature set {name!r} has no token rate, and this head needs tokens that are evenly spaced "
                "in time or heart beats; choose another feature set or a head on pooled tokens"
            )
        return cls(
            name=name,
            dim=int(attrs["dim"]),
            token_rate=None if rate is None else float(rate),
            spectrogram=family == "logmel",
            core_key=str(attrs["core_key"]),
            layers=max(1, len(core.get("layers", ()))),
            states=family == "states",
            cycle=_cycle(attrs, core) if beats else None,
            statistics=tuple(attrs["statistics"]),
            vectors=beats and family != "beats",
        )

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> FeatureSpec:
        """What `as_json` gave."""
        cycle, statistics = fields["cycle"], tuple(fields["statistics"])
        return cls(**{**fields, "cycle": None if cycle is None else tuple(cycle), "statistics": statistics})

    def as_json(self) -> dict[str, Any]:
        """JSON-able fields."""
        return asdict(self)


def _cycle(attrs: Mapping[str, Any], core: Mapping[str, Any]) -> tuple[int, int]:
    phases = sum(core["transform"]["phases"])
    return phases, int(attrs["dim"]) // phases


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
        fitted_on, now = spec.as_json(), seen.as_json()
        differing = [field for field in fitted_on if now[field] != fitted_on[field]]
        if differing:
            field = "core_key" if "core_key" in differing else differing[0]
            raise FeatureKeyError(
                f"the feature set {spec.name!r} differs in {', '.join(differing)} from the one that the head "
                f"was fitted on ({field} {now[field]} instead of {fitted_on[field]}); "
                "extract with the settings of the fit, or fit again"
            )
