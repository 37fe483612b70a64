"""Predict with the heads of a run, or of the runs of an ensemble, each patient by heads that never saw that person."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from heartfeat.errors import RunError
from heartfeat.evaluation.averaging import average
from heartfeat.evaluation.four_ways import FourWays
from heartfeat.evaluation.run_calibration import load_calibration
from heartfeat.evaluation.views import average_views, spread
from heartfeat.heads.head import Head, Prediction
from heartfeat.heads.registry import head_class
from heartfeat.progress import Progress
from heartfeat.stores.store import Store
from heartfeat.tasks import get_task
from heartfeat.training.examples import load_examples
from heartfeat.training.extra_labels import CLASSES
from heartfeat.training.feature_keys import check_feature_keys
from heartfeat.training.protocol import Protocol
from heartfeat.training.runs import RunRecord, load_members
from heartfeat.training.saved_heads import load_state


@dataclass(frozen=True)
class EnsemblePrediction:
    """The mean over heads.

    Attributes
    ----------
    patients
        ``patient`` and ``person``, one row per patient that could be predicted.
    ways
        Probabilities with and without views and calibration. Each head is calibrated by itself before the mean.
    view_spread
        ``(patients,)`` how far the views disagree, see :func:`heartfeat.evaluation.views.average_views`.
    fold_spread
        ``(patients,)`` the same between the folds' calibrated probabilities; NaN where a single fold speaks.
    member_spread
        ``(patients,)`` the same between the runs of an ensemble, NaN where a single one speaks; None for a plain run.
    heads
        ``(patients,)`` how many heads were averaged.
    seen
        ``(patients,)`` bool: every head had been trained on that person, so the prediction is not an independent one.
    other_tasks
        A column ``<task>:<class>`` per class of every other task that the heads learned beside, one row per patient:
        the mean over views and heads, not calibrated. No columns where there are none, nor for an ensemble.
    """

    patients: pl.DataFrame
    ways: FourWays
    view_spread: np.ndarray
    fold_spread: np.ndarray
    member_spread: np.ndarray | None
    heads: np.ndarray
    seen: np.ndarray
    other_tasks: pl.DataFrame


@dataclass(frozen=True)
class _Said:
    """What a run says of patients, fold by fold.

    Attributes
    ----------
    heads
        ``(patients,)`` heads that speak in each fold.
    other_tasks
        As in :class:`EnsemblePrediction`, over all folds.
    """

    patients: pl.DataFrame
    folds: list[FourWays]
    view_spread: np.ndarray
    member_spread: np.ndarray | None
    heads: np.ndarray
    other_tasks: pl.DataFrame = field(default_factory=pl.DataFrame)


def predict_with_run(record: RunRecord, run: Path, store: Store, progress: Progress) -> EnsemblePrediction:
    """Average the run's heads over the patients of a store, leaving out, per patient, heads that saw the person.

    Where every head saw a person, all are averaged and the patient is marked as seen. The members of an ensemble are
    averaged fold by fold, and every fold calibrated as the ensemble was.

    Raises
    ------
    RunError
        When a head, the calibration or a member of the run is missing or damaged, or the store has no usable recording
        at the one site that a head predicts.
    FeatureKeyError
        When the store's features are not those that the heads were fitted on; names what differs.
    """
    said = _say(record, run, store, record.seen, progress)
    use, seen = _in_use(record.seen, said.patients)
    weights = use / use.sum(axis=0)
    calibrated = np.stack([fold.calibrated for fold in said.folds])
    return EnsemblePrediction(
        patients=said.patients,
        ways=FourWays.mean(said.folds, weights),
        view_spread=said.view_spread,
        fold_spread=np.where(use.sum(axis=0) > 1, spread(calibrated, weights), np.nan),
        member_spread=said.member_spread,
        heads=use.sum(axis=0) * said.heads,
        seen=seen,
        other_tasks=said.other_tasks,
    )


def _say(
    record: RunRecord, run: Path, store: Store, seen: Sequence[Sequence[str]], progress: Progress
) -> _Said:
    if record.members:
        return _members_say(record, run, store, seen, progress)
    check_feature_keys(record.features, store)
    task, protocol = get_task(record.task), Protocol(**record.protocol)
    tokens = head_class(record.head).uses_tokens
    examples = load_examples(store, list(record.features), record.views, task, tokens=tokens)
    shown = protocol.to_test(examples).without_labels()
    if not len(shown.patients):
        raise RunError(
            f"{record.name} predicts recordings at the site {protocol.leave_out_site} alone, which it left out, and no "
            f"usable recording of {store.uri} is from there"
        )
    heads = [_load_head(record, folder) for folder in record.fold_folders(run)]
    told = []
    for done, head in enumerate(heads):
        progress(f"predicting with {record.name}", done, len(heads))
        told.append(head.predict(shown))
    progress(f"predicting with {record.name}", len(heads), len(heads))
    said = np.stack([one.patients for one in told])
    weights = _weights(seen, shown.patients)
    return _Said(
        patients=shown.patients.select("patient", "person"),
        folds=[
            FourWays.of(one, shown.views, calibration)
            for one, calibration in zip(said, load_calibration(run, len(heads)), strict=True)
        ],
        view_spread=average_views((said * weights[:, None, :, None]).sum(axis=0), shown.views)[1],
        member_spread=None,
        heads=np.ones(len(shown.patients), dtype=np.int64),
        other_tasks=_other_tasks(told, shown.views, weights),
    )


def _other_tasks(told: Sequence[Prediction], views: Sequence[str], weights: np.ndarray) -> pl.DataFrame:
    """Columns ``<task>:<class>``; ``weights`` is ``(heads, patients)`` and sums to 1 over heads."""
    columns = dict[str, np.ndarray]()
    for name in sorted(told[0].extra.keys() & CLASSES.keys()):
        of_heads = np.stack([average_views(one.extra[name], views)[0] for one in told])
        mean = np.einsum("hp,hpc->pc", weights, of_heads)
        columns |= {f"{name}:{label}": said for label, said in zip(CLASSES[name], mean.T, strict=True)}
    return pl.DataFrame(columns)


def _members_say(
    record: RunRecord, run: Path, store: Store, seen: Sequence[Sequence[str]], progress: Progress
) -> _Said:
    members = [_say(member, folder, store, seen, progress) for folder, member in load_members(record, run)]
    patients, spreads = [said.patients for said in members], [said.view_spread for said in members]
    by_fold = [
        average(patients, fold, spreads) for fold in zip(*(said.folds for said in members), strict=True)
    ]
    counts = pl.concat(
        said.patients.with_columns(heads=pl.Series(said.heads, dtype=pl.Int64)) for said in members
    )
    heads = counts.group_by("patient", maintain_order=True).agg(pl.col("heads").sum())["heads"].to_numpy()
    means = [FourWays.mean(said.folds, _weights(seen, said.patients)) for said in members]
    return _Said(
        patients=by_fold[0].patients,
        folds=[
            fold.calibrated(calibration)
            for fold, calibration in zip(by_fold, load_calibration(run, len(by_fold)), strict=True)
        ],
        view_spread=by_fold[0].view_spread,
        member_spread=average(patients, means, spreads).member_spread,
        heads=heads,
    )


def _load_head(record: RunRecord, folder: Path) -> Head:
    state = load_state(folder)
    try:
        return head_class(record.head).from_state(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise RunError(f"the saved head in {folder} is damaged ({error!r}); fit it again") from error


def _weights(seen: Sequence[Sequence[str]], patients: pl.DataFrame) -> np.ndarray:
    """``(folds, patients)`` what each fold counts for, summing to 1 over folds."""
    use, _ = _in_use(seen, patients)
    return use / use.sum(axis=0)


def _in_use(seen: Sequence[Sequence[str]], patients: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """``(folds, patients)`` bool: the fold has a say; ``(patients,)`` bool: every fold saw the person."""
    known = [set(fold) for fold in seen]
    unseen = np.array([[person not in fold for person in patients["person"]] for fold in known])
    everywhere = np.logical_not(unseen.any(axis=0))
    return np.logical_or(unseen, everywhere), everywhere
