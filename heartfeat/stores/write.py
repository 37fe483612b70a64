"""Write a whole store, atomically."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from heartfeat.errors import StoreError
from heartfeat.progress import Progress
from heartfeat.replace import recover, replacing
from heartfeat.stores.location import local_path, locate
from heartfeat.stores.schema import FORMAT, FORMAT_VERSION, plain_json
from heartfeat.stores.sources import FeatureSetSource, KeptFeatureSet, carried_over, identities
from heartfeat.stores.store import Store, open_store
from heartfeat.stores.table_rules import offsets_of_patients
from heartfeat.stores.tables import write_table
from heartfeat.stores.tree_writer import TreeWriter, create_container
from heartfeat.stores.write_features import write_features
from heartfeat.version import __version__

FeatureSets = Iterable[FeatureSetSource | KeptFeatureSet]


def write_store(
    uri: str | Path,
    recordings: pl.DataFrame,
    patients: pl.DataFrame,
    feature_sets: FeatureSets,
    attrs: Mapping[str, Any],
    progress: Progress | None = None,
) -> None:
    """Write a store at ``uri``, in place of the one that is there, if any.

    The new store is written beside and renamed over; until then, and if anything fails, the old one is
    untouched.

    Parameters
    ----------
    uri
        Local path ending in ``.zarr``, ``.h5`` or ``.hdf5``.
    recordings
        One row per recording, grouped by patient in the order of ``patients``; at least ``recording``
        (unique), ``patient``, ``person``, ``site``.
    patients
        One row per patient; at least ``patient`` (unique), ``person``.
    feature_sets
        Sets to write, or to keep from the store that is being replaced.
    attrs
        Attributes of the store, plain JSON (such as ``cohort`` and ``cohort_digest``).
    progress
        Told of every recording and view written.

    Raises
    ------
    StoreError
        When the tables contradict each other, a set's rows are not finite or not as announced, something that
        is no store is in the place, or the disk refuses.
    """
    location = locate(uri)
    path = local_path(location)
    recover(path, StoreError)
    old = _present_store(path)
    offsets = offsets_of_patients(recordings, patients)
    with replacing(path, StoreError) as new, create_container(location, new) as writer:
        writer.group("", _root_attrs(attrs))
        write_table(writer, "recordings", recordings)
        write_table(writer, "patients", patients)
        writer.array("patients/offsets", offsets)
        names: list[str] = []
        for feature_set in feature_sets:
            if feature_set.name in names:
                raise StoreError(f"the feature set {feature_set.name!r} is given twice")
            names.append(feature_set.name)
            _write_or_keep(writer, feature_set, recordings, old, progress)
        writer.group("features", {"sets": names})


def _present_store(path: Path) -> Store | None:
    if not path.exists():
        return None
    try:
        return open_store(path)
    except StoreError as error:
        raise StoreError(f"{path} is in the way and will not be overwritten: {error}") from error


def _write_or_keep(
    writer: TreeWriter,
    feature_set: FeatureSetSource | KeptFeatureSet,
    recordings: pl.DataFrame,
    old: Store | None,
    progress: Progress | None,
) -> None:
    if isinstance(feature_set, FeatureSetSource):
        write_features(writer, feature_set, recordings["recording"].to_list(), progress)
        return
    if old is None:
        raise StoreError(f"the feature set {feature_set.name!r} cannot be kept: there is no store yet")
    present = old.features(feature_set.name)
    if identities(old.recordings) == identities(recordings):
        writer.take_over(local_path(locate(old.uri)), f"features/{present.name}")
    else:
        source = carried_over(old, present.name, recordings)
        write_features(writer, source, recordings["recording"].to_list(), progress)


def _root_attrs(attrs: Mapping[str, Any]) -> dict[str, Any]:
    created = attrs.get("created") or datetime.now(UTC).isoformat(timespec="seconds")
    own = {"format": FORMAT, "format_version": FORMAT_VERSION, "heartfeat_version": __version__}
    return plain_json({**attrs, **own, "created": created})
