"""What the appendix to Liu et al. 2016 says of recordings of the 2016 Challenge: people, age, diagnosis, murmur."""

import math
import re
from collections.abc import Mapping
from pathlib import Path

from heartfeat.cohorts.age_bands import age_band
from heartfeat.cohorts.csv_cells import read_cells
from heartfeat.errors import CohortError

_RECORD = "challenge record name"
_COLUMNS = {
    "database": "database",
    "diagnosis": "diagnosis",
    "subject": "subject id",
    "raw": "# raw record",
    "sex": "gender",
    "age": "age (year)",
    "height": "height (cm)",
    "weight": "weight",
    "murmur": "murmurs",
}
"""How the columns begin, blanks and capitals aside; the explanations that follow differ between editions."""
_NEEDED = ("database", "diagnosis", "subject", "raw")
_SEX = {"F": "Female", "M": "Male"}
_MURMUR = {2.0: "Absent", 3.0: "Present", 4.0: "Present", 6.0: "Unknown"}


def read_appendix(folder: Path) -> dict[str, dict[str, str]]:
    """Fields by recording, from the csv in ``folder/annotations`` with a column "Challenge record name".

    Returns
    -------
    fields
        Empty where there is no such file.

    Raises
    ------
    CohortError
        When the file is damaged or lacks a column that tells who was recorded.
    """
    for path in sorted((folder / "annotations").glob("*.csv")):
        rows = read_cells(path, any_text=True)
        header = [" ".join(cell.split()).casefold() for cell in rows[0][1]] if rows else []
        if _RECORD not in header:
            continue
        places = _places(path, header)
        record = header.index(_RECORD)
        padding = [""] * len(header)
        return {
            padded[record]: {name: padded[at] for name, at in places.items()}
            for padded in ([*cells, *padding] for _, cells in rows[1:])
        }
    return {}


def _places(path: Path, header: list[str]) -> dict[str, int]:
    places = {
        name: at
        for name, start in _COLUMNS.items()
        for at in [next((at for at, cell in enumerate(header) if cell.startswith(start)), None)]
        if at is not None
    }
    missing = [_COLUMNS[name] for name in _NEEDED if name not in places]
    if missing:
        raise CohortError(
            f"{path}, line 1: no column begins with {missing[0]!r}; without it nobody knows who was recorded. Take the "
            "file as published, or move it away"
        )
    return places


def person(recording: str, fields: Mapping[str, str]) -> str:
    """Who was recorded, as far as anyone noted it; the recording itself where nobody did.

    training-b has subject ids. Recordings of training-e are pieces of longer raw records, and pieces of
    one raw record (numbered within each diagnosis) are of one person.
    """
    subset = fields.get("database", "").removeprefix("training-")
    if fields.get("subject"):
        return f"{subset}-subject-{_number_text(fields['subject'])}"
    if fields.get("raw"):
        diagnosis = re.sub(r"\W+", "-", fields["diagnosis"])
        return f"{subset}-raw-{diagnosis}-{_number_text(fields['raw'])}"
    return recording


def patient_columns(fields: Mapping[str, str]) -> dict[str, object]:
    """Metadata, diagnosis and murmur; null where the appendix says nothing.

    ``height`` is in cm, ``weight`` in kg, ``age_years`` in years; ``age`` is CirCor's age band, or Adult.
    ``murmur`` is what a listener noted (training-b only): weak and strong are Present, unclear is Unknown.
    """
    years = _number(fields.get("age"))
    murmur = _number(fields.get("murmur"))
    return {
        "sex": _SEX.get(fields.get("sex", "")),
        "age": None if years is None else age_band(years),
        "age_years": years,
        "height": _number(fields.get("height")),
        "weight": _number(fields.get("weight")),
        "diagnosis": fields.get("diagnosis") or None,
        "murmur": None if murmur is None else _MURMUR.get(murmur),
    }


def _number(text: str | None) -> float | None:
    """A number above zero, or None."""
    number = float(text) if text and re.fullmatch(r"\d{1,9}(\.\d*)?", text) else math.nan
    return number if number > 0 else None


def _number_text(text: str) -> str:
    return text.removesuffix(".0")
