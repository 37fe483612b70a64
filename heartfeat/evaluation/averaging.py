"""The predictions of several runs, averaged patient by patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from heartfeat.evaluation.calibrators import Method, fit_calibrator
from heartfeat.evaluation.four_ways import FourWays
from heartfeat.evaluation.predictions import PREFIX
from heartfeat.evaluation.recordings import CLEAN
from heartfeat.evaluation.results import table_of
from heartfeat.evaluation.run_calibration import FoldCalibration
from heartfeat.evaluation.views import spread
from heartfeat.tasks import Task, encode_labels


@dataclass(frozen=True)
class Averaged:
    """The mean over runs, before it is calibrated itself.

    Attributes
    ----------
    patients
        ``patient`` and ``person``, one row per patient that any run speaks of.
    mean_view, clean
        ``(P, C)`` mean of the runs' calibrated probabilities, of the mean over views and of the clean one alone.
    view_spread
        ``(P,)`` mean of the runs' spreads over views.
    member_spread
        ``(P,)`` how far the runs disagree, see :func:`heartfeat.evaluation.views.spread`; NaN where one speaks alone.
    """

    patients: pl.DataFrame
    mean_view: np.ndarray
    clean: np.ndarray
    view_spread: np.ndarray
    member_spread: np.ndarray

    def calibrated(self, calibration: FoldCalibration) -> FourWays:
        """The mean with and without views and the calibration of an ensemble."""
        return FourWays(
            calibrated=calibration.mean_view.apply(self.mean_view),
            raw=self.mean_view,
            clean=calibration.clean_view.apply(self.clean),
            clean_raw=self.clean,
        )


def average(
    patients: Sequence[pl.DataFrame], ways: Sequence[FourWays], view_spreads: Sequence[np.ndarray]
) -> Averaged:
    """Average runs, each patient over those that speak of it.

    Parameters
    ----------
    patients
        Per run ``patient`` and ``person``, in the order of its arrays.
    ways
        Per run, each field ``(P, C)``.
    view_spreads
        Per run ``(P,)``.
    """
    everyone = pl.concat([part.select("patient", "person") for part in patients]).unique(
        "patient", keep="first", maintain_order=True
    )
    row = {patient: number for number, patient in enumerate(everyone["patient"])}
    rows = [np.array([row[patient] for patient in part["patient"]], dtype=np.int64) for part in patients]

    def stacked(arrays: Sequence[np.ndarray]) -> np.ndarray:
        whole = np.full((len(arrays), len(everyone), *arrays[0].shape[1:]), np.nan)
        for member, array in enumerate(arrays):
            whole[member, rows[member]] = array
        return whole

    said = stacked([way.calibrated for way in ways])
    there = np.isfinite(said[:, :, 0])
    between = spread(np.nan_to_num(said), there / there.sum(axis=0))
    return Averaged(
        patients=everyone,
        mean_view=np.nanmean(said, axis=0),
        clean=np.nanmean(stacked([way.clean for way in ways]), axis=0),
        view_spread=np.nanmean(stacked(view_spreads), axis=0),
        member_spread=np.where(there.sum(axis=0) > 1, between, np.nan),
    )


def average_tables(task: Task, tables: Sequence[pl.DataFrame], fold: int) -> Averaged:
    """Average the rows of one fold of several prediction tables."""
    parts = [table.filter(pl.col("fold") == fold) for table in tables]
    ways = [FourWays.from_table(part, task) for part in parts]
    return average(parts, ways, [part["view_spread"].to_numpy() for part in parts])


def calibrate_average(task: Task, method: Method, valid: Averaged, labels: pl.Series) -> FoldCalibration:
    """Fit the calibrators of one fold of an ensemble on its averaged validation patients.

    Parameters
    ----------
    labels
        Class names of the validation patients, in the order of ``valid.patients``.
    """
    codes = encode_labels(task, labels)
    return FoldCalibration(
        mean_view=fit_calibrator(method, codes, valid.mean_view),
        clean_view=fit_calibrator(method, codes, valid.clean),
    )


def averaged_table(task: Task, averaged: Averaged, fold: int, calibration: FoldCalibration) -> pl.DataFrame:
    """A prediction table without labels, with a column ``member_spread`` (null where one run speaks alone)."""
    patients, persons = (averaged.patients[column].to_list() for column in ("patient", "person"))
    ways = averaged.calibrated(calibration)
    table = table_of(task, patients, persons, fold, ways, averaged.view_spread)
    return table.with_columns(pl.Series("member_spread", averaged.member_spread).fill_nan(None))


def average_recordings(task: Task, tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The mean of several tables of recordings, each recording over the runs that speak of it."""
    columns = [f"{prefix}{name}" for prefix in (PREFIX, CLEAN) for name in task.classes]
    first = [name for name in tables[0].columns if name not in ("recording", "fold", *columns)]
    together = pl.concat([table.select(tables[0].columns) for table in tables])
    means = together.group_by("recording", "fold", maintain_order=True).agg(
        pl.col(first).first(), pl.col(columns).mean()
    )
    return means.sort("fold", maintain_order=True).select(tables[0].columns)
