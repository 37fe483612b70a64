"""Columns of a table of one's own recordings: which may be there, and what a row says in them."""

import re
from pathlib import Path

import polars as pl

from heartfeat.cohorts.age_bands import BANDS, age_band
from heartfeat.cohorts.circor_fields import CHOICES, SITES, SourceRow
from heartfeat.messages import shorten
from heartfeat.tasks import TASKS

NEEDED = ("path", "patient")
LABELS = {
    f"recording_{task.recording_label}": task.recording_label
    for task in TASKS.values()
    if task.recording_label is not None
}
"""Labels of single recordings: column of the csv table -> column of the cohort's recordings table."""

_NUMBERS = ("age_years", "height", "weight")
_TEXTS = ("subset", "campaign", "diagnosis", "quality")
_OF_PATIENT: dict[str, tuple[str, ...]] = {
    **dict(CHOICES.values()),
    **{task.patient_label: task.classes for task in TASKS.values()},
    "age": tuple(band for _, band in BANDS),
}
_CHOICES = {**_OF_PATIENT, **{column: _OF_PATIENT[label] for column, label in LABELS.items()}}

OF_PATIENT = ("person", *_OF_PATIENT, *_NUMBERS, *_TEXTS)
"""Columns that are about the patient: all rows of one must agree."""

COLUMNS = (*NEEDED, "recording", "site", *OF_PATIENT, *LABELS)
"""Every column that a table may have, called as in the table that ``heartfeat cohort --export`` writes."""

TYPES: dict[str, type[pl.DataType]] = {"pregnant": pl.Boolean, **dict.fromkeys(_NUMBERS, pl.Float64)}
"""Types of the columns that are no texts."""

_SITES = {site.casefold(): site for site in SITES}
# pandas writes a column of ids as floats as soon as one is missing: 50379.0.
_WHOLE = re.compile(r"([0-9]+)\.0*")


def patient_of(row: SourceRow) -> str:
    """The patient's id, which must be there."""
    patient = identifier(row, "patient")
    if patient is None:
        raise row.error("patient", "is empty; say whose recording it is")
    return patient


def path_of(row: SourceRow) -> Path:
    """Where the audio should be."""
    text = row.text("path")
    if text is None or not text.isprintable():
        raise row.error(
            "path", f"is {shorten(text or '')}; expected a wav or FLAC file, from the table's folder"
        )
    return Path(row.file).parent / text


def site_of(row: SourceRow) -> str:
    """The auscultation site; CirCor's codes are known in any capitals."""
    text = row.text("site") or "unknown"
    return _SITES.get(text.casefold(), text)


def identifier(row: SourceRow, column: str) -> str | None:
    """An id, None where there is none."""
    text = row.text(column)
    if text is not None and not text.isprintable():
        raise row.error(column, f"is {shorten(text)}; expected an id of characters that can be seen")
    whole = _WHOLE.fullmatch(text or "")
    return whole[1] if whole else text


def value_of(row: SourceRow, column: str) -> object:
    """What a row says of its patient or recording, None where it is not known; ``age`` may follow from ``age_years``.

    Raises
    ------
    CohortError
        When a label is unknown or a number is none; names file and line.
    """
    if column == "person":
        return identifier(row, column)
    if column in _NUMBERS:
        return row.positive(column)
    text = row.text(column)
    if column in _TEXTS:
        return text
    if text is None:
        years = row.positive("age_years") if column == "age" else None
        return None if years is None else age_band(years)
    # Capitals do not matter: R writes TRUE, pandas True.
    named = {choice.casefold(): choice for choice in _CHOICES[column]}
    value = named.get(text.casefold()) or row.choice(column, _CHOICES[column])
    return value == "True" if column == "pregnant" else value
