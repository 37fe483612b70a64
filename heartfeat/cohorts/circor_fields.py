"""CirCor's fields: which exist, what they may hold, and how they are called in a cohort.

Values as in Oliveira et al. 2022, "The CirCor DigiScope Dataset", and the PhysioNet Challenge 2022.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from heartfeat.errors import CohortError
from heartfeat.messages import shorten

SITES = ("AV", "PV", "TV", "MV", "Phc")
"""Auscultation sites: aortic, pulmonary, tricuspid, mitral valve; Phc is any other place."""

PATIENT_FIELD = "Patient ID"
LOCATIONS_FIELD = "Recording locations"
RELATED_FIELD = "Additional ID"

_CHARACTERS = {
    "shape": ("Crescendo", "Decrescendo", "Diamond", "Plateau"),
    "pitch": ("Low", "Medium", "High"),
    "quality": ("Blowing", "Harsh", "Musical"),
}
_SYSTOLIC = {
    "timing": ("Early-systolic", "Mid-systolic", "Late-systolic", "Holosystolic"),
    "shape": _CHARACTERS["shape"],
    "grading": ("I/VI", "II/VI", "III/VI", "IV/VI", "V/VI", "VI/VI"),
    "pitch": _CHARACTERS["pitch"],
    "quality": _CHARACTERS["quality"],
}
_DIASTOLIC = {
    "timing": ("Early-diastolic", "Mid-diastolic", "Late-diastolic", "Holodiastolic"),
    "shape": _CHARACTERS["shape"],
    "grading": ("I/IV", "II/IV", "III/IV", "IV/IV"),
    "pitch": _CHARACTERS["pitch"],
    "quality": _CHARACTERS["quality"],
}


def _murmur_fields(
    phase: str, vocabulary: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Field name -> (column name, values); the field "grading" becomes the column "grade"."""
    return {
        f"{phase} murmur {name}": (f"{phase.lower()}_{'grade' if name == 'grading' else name}", values)
        for name, values in vocabulary.items()
    }


CHOICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "Age": ("age", ("Neonate", "Infant", "Child", "Adolescent", "Young adult")),
    "Sex": ("sex", ("Female", "Male")),
    "Pregnancy status": ("pregnant", ("True", "False")),
    "Murmur": ("murmur", ("Present", "Unknown", "Absent")),
    "Outcome": ("outcome", ("Abnormal", "Normal")),
    "Most audible location": ("most_audible", SITES),
    **_murmur_fields("Systolic", _SYSTOLIC),
    **_murmur_fields("Diastolic", _DIASTOLIC),
}
"""Fields with a fixed vocabulary: field -> (column, values)."""

FIELDS = (
    PATIENT_FIELD,
    LOCATIONS_FIELD,
    "Age",
    "Sex",
    "Height",
    "Weight",
    "Pregnancy status",
    "Murmur",
    "Murmur locations",
    "Most audible location",
    *_murmur_fields("Systolic", _SYSTOLIC),
    *_murmur_fields("Diastolic", _DIASTOLIC),
    "Outcome",
    "Campaign",
    RELATED_FIELD,
)
"""Every field, in the order of the published table."""

# A file name has to hold the id, a site and a suffix.
_ID = re.compile(r"[^\s_/\\]{1,100}")
# pandas writes a column of ids as floats as soon as one is missing: 50379.0.
_WHOLE = re.compile(r"([0-9]+)\.0*")
_NUMBER = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class SourceRow:
    """One patient's fields as text, with the file and the line of each for messages."""

    file: str
    values: Mapping[str, str]
    lines: Mapping[str, int]

    def text(self, field: str) -> str | None:
        """The field's text; empty and ``nan`` are null."""
        value = self.values[field].strip()
        return None if value.lower() in ("", "nan") else value

    def error(self, field: str, message: str) -> CohortError:
        """A CohortError that names file and line."""
        return CohortError(f"{self.file}, line {self.lines[field]}: {field} {message}")

    def choice(self, field: str, values: tuple[str, ...]) -> str | None:
        """The field's value, which must be one of ``values`` or null."""
        value = self.text(field)
        if value is not None and value not in values:
            raise self.error(
                field, f"is {shorten(value)}; expected {', '.join(values)}, or nan where it is not known"
            )
        return value

    def sites(self, field: str) -> list[str]:
        """The sites of a field such as ``AV+PV+AV``, repeats kept."""
        names = (self.text(field) or "").split("+")
        sites = [name.strip() for name in names if name.strip()]
        for site in sites:
            if site not in SITES:
                raise self.error(
                    field,
                    f"names the site {shorten(site)}, which does not exist; sites are {', '.join(SITES)}",
                )
        return sites

    def positive(self, field: str) -> float | None:
        """The field's value, which must be a number above zero or null."""
        value = self.text(field)
        if value is None:
            return None
        number = float(value) if _NUMBER.fullmatch(value) else math.nan
        if not (math.isfinite(number) and number > 0):
            raise self.error(
                field, f"is {shorten(value)}; expected a number above 0, or nan where it is not known"
            )
        return number

    def patient(self) -> str:
        """The patient's id."""
        return self._checked_id(PATIENT_FIELD, self.text(PATIENT_FIELD) or "")

    def related(self) -> str | None:
        """The other id of the same person, where there is one."""
        value = self.text(RELATED_FIELD)
        return None if value is None else self._checked_id(RELATED_FIELD, value)

    def _checked_id(self, field: str, value: str) -> str:
        """An id as files are named by it; ``50379.0`` is the id ``50379``."""
        value = _WHOLE.sub(r"\1", value) if _WHOLE.fullmatch(value) else value
        if not _ID.fullmatch(value) or not value.isprintable():
            raise self.error(
                field,
                f"is {shorten(value)}; expected an id of up to 100 characters without spaces, slashes, underscores "
                "and characters that cannot be seen",
            )
        if _NUMBER.fullmatch(value) and not value.isdigit():
            raise self.error(field, f"is {shorten(value)}; an id that is a number has digits alone")
        return value


def patient_columns(row: SourceRow) -> dict[str, object]:
    """Metadata and labels of one patient by column name, checked.

    Raises
    ------
    CohortError
        When a label is unknown, a number is none or a site does not exist; names file and line.
    """
    columns: dict[str, object] = {
        column: row.choice(field, values) for field, (column, values) in CHOICES.items()
    }
    pregnant = columns["pregnant"]
    columns["pregnant"] = None if pregnant is None else pregnant == "True"
    columns["height"] = row.positive("Height")
    columns["weight"] = row.positive("Weight")
    columns["campaign"] = row.text("Campaign")
    columns["murmur_locations"] = "+".join(row.sites("Murmur locations")) or None
    return columns
