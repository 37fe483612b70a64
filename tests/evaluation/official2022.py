"""The table of the PhysioNet Challenge 2022's scorer, and its conventions for untidy answers."""

import numpy as np

from heartfeat.evaluation import confusion as matrices
from heartfeat.evaluation.challenge2022 import challenge_cost
from heartfeat.evaluation.ranking import auprc, auroc


def challenge_scores(task, labels, scores, decisions, outcome):
    """All scores of the table; ``<score>_classes`` are lists in class order, NaN where undefined."""
    confusion = matrices.confusion_matrix(labels, decisions, len(task.classes))
    per_class = {
        "auroc": np.array([auroc(labels == c, scores[:, c]) for c in range(len(task.classes))]),
        "auprc": np.array([auprc(labels == c, scores[:, c]) for c in range(len(task.classes))]),
        "f_measure": matrices.f_measure(confusion),
    }
    table = {}
    for name, values in per_class.items():
        table[name] = float(matrices.mean_over_classes(values))
        table[f"{name}_classes"] = values.tolist()
    table["accuracy"] = float(matrices.accuracy(confusion))
    table["accuracy_classes"] = matrices.sensitivity(confusion).tolist()
    table["weighted_accuracy"] = float(matrices.weighted_accuracy(confusion, np.array(task.worth)))
    table["cost"] = float(challenge_cost(task, decisions, outcome))
    return table


def read_indicators(classes, columns, rows):
    """Class codes from one 0/1 column per class, 0 where it is missing; none or several positives: the first class."""
    positive = read_scores(classes, columns, rows) == 1
    return np.where(positive.sum(axis=1) == 1, np.argmax(positive, axis=1), 0)


def read_scores(classes, columns, rows):
    """Scores per class, ``(P, C)`` float64: missing columns and non-numbers are 0, infinities stay."""
    scores = np.zeros((len(rows), len(classes)))
    for code, name in enumerate(classes):
        if name in columns:
            column = list(columns).index(name)
            scores[:, code] = [_number(row[column]) for row in rows]
    return scores


def _number(value):
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return 0.0 if np.isnan(number) else number
