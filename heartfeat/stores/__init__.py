"""Feature stores: one format, in Zarr 3 and in HDF5."""

from heartfeat.stores.bags import Bag, Bags
from heartfeat.stores.features import FeatureSet
from heartfeat.stores.schema import FORMAT_VERSION, canonical_json, feature_key
from heartfeat.stores.selection import Selection
from heartfeat.stores.sources import FeatureSetSource, KeptFeatureSet
from heartfeat.stores.store import Store, open_store
from heartfeat.stores.write import write_store

__all__ = [
    "FORMAT_VERSION",
    "Bag",
    "Bags",
    "FeatureSet",
    "FeatureSetSource",
    "KeptFeatureSet",
    "Selection",
    "Store",
    "canonical_json",
    "feature_key",
    "open_store",
    "write_store",
]
