"""Recordings to learn from: decoded and preprocessed once, all in memory, with the states of the cardiac cycle."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from heartfeat.backbones.preprocessing import Preprocessing, preprocess
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cores import end_idle_processes, end_with
from heartfeat.errors import ConfigError, RecordingError, SplitError
from heartfeat.progress import Progress
from heartfeat.signals.recording import read_recording
from heartfeat.signals.segmentation import segment

SHORTEST_SECONDS = 1.0
"""A recording that is shorter teaches nothing of a heart (s)."""

AT_A_TIME = 16
"""Recordings that a process decodes in one go."""


class Source(NamedTuple):
    """One recording to be read.

    Attributes
    ----------
    cohort, patient, person, recording
        Who and what it is.
    path
        Its file.
    """

    cohort: str
    patient: str
    person: str
    recording: str
    path: str


@dataclass(frozen=True)
class Sounds:
    """Preprocessed recordings, end to end.

    Attributes
    ----------
    sources
        One per recording.
    samples
        ``(samples,)`` float16 at ``sample_rate``; recording ``r`` owns ``offsets[r]:offsets[r + 1]``.
    offsets
        ``(recordings + 1,)`` int64.
    states
        ``(frames,)`` uint8 states of the cardiac cycle at 50 Hz, by the automatic segmenter.
    state_offsets
        ``(recordings + 1,)`` int64.
    sample_rate
        In Hz.
    skipped
        Recordings that could not be used, by reason.
    """

    sources: tuple[Source, ...]
    samples: np.ndarray
    offsets: np.ndarray
    states: np.ndarray
    state_offsets: np.ndarray
    sample_rate: int
    skipped: dict[str, int]

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def hours(self) -> float:
        """Length of all of them."""
        return len(self.samples) / self.sample_rate / 3600

    def of(self, recording: int) -> np.ndarray:
        """``(samples,)`` float16 of one recording."""
        return self.samples[self.offsets[recording] : self.offsets[recording + 1]]

    def states_of(self, recording: int) -> np.ndarray:
        """``(frames,)`` uint8 states of one recording."""
        return self.states[self.state_offsets[recording] : self.state_offsets[recording + 1]]


def list_sources(cohort: Cohort, leave_out: Path | None = None) -> list[Source]:
    """The recordings of a cohort, but those of people who are tested in the split file ``leave_out``.

    Raises
    ------
    ConfigError
        When the cohort has no files, or its recordings lie elsewhere.
    SplitError
        When the split file is damaged, or names nobody or everybody.
    """
    if "path" not in cohort.recordings.columns:
        raise ConfigError(
            f"the cohort {cohort.name} names no files of its recordings; give the dataset's folder"
        )
    kept_out: set[str] = set()
    if leave_out is not None:
        tested = tested_patients(leave_out)
        there = cohort.patients.filter(cohort.patients["patient"].is_in(list(tested)))
        if there.is_empty():
            raise SplitError(f"none of the test patients of {leave_out} is in the cohort {cohort.name}")
        kept_out = set(there["person"].to_list())
        if kept_out >= set(cohort.patients["person"].to_list()):
            raise SplitError(
                f"{leave_out} tests everybody of the cohort {cohort.name}, as splits into folds do: nobody is left to "
                "learn from; name the split of one holdout, or a file with the one fold that you will judge"
            )
    return [
        Source(cohort.name, row["patient"], row["person"], row["recording"], row["path"])
        for row in cohort.recordings.iter_rows(named=True)
        if row["person"] not in kept_out and row["path"] is not None
    ]


def tested_patients(path: Path) -> set[str]:
    """Ids in every list called ``test``, wherever it stands in a split file.

    Raises
    ------
    SplitError
        When the file cannot be read or has no such list.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SplitError(f"{path} cannot be read: {error}") from error
    found = set(_tested(tree))
    if not found:
        raise SplitError(f"{path} has no list of patients called 'test'")
    return found


def _tested(node: object) -> list[str]:
    if isinstance(node, list):
        return [one for part in node for one in _tested(part)]
    if not isinstance(node, dict):
        return []
    test = node.get("test")
    own = (
        [str(one) for one in test if isinstance(one, str | int)] if isinstance(test, list) else _tested(test)
    )
    return own + [one for key, part in node.items() if key != "test" for one in _tested(part)]


def read_sounds(
    sources: Sequence[Source],
    to: Preprocessing,
    jobs: int,
    progress: Progress,
    segmented: bool = True,
) -> Sounds:
    """Decode, preprocess and segment recordings, ``jobs`` at a time; what cannot be used is counted by reason.

    Parameters
    ----------
    segmented
        Whether to find the states of the cardiac cycle; without, there are none.

    Raises
    ------
    ConfigError
        When none can be used.
    """
    from joblib import Parallel, delayed

    parts = [sources[start : start + AT_A_TIME] for start in range(0, len(sources), AT_A_TIME)]
    work = (delayed(_read_part)(os.getpid(), [one.path for one in part], to, segmented) for part in parts)
    read: list[_Read | str] = []
    for part in Parallel(n_jobs=jobs, backend="loky", return_as="generator")(work):
        read += part
        progress("reading recordings", len(read), len(sources))
    end_idle_processes()
    skipped: dict[str, int] = {}
    for one in read:
        if isinstance(one, str):
            skipped[one] = skipped.get(one, 0) + 1
    usable = [(source, one) for source, one in zip(sources, read, strict=True) if not isinstance(one, str)]
    if not usable:
        raise ConfigError(f"none of {len(sources)} recordings can be used: {skipped}")
    return Sounds(
        sources=tuple(source for source, _ in usable),
        samples=np.concatenate([one.samples for _, one in usable]),
        offsets=np.cumsum([0, *(len(one.samples) for _, one in usable)]),
        states=np.concatenate([one.states for _, one in usable]),
        state_offsets=np.cumsum([0, *(len(one.states) for _, one in usable)]),
        sample_rate=to.sample_rate,
        skipped=skipped,
    )


class _Read(NamedTuple):
    samples: np.ndarray
    states: np.ndarray


def _read_part(program: int, paths: Sequence[str], to: Preprocessing, segmented: bool) -> list[_Read | str]:
    end_with(program)
    return [_read_one(path, to, segmented) for path in paths]


def _read_one(path: str, to: Preprocessing, segmented: bool) -> _Read | str:
    """A recording, or the reason why it cannot be used."""
    try:
        recording = read_recording(path)
        if recording.duration < SHORTEST_SECONDS:
            return "too short to learn from"
        samples = preprocess(recording.samples, recording.sample_rate, to)
        states = (
            segment(recording.samples, recording.sample_rate) if segmented else np.empty(0, dtype=np.uint8)
        )
        return _Read(samples.astype(np.float16), states)
    except RecordingError as error:
        return error.reason
