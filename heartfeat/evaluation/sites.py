"""Scores per site: what the heads make of single recordings from each listening point."""

import polars as pl

from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.groups import groups_table, judge_group
from heartfeat.evaluation.predictions import PredictionArrays
from heartfeat.evaluation.recordings import recording_probabilities
from heartfeat.tasks import Task, encode_labels

SCORES = ("uar", "auroc", "accuracy")


def site_scores(task: Task, recordings: pl.DataFrame) -> pl.DataFrame:
    """Score the recordings of each site by themselves.

    Parameters
    ----------
    recordings
        Predictions for recordings with labels, see :mod:`heartfeat.evaluation.recordings`; those without a label
        take no part. A recording is what is most probable for it.

    Returns
    -------
    table
        Rows as :func:`heartfeat.evaluation.groups.group_scores` gives them, by ``site``: ``patients`` with a
        labelled recording there, ``recordings``, ``positives`` (recordings of the task's first class), ``uar``,
        ``auroc`` and ``accuracy`` with intervals; no scores for sites with fewer than 10 recordings.
    """
    sites = recordings.drop_nulls("label").group_by("site")
    return groups_table(
        [
            {
                "by": "site",
                "group": name[0],
                "patients": members["patient"].n_unique(),
                "recordings": members.height,
                **judge_group(task, _arrays(task, members), SCORES),
            }
            for name, members in sorted(sites, key=lambda item: (-item[1].height, str(item[0][0])))
        ]
    )


def _arrays(task: Task, recordings: pl.DataFrame) -> PredictionArrays:
    probabilities = recording_probabilities(recordings, task)
    return PredictionArrays(
        persons=recordings["person"].to_list(),
        labels=encode_labels(task, recordings["label"]),
        decisions=decide(task, probabilities, "argmax"),
        probabilities=probabilities,
    )
