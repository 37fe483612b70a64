"""Feature stores: one format, in Zarr 3 and in HDF5."""

from heartfeat.stores.features import Bag, FeatureSet
from heartfeat.stores.schema import FORMAT_VERSION, canonical_json, feature_key, row_key
from heartfeat.stores.sources import FeatureSetSource, KeptFeatureSet
from heartfeat.stores.store import Store, open_store
from heartfeat.stores.write import write_store

__all__ = [
    "FORMAT_VERSION",
    "Bag",
    "FeatureSet",
    "FeatureSetSource",
    "KeptFeatureSet",
    "Store",
    "canonical_json",
    "feature_key",
    "open_store",
    "row_key",
    "write_store",
]
