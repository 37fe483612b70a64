"""What a store holds, for `store info` and for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from heartfeat.stores.container import Container
from heartfeat.stores.tables import read_column, table_columns

if TYPE_CHECKING:
    from heartfeat.stores.store import Store


def summarise(store: Store, container: Container) -> dict[str, Any]:
    """Plain JSON values for the whole store.

    Returns
    -------
    dict
        ``uri``, ``container``, ``format_version``, ``heartfeat_version``, ``created``, ``patients``,
        ``persons``, ``recordings``, ``hours`` (None where durations are not stored), ``status`` and
        ``reasons`` (counts), and ``features``: per set ``views``, ``dim``, ``token_rate`` (Hz), ``rows`` per
        view, ``done`` recordings per view, ``bytes`` and ``key``.
    """
    duration = _column(container, "recordings", "duration")
    persons = _column(container, "patients", "person")
    return {
        "uri": store.uri,
        "container": store.container,
        "format_version": store.attrs["format_version"],
        "heartfeat_version": store.attrs.get("heartfeat_version"),
        "created": store.attrs.get("created"),
        "patients": table_columns(container, "patients")[0],
        "persons": 0 if persons is None else persons.n_unique(),
        "recordings": table_columns(container, "recordings")[0],
        "hours": None if duration is None else float(duration.sum()) / 3600,
        "status": _counts(_column(container, "recordings", "status")),
        "reasons": _counts(_column(container, "recordings", "reason")),
        "features": {name: _summarise_set(store, name) for name in store.feature_sets},
    }


def _column(container: Container, table: str, name: str) -> pl.Series | None:
    return read_column(container, table, name) if name in table_columns(container, table)[1] else None


def _counts(column: pl.Series | None) -> dict[str, int]:
    if column is None:
        return {}
    counted = column.drop_nulls().value_counts(sort=True)
    return {str(value): count for value, count in counted.iter_rows() if value != ""}


def _summarise_set(store: Store, name: str) -> dict[str, Any]:
    features = store.features(name)
    return {
        "views": list(features.views),
        "dim": features.dim,
        "token_rate": features.token_rate,
        "rows": features.rows,
        "done": [int(count) for count in features.done.sum(axis=1)],
        "bytes": features.nbytes,
        "key": features.core_key,
    }


def describe(summary: dict[str, Any]) -> str:
    """The summary as a few lines for a person."""
    hours = "" if summary["hours"] is None else f" ({summary['hours']:.1f} h)"
    skipped = sum(summary["status"].values()) - summary["status"].get("ok", 0)
    lines = [
        f"Store {summary['uri']} ({summary['container']}, format version {summary['format_version']})",
        f"  {summary['patients']:,} patients, {summary['recordings']:,} recordings{hours}"
        + (f", {skipped:,} skipped" if skipped else ""),
    ]
    for name, one in summary["features"].items():
        rate = "" if one["token_rate"] is None else f" at {one['token_rate']:g}/s"
        lines.append(
            f"  {name}: {one['rows']:,} tokens x {one['dim']}{rate}, {len(one['views'])} views "
            f"({', '.join(one['views'])}), {readable_size(one['bytes'])}, key {one['key'][:12]}"
        )
    return "\n".join(lines if summary["features"] else [*lines, "  no feature sets yet"])


def readable_size(count: int) -> str:
    """Bytes in MB or GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
