"""A sweep: propose settings, judge them on validation patients, keep the table, until there is nothing left to try."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from heartfeat.progress import DetailedProgress
from heartfeat.training.sweep_score import LOWER_IS_BETTER, SweepJob
from heartfeat.training.sweep_search import Search
from heartfeat.training.sweep_trials import Trial, best_trial, load_trials, save_trials, trial_table
from heartfeat.training.sweep_workers import run_here, run_in_processes


def run_sweep(
    job: SweepJob,
    search: Search,
    devices: Sequence[str],
    folder: Path,
    save_best: Callable[[Trial], None],
    progress: DetailedProgress,
) -> tuple[pl.DataFrame, Trial | None]:
    """Run a sweep from where its table in ``folder`` stands to its end.

    Parameters
    ----------
    devices
        One entry per trial at a time; a single one is worked on in this process.
    save_best
        Called with every trial that is better than those before it, and with the best at the start.

    Returns
    -------
    table, best
        See :func:`heartfeat.training.sweep_trials.trial_table`; no best trial where none has a score.
    """
    lower = job.score in LOWER_IS_BETTER
    done, folds = load_trials(folder), list(job.folds)

    def next_trial(running: Sequence[Trial]) -> Trial | None:
        taken = {trial.number for trial in (*done, *running)}
        number = next(number for number in itertools.count() if number not in taken)
        settings = search.propose(number, done, running)
        return None if settings is None else Trial(number, settings)

    def report() -> None:
        best = best_trial(done, lower_is_better=lower)
        told = "" if best is None else f"best {job.score} {best.score:.3f}"
        progress("trials", len(done), search.total(len(done)), told)

    def finished(trial: Trial) -> None:
        before = best_trial(done, lower_is_better=lower)
        done.append(trial)
        save_trials(trial_table(done, folds), folder)
        best = best_trial(done, lower_is_better=lower)
        if best is not None and best is not before:
            save_best(best)
        report()

    best = best_trial(done, lower_is_better=lower)
    if best is not None:
        save_best(best)
    report()
    if len(devices) == 1:
        run_here(job, devices[0], next_trial, finished)
    else:
        run_in_processes(job, devices, next_trial, finished)
    return trial_table(done, folds), best_trial(done, lower_is_better=lower)
