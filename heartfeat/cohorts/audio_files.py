"""The audio files of one folder, by the name that they carry."""

import os
from collections.abc import Collection
from pathlib import Path

from heartfeat.errors import CohortError
from heartfeat.signals import AUDIO_SUFFIXES


def audio_files(folder: Path) -> dict[str, Path]:
    """Every wav and FLAC file of ``folder`` by its stem, sorted; none where there is no such folder.

    Raises
    ------
    CohortError
        When two files have the same stem.
    """
    found: dict[str, Path] = {}
    # Names are sorted before they become paths: there are tens of thousands, and most are no audio.
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():  # noqa: PTH208
        if not name.lower().endswith(AUDIO_SUFFIXES) or name.startswith("."):
            continue
        path = folder / name
        if path.stem in found:
            raise CohortError(
                f"the recording {path.stem!r} is there twice: {found[path.stem]} and {path}; keep one"
            )
        found[path.stem] = path
    return found


def check_all_listed(files: dict[str, Path], listed: Collection[str], table: Path) -> None:
    """Refuse files that no row of the dataset's table is about: their label is not known.

    Raises
    ------
    CohortError
        Names the first such file.
    """
    stray = [path for stem, path in files.items() if stem not in listed]
    if stray:
        raise CohortError(f"{stray[0]} is not listed in {table}; add its row or move the file away")
