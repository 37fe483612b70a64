"""heartfeat segment"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


def segment(
    recordings: Annotated[list[Path], typer.Argument(help="Wav or flac files, or folders of them.")],
    out: Annotated[Path, typer.Option(help="Folder for the tsv files.")] = Path("segmentation"),
    automatic: Annotated[
        bool, typer.Option("--automatic", help="Do not use annotations (.tsv) beside the recordings.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace tsv files that are there.")] = False,
) -> "pl.DataFrame":
    """Find S1, systole, S2 and diastole in recordings, and write a tsv file of each as CirCor has them.

    A line is start (s), end (s) and state (1 S1, 2 systole, 3 S2, 4 diastole), with tabs between. Where such a file
    lies beside a recording, what it says stands, and states are found for the rest. A recording that cannot be
    used, or whose annotation cannot, is skipped and reported.

    Returns
    -------
    table
        A row per recording: ``recording``, ``path``, ``annotation`` (the file written), ``duration`` (s),
        ``beats``, ``heart_rate`` (beats/min, mean), ``reason`` (why it was skipped).

    Raises
    ------
    ConfigError
        When there is nothing to segment, two recordings have one name, or a file would be replaced unasked.
    """
    import polars as pl

    from heartfeat.commands.progress import show_progress

    files = _find(recordings)
    targets = [out / f"{file.stem}.tsv" for file in files]
    _check_targets(files, targets, overwrite)
    rows = []
    with show_progress() as update:
        for number, (file, target) in enumerate(zip(files, targets, strict=True), start=1):
            rows.append({"recording": file.stem, "path": str(file), **_segment_file(file, target, automatic)})
            update("segmented", number, len(files))
    schema = {
        **dict.fromkeys(("recording", "path", "annotation"), pl.String),
        **{"duration": pl.Float64, "beats": pl.Int64, "heart_rate": pl.Float64, "reason": pl.String},
    }
    return pl.DataFrame(rows, schema=schema)


def _find(recordings: Sequence[Path]) -> list[Path]:
    from heartfeat.errors import ConfigError
    from heartfeat.signals import AUDIO_SUFFIXES

    found: list[Path] = []
    for path in recordings:
        inside = sorted(path.iterdir()) if path.is_dir() else []
        found += [file for file in inside if file.suffix.lower() in AUDIO_SUFFIXES] or [path]
    if not found or any(path.is_dir() for path in found):
        raise ConfigError(
            f"no wav or flac files in {', '.join(map(str, recordings))}; name files or their folder"
        )
    return found


def _check_targets(files: Sequence[Path], targets: Sequence[Path], overwrite: bool) -> None:
    from heartfeat.errors import ConfigError

    twice = [name for name, count in Counter(file.stem for file in files).items() if count > 1]
    if twice:
        raise ConfigError(
            f"several recordings are named {twice[0]}; segment them into different folders (--out)"
        )
    there = [target for target in targets if target.exists()]
    if there and not overwrite:
        raise ConfigError(f"{there[0]} is there already; name another folder (--out), or give --overwrite")


def _segment_file(file: Path, target: Path, automatic: bool) -> dict[str, Any]:
    from heartfeat.errors import RecordingError
    from heartfeat.signals.recording import read_recording
    from heartfeat.signals.segmentation import S1, cardiac_states, onsets, read_annotation, write_annotation

    beside = file.with_suffix(".tsv")
    try:
        recording = read_recording(file)
        annotation = read_annotation(beside) if beside.is_file() and not automatic else None
    except RecordingError as error:
        return {"reason": str(error)}
    states = cardiac_states(recording.samples, recording.sample_rate, annotation)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_annotation(target, states)
    beats = onsets(states, S1)
    return {
        "annotation": str(target),
        "duration": recording.duration,
        "beats": len(beats),
        "heart_rate": _heart_rate(beats),
    }


def _heart_rate(beats: "np.ndarray") -> float | None:
    """Mean beats per minute; None where there are not two beats."""
    return 60 * (len(beats) - 1) / float(beats[-1] - beats[0]) if len(beats) > 1 else None
