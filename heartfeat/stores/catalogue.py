"""The stores in a folder."""

from dataclasses import dataclass
from pathlib import Path

from heartfeat.errors import StoreError
from heartfeat.replace import interrupted, recover
from heartfeat.stores.location import SUFFIXES
from heartfeat.stores.store import open_store


@dataclass(frozen=True)
class StoreEntry:
    """One store of a folder.

    Attributes
    ----------
    path
        Where it is.
    container
        ``"zarr"`` or ``"hdf5"``.
    size
        Bytes on disk.
    patients, recordings
        How many it has; None where it cannot be read.
    features
        Views of each feature set.
    created
        When it was first written (ISO 8601), or None.
    problem
        Why it cannot be read, or None.
    """

    path: Path
    container: str
    size: int
    patients: int | None = None
    recordings: int | None = None
    features: dict[str, tuple[str, ...]] | None = None
    created: str | None = None
    problem: str | None = None


def list_stores(folder: str | Path) -> list[StoreEntry]:
    """Every store that lies in a folder, by name; stores that cannot be read come with the reason.

    Raises
    ------
    StoreError
        When there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StoreError(f"there is no folder {folder}; name the one that your stores are in")
    return [_look_into(folder / name) for name in sorted(_names(folder))]


def _names(folder: Path) -> set[str]:
    """Names that stores may have, those included whose replacement was interrupted and is finished by a look."""
    shown = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    return {name for name in shown | interrupted(folder) if Path(name).suffix.lower() in SUFFIXES}


def _look_into(path: Path) -> StoreEntry:
    container = SUFFIXES[path.suffix.lower()]
    recover(path, StoreError)
    files = path.rglob("*") if path.is_dir() else [path]
    size = sum(file.stat().st_size for file in files if file.is_file())
    try:
        with open_store(path) as store:
            return StoreEntry(
                path,
                container,
                size,
                patients=len(store.patient_offsets) - 1,
                recordings=int(store.patient_offsets[-1]),
                features={name: store.features(name).views for name in store.feature_sets},
                created=str(store.attrs["created"]) if "created" in store.attrs else None,
            )
    except StoreError as error:
        return StoreEntry(path, container, size, problem=str(error))
