"""What is known of one recording once its file was looked at."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from heartfeat.signals.quality import QUALITY

OK = "ok"
SKIPPED = "skipped"

MISSING = "missing file"
AWAY = (MISSING, "no access")
"""Reasons that tell nothing of a recording's content."""

FACT_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "pcm_digest": pl.String,
    "sample_rate": pl.Int64,
    "duration": pl.Float64,
    **dict.fromkeys(QUALITY, pl.Float64),
    "status": pl.String,
    "reason": pl.String,
    "file_bytes": pl.Int64,
    "file_mtime_ns": pl.Int64,
}
"""Columns that extraction adds to the cohort's recordings table."""


@dataclass(frozen=True, slots=True)
class FileMark:
    """Size and age of a recording's file: a hint that it is unchanged, never part of a key.

    Attributes
    ----------
    size
        Bytes of the file and of a WFDB header beside it, or None where there is no file.
    mtime_ns
        Latest modification of the two (ns since 1970), or None.
    """

    size: int | None
    mtime_ns: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """One recording as decoded, or the reason why it cannot be used.

    Attributes
    ----------
    recording
        Its id.
    mark
        Its file as it was when it was read.
    status, reason
        ``"ok"`` and None, or ``"skipped"`` and a reason from a fixed vocabulary.
    pcm_digest, sample_rate, duration
        Digest of the decoded PCM, rate (Hz) and length (s); None where skipped.
    quality
        Quality figures by name; None where skipped.
    detail
        What was seen of a file that was skipped; told to people, not stored.
    """

    recording: str
    mark: FileMark
    status: str
    reason: str | None = None
    pcm_digest: str | None = None
    sample_rate: int | None = None
    duration: float | None = None
    quality: Mapping[str, float] | None = None
    detail: str = ""

    @property
    def whole(self) -> bool:
        """Whether it has all figures; an earlier release may not have known of one."""
        return self.quality is None or set(QUALITY) <= set(self.quality)

    def as_json(self) -> dict[str, Any]:
        """A JSON-able dict that :meth:`from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Facts":
        """The facts that :meth:`as_json` wrote."""
        return cls(**{**fields, "mark": FileMark(**fields["mark"])})

    def columns(self) -> dict[str, Any]:
        """This recording's cells of the store's recordings table, but for the id."""
        quality = self.quality or {}
        return {
            "pcm_digest": self.pcm_digest,
            "sample_rate": self.sample_rate,
            "duration": self.duration,
            **{name: quality.get(name) for name in QUALITY},
            "status": self.status,
            "reason": self.reason,
            "file_bytes": self.mark.size,
            "file_mtime_ns": self.mark.mtime_ns,
        }

    @classmethod
    def from_columns(cls, row: Mapping[str, Any]) -> "Facts":
        """The facts in a row of a store's recordings table."""
        return cls(
            recording=row["recording"],
            mark=FileMark(row["file_bytes"], row["file_mtime_ns"]),
            quality={name: row[name] for name in QUALITY if row.get(name) is not None}
            if row["status"] == OK
            else None,
            **{key: row[key] for key in ("status", "reason", "pcm_digest", "sample_rate", "duration")},
        )


def mark_file(path: str | Path) -> FileMark:
    """Size and age of a recording's file; a file that cannot be looked at has neither."""
    # Plain os calls: this is done for every recording before each run, and Path costs several times as much.
    name = os.fspath(path)
    try:
        seen = os.stat(name)  # noqa: PTH116
    except (OSError, ValueError):
        return FileMark(None, None)
    try:
        header = os.stat(os.path.splitext(name)[0] + ".hea")  # noqa: PTH116, PTH122
    except OSError:
        return FileMark(seen.st_size, seen.st_mtime_ns)
    return FileMark(seen.st_size + header.st_size, max(seen.st_mtime_ns, header.st_mtime_ns))
