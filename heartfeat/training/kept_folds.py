"""What an unfinished run keeps: its finished folds, and a checkpoint of the one under way."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heartfeat.errors import RunError
from heartfeat.heads.head import HeadState, Prediction
from heartfeat.locks import held
from heartfeat.messages import differences
from heartfeat.training.saved_heads import load_state, save_state


@dataclass(frozen=True)
class KeptFold:
    """A fold that was finished before its run was."""

    state: HeadState
    valid_prediction: Prediction
    prediction: Prediction
    history: list[dict[str, float]]
    seconds: float


@dataclass(frozen=True)
class KeptFolds:
    """The folder of an unfinished run.

    Attributes
    ----------
    folder
        ``.<name>.partial`` beside the run's own folder.
    """

    folder: Path

    def checkpoint(self, fold: int) -> Path:
        """Where the training of a fold is kept between epochs."""
        return self.folder / f"fold{fold}.safetensors"

    def has(self, fold: int) -> bool:
        """Whether a fold is finished."""
        return (self.folder / f"fold{fold}").exists()

    def save(self, fold: int, kept: KeptFold, made_of: Mapping[str, Any]) -> None:
        """Keep a finished fold; its checkpoint is no longer needed."""
        from safetensors.numpy import save_file

        beside = self.folder / f"fold{fold}.new"
        shutil.rmtree(beside, ignore_errors=True)
        save_state(kept.state, beside / "head")
        said = {"valid": kept.valid_prediction, "test": kept.prediction}
        arrays = {name: array for side, one in said.items() for name, array in _arrays(side, one).items()}
        save_file(arrays, beside / "predictions.safetensors")
        told = {"made_of": made_of, "history": kept.history, "seconds": kept.seconds}
        (beside / "fold.json").write_text(json.dumps(told), encoding="utf-8")
        beside.rename(self.folder / f"fold{fold}")
        for checkpoint in self.folder.glob(f"fold{fold}[.-]*safetensors"):
            checkpoint.unlink()

    def load(self, fold: int, made_of: Mapping[str, Any]) -> KeptFold | None:
        """A finished fold, or None where it was not finished.

        Raises
        ------
        RunError
            When it is damaged, or was fitted with other settings or on other patients or features.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        folder = self.folder / f"fold{fold}"
        if not self.has(fold):
            return None
        try:
            told = json.loads((folder / "fold.json").read_text(encoding="utf-8"))
            arrays = load_file(folder / "predictions.safetensors")
            valid, test = (_prediction(side, arrays) for side in ("valid", "test"))
            found, history, seconds = told["made_of"], told["history"], told["seconds"]
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise RunError(
                f"{folder} cannot be read ({error}); give --overwrite in place of --resume to begin anew"
            ) from error
        if found != made_of:
            raise RunError(
                f"fold {fold} of the unfinished run was fitted on something else: "
                f"{'; '.join(differences(found, made_of))}. Go on with what it was begun with, or give --overwrite "
                "in place of --resume to begin anew"
            )
        return KeptFold(load_state(folder / "head"), valid, test, history, seconds)


def _arrays(side: str, said: Prediction) -> dict[str, np.ndarray]:
    arrays = {f"{side}.patients": said.patients}
    if said.recordings is not None:
        arrays[f"{side}.recordings"] = said.recordings
    arrays |= {f"{side}.extra.{name}": array for name, array in said.extra.items()}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _prediction(side: str, arrays: Mapping[str, np.ndarray]) -> Prediction:
    under = f"{side}.extra."
    extra = {name.removeprefix(under): array for name, array in arrays.items() if name.startswith(under)}
    return Prediction(arrays[f"{side}.patients"], arrays.get(f"{side}.recordings"), extra)


def unfinished(run: Path) -> Path:
    """The folder that keeps what an unfinished run has, beside the run's own."""
    return run.with_name(f".{run.name}.partial")


@contextlib.contextmanager
def keeping_folds(run: Path, resume: bool, overwrite: bool = False) -> Iterator[KeptFolds]:
    """Keep folds until the run is done; what was kept goes when the block ends well.

    Parameters
    ----------
    run
        Folder that the finished run will have.
    resume
        Go on from what an earlier attempt kept, where there is any.
    overwrite
        Without ``resume``, throw away what an earlier attempt kept.

    Raises
    ------
    RunError
        When another process is fitting a run of that name, or an earlier attempt kept something and neither ``resume``
        nor ``overwrite`` says what to do with it.
    """
    folder = unfinished(run)
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder):
        if not (resume or overwrite):
            check_not_begun(run)
        if not resume:
            _empty(folder)
        try:
            yield KeptFolds(folder)
        except BaseException as error:
            if not any(folder.glob("fold*")):
                shutil.rmtree(folder, ignore_errors=True)
            elif isinstance(error, KeyboardInterrupt):
                raise interrupted(run.name) from None
            raise
        shutil.rmtree(folder, ignore_errors=True)


def check_not_begun(run: Path) -> None:
    """Refuse to begin a run that an earlier attempt has begun.

    Raises
    ------
    RunError
        Names what is kept of it.
    """
    kept = [path for path in unfinished(run).glob("fold*") if path.suffix != ".new"]
    if kept:
        folds = sum(path.is_dir() for path in kept)
        found = [f"{folds} finished fold{'s' * (folds != 1)}"] if folds else []
        found += ["a checkpoint"] if folds < len(kept) else []
        raise RunError(
            f"an unfinished run {run.name} is kept: {' and '.join(found)}; --resume goes on from there, --overwrite "
            "begins anew, another --name leaves it"
        )


def interrupted(name: str) -> KeyboardInterrupt:
    """The interrupt that says how to go on with what was begun under that name."""
    return KeyboardInterrupt(f"run the same command with --name {name} --resume to go on from here")


def is_being_fitted(run: Path) -> bool:
    """Whether some process is fitting a run of that name now."""
    folder = unfinished(run)
    if not folder.exists():
        return False
    try:
        with _held(folder):
            return False
    except RunError:
        return True


def _held(folder: Path) -> contextlib.AbstractContextManager[None]:
    refusal = RunError(
        f"another process is fitting the run that {folder} belongs to; wait for it, or give another --name"
    )
    return held(folder / "held", refusal)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "held":
            path.unlink()
