"""A head works on the features that it was fitted on, and on no others."""

from collections.abc import Iterator, Mapping
from typing import Any

from heartfeat.errors import FeatureKeyError
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
        differences = list(_differences(core, present))
        if differences:
            raise FeatureKeyError(
                f"the feature set {name!r} of {store.uri} is not the one this head was fitted on: "
                f"{'; '.join(differences)}. Extract with the settings of the run, or fit the head again"
            )


def _differences(fitted: object, present: object, where: str = "") -> Iterator[str]:
    if isinstance(fitted, Mapping) and isinstance(present, Mapping):
        for key in sorted({*fitted, *present}):
            yield from _differences(
                fitted.get(key), present.get(key), f"{where}.{key}" if where else str(key)
            )
    elif fitted != present:
        yield f"{where} was {fitted!r} and is {present!r}"
