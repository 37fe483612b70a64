"""Scores per site: what the heads make of single recordings from each listening point."""

import polars as pl

from heartfeat.evaluation.bootstrap import bootstrap_intervals
from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.groups import FEWEST, groups_schema
from heartfeat.evaluation.recordings import recording_probabilities
from heartfeat.evaluation.scores import score
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
    rows = [
        {"by": "site", "group": name[0], **_judge(task, members)}
        for name, members in sorted(sites, key=lambda item: (-item[1].height, str(item[0][0])))
    ]
    return pl.DataFrame(rows, schema=groups_schema()).with_columns(pl.selectors.float().fill_nan(None))


def _judge(task: Task, members: pl.DataFrame) -> dict[str, float]:
    row: dict[str, float] = {
        "patients": members["patient"].n_unique(),
        "recordings": members.height,
        "positives": int((members["label"] == task.classes[0]).sum()),
    }
    if members.height < FEWEST:
        return row
    probabilities = recording_probabilities(members, task)
    labels = encode_labels(task, members["label"])
    judged = labels, probabilities, decide(task, probabilities, "argmax")
    values, intervals = score(task, *judged), bootstrap_intervals(task, *judged, members["person"].to_list())
    for name in SCORES:
        row |= {name: values[name], f"{name}_low": intervals[name].low, f"{name}_high": intervals[name].high}
    return row
