"""Whether stores may be merged, and which of their feature sets fit together."""

from collections.abc import Sequence

from heartfeat.errors import StoreError
from heartfeat.messages import differences, first_of
from heartfeat.stores.schema import unknown
from heartfeat.stores.store import Store

COMPARED = ("core_key", "views", "dim", "statistics", "token_rate")


def check_disjoint(stores: Sequence[Store]) -> None:
    """Refuse stores that share persons, patients, recordings or audio.

    Raises
    ------
    StoreError
        Names the stores and what they share.
    """
    for table, column in (
        ("patients", "person"),
        ("recordings", "person"),
        ("patients", "patient"),
        ("recordings", "recording"),
        ("recordings", "pcm_digest"),
    ):
        owners: dict[str, Store] = {}
        for store in stores:
            values = _values(store, table, column)
            for first in stores[: stores.index(store)]:
                shared = [value for value in values if owners.get(value) is first]
                if shared:
                    raise StoreError(_overlap(first, store, column, shared))
            owners.update(dict.fromkeys(values, store))


def _values(store: Store, table: str, column: str) -> list[str]:
    """The distinct values of a column that not every store has, in stored order."""
    frame = store.recordings if table == "recordings" else store.patients
    return frame[column].drop_nulls().unique(maintain_order=True).to_list() if column in frame.columns else []


def _overlap(first: Store, second: Store, column: str, shared: Sequence[str]) -> str:
    if column == "pcm_digest":
        what = "the same audio: " + first_of([_same_audio(first, second, digest) for digest in shared])
        remedy = "leave it out of one of the cohorts, and extract that one again"
    else:
        what = f"the same {column}: " + first_of(shared)
        remedy = (
            f"only stores of disjoint {column}s can be merged: extract the cohorts together, or give "
            f"different {column}s different ids"
        )
    return f"{first.uri} and {second.uri} hold {what}; {remedy}"


def _same_audio(first: Store, second: Store, digest: str) -> str:
    names = [
        store.recordings.filter(store.recordings["pcm_digest"] == digest)["recording"][0]
        for store in (first, second)
    ]
    return f"{names[0]} and {names[1]}"


def common_sets(stores: Sequence[Store], wanted: Sequence[str] | None) -> list[str]:
    """Names of the feature sets to merge: those wanted, or those that every store has.

    Raises
    ------
    StoreError
        When there is none, or a set is not the same in two stores; says what differs.
    """
    for store in stores if wanted else ():
        for name in wanted or ():
            if name not in store.feature_sets:
                raise unknown("feature set", name, store.feature_sets, store.uri)
    first, *others = stores
    everywhere = [name for name in first.feature_sets if all(name in one.feature_sets for one in others)]
    names = [name for name in everywhere if not wanted or name in wanted]
    if not names:
        there = "; ".join(f"{store.uri}: {', '.join(store.feature_sets) or 'none'}" for store in stores)
        raise StoreError(f"the stores have no feature set in common ({there})")
    for store in others:
        for name in names:
            _check_same(name, first, store)
    return names


def _check_same(name: str, first: Store, second: Store) -> None:
    one, other = first.features(name).attrs, second.features(name).attrs
    phrase = "{}: {} and {}"
    differs = differences(one["core"], other["core"], phrase) or differences(
        {key: one[key] for key in COMPARED}, {key: other[key] for key in COMPARED}, phrase
    )
    if differs:
        raise StoreError(
            f"the feature set {name!r} is not the same in {first.uri} and {second.uri}: {first_of(differs)}. Extract "
            "one of them again with the settings of the other, or name the sets to merge with --features"
        )
