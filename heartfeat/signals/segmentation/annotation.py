"""Annotated cardiac cycles: tab-separated start (s), end (s) and state, as CirCor publishes them."""

from pathlib import Path

import numpy as np

from heartfeat.errors import RecordingError
from heartfeat.messages import shorten
from heartfeat.signals.segmentation.states import FRAME_RATE, STATES, frame_count, intervals

_TOLERANCE = 1 / FRAME_RATE
_LARGEST_BYTES = 1 << 24


def read_annotation(path: str | Path) -> np.ndarray:
    """Read an annotation.

    As published, a few of CirCor's files hold a row twice, rows of no length, or neighbours that overlap by
    a millisecond or two. A row that is there twice counts once, one of no length not at all, and overlaps up
    to one frame (20 ms) pass.

    Parameters
    ----------
    path
        A ``.tsv`` file without a header: start (s), end (s) and state (0 unannotated, 1 S1, 2 systole, 3 S2,
        4 diastole) per line.

    Returns
    -------
    annotation
        ``(rows, 3)`` float64 in order of time. There may be gaps.

    Raises
    ------
    RecordingError
        With the reason ``"bad annotation"``: the file cannot be read, or a line of it is not an interval;
        names the line.
    """
    path = Path(path)
    rows = []
    for number, line in enumerate(_lines(path), start=1):
        if line.strip() and (row := _interval(line, f"{path.name}, line {number}")) is not None:
            rows.append(row)
    if not rows:
        return np.empty((0, 3))
    annotation = np.unique(np.asarray(rows, dtype=np.float64), axis=0)
    overlap = annotation[:-1, 1] - annotation[1:, 0]
    if (overlap > _TOLERANCE).any():
        at = int(np.argmax(overlap))
        first, second = (f"{start:g} to {end:g} s" for start, end, _ in annotation[at : at + 2])
        raise _bad(f"{path.name}: the intervals {first} and {second} overlap; each moment has one state")
    return annotation


def write_annotation(path: str | Path, states: np.ndarray) -> None:
    """Write states at 50 Hz, ``(frames,)`` uint8, as an annotation that :func:`read_annotation` reads."""
    rows = [f"{start:g}\t{end:g}\t{state:.0f}\n" for start, end, state in intervals(states)]
    Path(path).write_text("".join(rows), encoding="ascii")


def annotated_states(annotation: np.ndarray, duration: float) -> np.ndarray:
    """The state at the middle of each frame.

    Parameters
    ----------
    annotation
        ``(rows, 3)`` from :func:`read_annotation`; what goes beyond the recording does not count.
    duration
        Of the recording (s).

    Returns
    -------
    states
        ``(frames,)`` uint8, 0 where nothing is annotated.
    """
    frames = frame_count(duration)
    states = np.zeros(frames, dtype=np.uint8)
    if not len(annotation):
        return states
    middle = (np.arange(frames) + 0.5) / FRAME_RATE
    row = np.searchsorted(annotation[:, 0], middle, side="right") - 1
    inside = (row >= 0) & (middle < annotation[np.maximum(row, 0), 1])
    states[inside] = annotation[row[inside], 2].astype(np.uint8)
    return states


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise _bad(f"{path.name} is larger than any annotation; is it another file?")
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise _bad(f"{path} cannot be read: {error}") from error


def _interval(line: str, where: str) -> tuple[float, float, float] | None:
    """A line's start (s), end (s) and state; None for one of no length."""
    fields = line.split("\t")
    try:
        start, end, state = (_number(field) for field in fields)
    except ValueError:
        raise _bad(f"{where}: expected start, end and state with tabs between, got {line[:80]!r}") from None
    if not (0 <= start <= end < np.inf):
        raise _bad(
            f"{where}: {start:g} to {end:g} s is no interval; end must not be before start, nor start before 0"
        )
    if start == end:
        return None
    if state not in range(len(STATES)):
        raise _bad(
            f"{where}: the state {shorten(fields[2].strip())} does not exist; states are 0 to {len(STATES) - 1}"
        )
    return start, end, state


def _number(field: str) -> float:
    # float() alone would take 1_0 for ten, and digits of other scripts.
    if "_" in field or not field.isascii():
        raise ValueError(field)
    return float(field)


def _bad(detail: str) -> RecordingError:
    return RecordingError("bad annotation", detail)
