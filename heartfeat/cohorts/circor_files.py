"""Find CirCor's recordings by file name, and the ones that a table lists without a file."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from heartfeat.cohorts.audio_files import audio_files
from heartfeat.cohorts.circor_fields import LOCATIONS_FIELD, SITES, SourceRow
from heartfeat.errors import CohortError

_NAME = re.compile(r"(?P<patient>[^_]+)_(?P<site>[^_]+)(?:_(?P<number>\d+))?")


@dataclass(frozen=True)
class RecordingFile:
    """One recording's file, which need not exist."""

    patient: str
    site: str
    number: int
    path: Path

    @property
    def order(self) -> tuple[int, int, str]:
        """Sort key within a patient: site in the order of ``SITES``, then number."""
        return SITES.index(self.site), self.number, self.path.stem


def find_files(folder: Path, patients: Collection[str], table: str) -> dict[str, list[RecordingFile]]:
    """Every wav and FLAC file of a folder, by patient.

    Raises
    ------
    CohortError
        When a file name is not ``<patient>_<site>[_n]``, its site does not exist, its patient is not in
        ``patients`` (read from the file ``table``), or two files are one recording.
    """
    found: dict[str, list[RecordingFile]] = {}
    for path in audio_files(folder).values():
        file = _parse_name(path)
        if file.patient not in patients:
            raise CohortError(
                f"{path} is a recording of patient {file.patient!r}, who is not in {table}; add the "
                "patient or move the file away"
            )
        found.setdefault(file.patient, []).append(file)
    return found


def _parse_name(path: Path) -> RecordingFile:
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise CohortError(
            f"{path}: expected a file name such as 13918_AV{path.suffix} or 13918_AV_2{path.suffix}"
        )
    if match["site"] not in SITES:
        raise CohortError(
            f"{path}: names the site {match['site']!r}, which does not exist; sites are {', '.join(SITES)}"
        )
    return RecordingFile(match["patient"], match["site"], int(match["number"] or 0), path)


def with_listed(
    row: SourceRow, found: Sequence[RecordingFile], folder: Path, suffix: str
) -> list[RecordingFile]:
    """A patient's files in order, with those that ``row`` lists and that are not there."""
    patient = row.patient()
    files = list(found)
    for site, listed in Counter(row.sites(LOCATIONS_FIELD)).items():
        present = {file.path.stem for file in found if file.site == site}
        numbers = [0] if listed == 1 else list(range(1, listed + 1))
        names = {
            number: f"{patient}_{site}_{number}" if number else f"{patient}_{site}" for number in numbers
        }
        absent = [number for number in numbers if names[number] not in present]
        # As many as the list is short of: a file under a name we did not expect is still one of them.
        for number in absent[: max(0, listed - len(present))]:
            files.append(RecordingFile(patient, site, number, folder / f"{names[number]}{suffix}"))
    return sorted(files, key=lambda file: file.order)
