"""A head works on the features that it was fitted on, and on no others."""

from collections.abc import Iterable, Mapping
from typing import Any

from heartfeat.backbones.load import describe_backbone
from heartfeat.backbones.settings import BackboneSettings, TransformersSettings
from heartfeat.errors import FeatureKeyError
from heartfeat.messages import differences
from heartfeat.stores.store import Store


def check_feature_keys(fitted: Mapping[str, Mapping[str, Any]], store: Store) -> None:
    """Refuse a store whose features differ from those a head was fitted on.

    Parameters
    ----------
    fitted
        Per feature set, the explicit dict ("core") that its key is the digest of.
    store
        The store to predict on.

    Raises
    ------
    FeatureKeyError
        Names every setting that differs, with both values.
    """
    for name, core in fitted.items():
        if name not in store.feature_sets:
            raise FeatureKeyError(
                f"the head was fitted on the feature set {name!r}, which {store.uri} lacks "
                f"(it holds {', '.join(store.feature_sets) or 'none'}); extract it first"
            )
        present = store.features(name).attrs["core"]
        differs = differences(core, present)
        if differs:
            raise FeatureKeyError(
                f"the feature set {name!r} of {store.uri} is not the one this head was fitted on: "
                f"{'; '.join(differs)}. Extract with the settings of the run, or fit the head again"
            )


def check_settings(backbones: Mapping[str, BackboneSettings], names: Iterable[str], store: Store) -> None:
    """Refuse a store whose features without weights were extracted with other settings than a config's.

    Feature sets that the config does not describe are taken as they are, and so are those of backbones with
    weights: to describe them takes the weights, which those who have a store only need not have.

    Raises
    ------
    FeatureKeyError
        Names every setting that differs, with both values.
    """
    for name in names:
        settings = backbones.get(name)
        if name not in store.feature_sets or isinstance(settings, TransformersSettings | None):
            continue
        present = store.features(name).attrs["core"]
        wanted = describe_backbone(settings).core()
        del wanted["revisions"]
        differs = differences(wanted, {key: present.get(key) for key in wanted})
        if differs:
            raise FeatureKeyError(
                f"{store.uri} holds other features {name!r} than the config describes: {'; '.join(differs)} "
                "in the store. Extract under another name, or set the config to what the store holds"
            )
