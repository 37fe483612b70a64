"""A run on disk: one fitted head per fold, predictions, scores, and where they came from."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from heartfeat.errors import RunError
from heartfeat.messages import nearest
from heartfeat.replace import interrupted, is_there, recover, replacing
from heartfeat.stores.store import Store
from heartfeat.training.kept_folds import is_being_fitted

RUN_FORMAT = 4


@dataclass(frozen=True)
class RunRecord:
    """What ``run.json`` says of a run.

    Attributes
    ----------
    cohort
        Name of the cohort.
    features
        Per feature set, the explicit dict ("core") that its key is the digest of.
    split_digest
        SHA-256 of the split that was used.
    split_by
        Column of the patients table that a leave-one-out split went by; None for any other split.
    seen
        Per fold, the persons that the head was trained or stopped on.
    seconds
        Per fold, wall-clock seconds of fitting.
    versions
        Versions of heartfeat and of the libraries that shape the result.
    shared_persons
        Persons on two sides of the split; empty unless that was allowed.
    left_out
        Patients of the store that took no part: in no fold, or without a usable recording (at the site that was
        left out, where one was).
    recordings
        How many recordings of the store could be used; None for an ensemble.
    protocol
        What heads were shown, where that is not all there is; see :class:`heartfeat.training.protocol.Protocol`.
    trained_on
        Per fold, how many ``patients`` and ``persons`` the head was trained on.
    computed
        On what kind of ``device`` and in what ``precision`` the heads were fitted.
    members
        Folders of the runs that an ensemble averages, relative to its own folder, and the SHA-256 of their
        ``run.json``; a run with members has no heads of its own.
    met_before
        Per fold, the test patients whom backbones met in their own training, see
        :class:`heartfeat.training.met_before.Met`; empty where none did.
    """

    name: str
    head: str
    task: str
    features: Mapping[str, Mapping[str, Any]]
    views: list[str]
    settings: Mapping[str, Any]
    store: str
    cohort_digest: str
    split_digest: str
    seen: list[list[str]]
    seconds: list[float]
    versions: Mapping[str, str]
    shared_persons: list[str]
    left_out: list[str]
    cohort: str = ""
    protocol: Mapping[str, Any] = field(default_factory=dict)
    trained_on: list[dict[str, int]] = field(default_factory=list)
    computed: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    met_before: list[list[dict[str, Any]]] = field(default_factory=list)
    split_by: str | None = None
    recordings: int | None = None

    def fold_folders(self, run: Path) -> list[Path]:
        """The folders that hold this run's heads."""
        return [run / f"fold{number}" for number in range(len(self.seen))]


def new_run_name(runs: Path, wanted: str) -> str:
    """``wanted``, or the first of ``wanted-2``, ``wanted-3``, ... that is not taken nor being fitted."""
    name, number = wanted, 1
    while is_there(runs / name, RunError) or is_being_fitted(runs / name):
        number += 1
        name = f"{wanted}-{number}"
    return name


@contextlib.contextmanager
def writing_run(folder: Path, overwrite: bool = False) -> Iterator[Path]:
    """A folder beside ``folder`` to write a run into; renamed at the end, removed when anything fails.

    Raises
    ------
    RunError
        When ``folder`` exists and may not be replaced, or the disk refuses.
    """
    with replacing(folder, RunError) as beside:
        beside.mkdir()
        yield beside
        if folder.exists() and not overwrite:
            raise RunError(f"{folder} exists; give the run another --name, or --overwrite to replace it")


@contextlib.contextmanager
def updating_run(folder: Path) -> Iterator[Path]:
    """A folder to write new versions of a run's files into; they take the old ones' places at the end, or none does."""
    beside = folder / f".new-{os.getpid()}"
    beside.mkdir()
    try:
        yield beside
        for path in beside.iterdir():
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_same_cohort(record: RunRecord, store: Store) -> None:
    """Refuse a store of another cohort than the one that a run was fitted on.

    Raises
    ------
    RunError
        When the digests of the two cohorts differ.
    """
    if store.attrs.get("cohort_digest", "") != record.cohort_digest:
        raise RunError(
            f"the run {record.name} was fitted off {record.store}, and {store.uri} holds another cohort, or that one "
            "with other patients or labels; name the run's own store with --store, or fit again"
        )


def record_digest(folder: Path) -> str:
    """SHA-256 of a run's ``run.json``, which every fit writes anew."""
    return hashlib.sha256((folder / "run.json").read_bytes()).hexdigest()


def load_members(record: RunRecord, run: Path) -> list[tuple[Path, RunRecord]]:
    """Folder and record of every run that the ensemble in the folder ``run`` averages.

    Raises
    ------
    RunError
        When a member is gone, or was fitted again since.
    """
    members = []
    for place, digest in record.members.items():
        folder = Path(os.path.normpath(run / place))
        try:
            members.append((folder, load_record(folder)))
        except RunError as error:
            raise RunError(f"the ensemble {record.name} needs its members: {error}") from error
        if record_digest(folder) != digest:
            raise RunError(
                f"the run {folder.name} was fitted again since the ensemble {record.name} was made of it; "
                "make the ensemble again"
            )
    return members


def save_record(record: RunRecord, folder: Path) -> None:
    """Write ``run.json`` into ``folder``."""
    text = json.dumps({"format": RUN_FORMAT, **asdict(record)}, indent=2)
    (folder / "run.json").write_text(text + "\n", encoding="utf-8")


def load_record(folder: Path) -> RunRecord:
    """Read ``run.json`` of a run folder.

    Raises
    ------
    RunError
        When ``folder`` is not a run, or one of another format.
    """
    recover(folder, RunError)
    try:
        raw = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = [path.name for path in list_runs(folder.parent)]
        raise RunError(
            f"there is no run {folder.absolute()}; {nearest(folder.name, known)}Runs there: "
            f"{', '.join(known) or 'none'}"
        ) from None
    except (OSError, ValueError) as error:
        raise RunError(f"{folder / 'run.json'} cannot be read: {error}") from error
    if not isinstance(raw, dict) or raw.pop("format", None) != RUN_FORMAT:
        raise RunError(f"{folder / 'run.json'} is not of run format {RUN_FORMAT}; fit the head again")
    try:
        return RunRecord(**raw)
    except TypeError as error:
        raise RunError(f"{folder / 'run.json'} is damaged: {error}") from error


def list_runs(runs: Path) -> list[Path]:
    """All finished run folders under ``runs``, oldest first."""
    for name in interrupted(runs):
        recover(runs / name, RunError)
    found = [path.parent for path in runs.glob("*/run.json") if not path.parent.name.startswith(".")]
    return sorted(found, key=lambda path: ((path / "run.json").stat().st_mtime_ns, path.name))
