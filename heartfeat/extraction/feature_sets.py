"""The feature sets that a run is asked for, and how one row block of them is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from heartfeat.backbones.backbone import BackboneSpec
from heartfeat.backbones.load import describe_backbone
from heartfeat.backbones.settings import BackboneSettings
from heartfeat.errors import ConfigError
from heartfeat.extraction.facts import Facts
from heartfeat.extraction.pooling import POOLING_REVISION, statistics_of
from heartfeat.stores.schema import feature_key
from heartfeat.views import VIEW_REVISION


class BlockKey(NamedTuple):
    """Names the tokens of one recording in one view of one feature set by their content.

    Attributes
    ----------
    core_key
        SHA-256 over everything that went into the feature set but audio and view.
    view
        Name of the view.
    pcm_digest
        SHA-256 over the decoded audio.
    """

    core_key: str
    view: str
    pcm_digest: str


@dataclass(frozen=True)
class PlannedSet:
    """A feature set to be filled.

    Attributes
    ----------
    spec
        What its backbone computes.
    core, core_key
        Everything that bears on its features but audio and view, and the SHA-256 of that.
    views
        Views that the store will hold, ``"clean"`` first.
    """

    spec: BackboneSpec
    core: dict[str, Any]
    core_key: str
    views: tuple[str, ...]

    def fits(self, facts: Facts) -> bool:
        """Whether a recording's sample rate leaves anything of the band that the backbone hears."""
        return facts.sample_rate is not None and self.spec.preprocessing.hears(facts.sample_rate)

    def blocks(self, facts: Facts) -> list[BlockKey]:
        """Keys of one recording's blocks; none for one that cannot be used, or not by this backbone."""
        if facts.pcm_digest is None or not self.fits(facts):
            return []
        return [BlockKey(self.core_key, view, facts.pcm_digest) for view in self.views]

    def attrs(self) -> dict[str, Any]:
        """Attributes of the feature set in the store."""
        attrs = {
            "name": self.spec.name,
            "backbone": self.spec.identifier,
            "core": self.core,
            "core_key": self.core_key,
            "views": list(self.views),
            "dim": self.spec.dim,
            "token_rate": self.spec.token_rate,
            "statistics": list(statistics_of(self.spec)),
        }
        met = [training.as_json() for training in self.spec.trained_on]
        return {**attrs, "trained_on": met} if met else attrs


def plan_sets(backbones: Sequence[BackboneSettings], views: Sequence[str]) -> tuple[PlannedSet, ...]:
    """Feature sets for these backbones.

    Raises
    ------
    ConfigError
        When two backbones share a name, or the first view is not ``"clean"``.
    """
    names = [settings.name for settings in backbones]
    if len(set(names)) < len(names):
        raise ConfigError(f"backbones need different names; these are {', '.join(names)}")
    if not views or views[0] != "clean" or len(set(views)) < len(views):
        raise ConfigError(f"views must begin with 'clean' and not repeat; got {', '.join(views) or 'none'}")
    sets = []
    for settings in backbones:
        spec = describe_backbone(settings)
        if spec.windows != "fixed" and "shift" in views:
            raise ConfigError(
                f"the view 'shift' moves the heartbeats that the windows of {spec.name!r} go by; leave it out"
            )
        core = feature_core(spec)
        sets.append(PlannedSet(spec, core, feature_key(core), tuple(views)))
    return tuple(sets)


def feature_core(spec: BackboneSpec) -> dict[str, Any]:
    """A backbone's core with what extraction adds: the revisions of views and pooling."""
    core = spec.core()
    revisions = {**core["revisions"], "views": VIEW_REVISION, "pooling": POOLING_REVISION}
    return {**core, "revisions": revisions, "statistics": list(statistics_of(spec))}
