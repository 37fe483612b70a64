"""From evidence on a patient to the patient's probabilities: one yes-or-no question per class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from heartfeat.heads.linear_model import LinearModel

PENALTY = 0.002
"""Of `LinearModel`, where there are patients enough."""

FEW = 0.75
"""Over the number of patients, the penalty where they are few: fifty of them cannot bear a dozen columns of quality.

At 45 training persons of CirCor, 0.016 in the place of 0.002 is worth 0.06 of weighted accuracy and 0.03 of AUROC.
"""

FEWEST = 5
"""Patients on either side of a question without whom evidence is believed as it is.

Of fewer, each is judged by models that hardly know its class, so that those who have it are said to have it least: a
regression turns the evidence round (1 % of the persons of CirCor: AUROC of Present 0.26, as it is 0.74).
"""


@dataclass(frozen=True)
class Combiner:
    """Nested dichotomies (Fox, "Applied regression analysis and generalized linear models", ch. 14): is it the first
    class, and if not, is it the second, and so on, in the task's order, the most urgent class first.

    The quality of the recordings bears on every question but the first: it tells what cannot be judged, and says
    nothing of the class that doctors look for. In a multinomial model, where all questions share the columns, quality
    cost the first class 0.01 of AUROC on CirCor.

    Attributes
    ----------
    questions
        Models of two classes, yes and no; one less than there are classes.
    """

    questions: tuple[LinearModel, ...]

    @classmethod
    def fit(cls, evidence: np.ndarray, quality: np.ndarray, labels: np.ndarray, classes: int) -> Self:
        """Fit every question on the patients that it is asked of, under all views alike.

        Parameters
        ----------
        evidence, quality
            ``(views, n, classes - 1, columns)``: what speaks for and against the answer to each question, as log odds;
            and ``(n, columns)``, of which there may be none. All finite.
        labels
            ``(n,)`` class codes.
        classes
            Number of classes, 2 or more.
        """
        questions = []
        for code in range(classes - 1):
            asked = labels >= code
            rows = np.concatenate([_rows(view, quality, code)[asked] for view in evidence])
            answers = np.tile((labels[asked] != code).astype(np.int64), len(evidence))
            fewest = min((labels[asked] == code).sum(), (labels[asked] != code).sum())
            if 0 < fewest < FEWEST and rows.shape[1] == evidence.shape[3]:
                questions.append(_as_it_is(rows.shape[1]))
                continue
            penalty = max(PENALTY, FEW / max(1, asked.sum()))
            questions.append(LinearModel.fit(rows, answers, 2, penalty))
        return cls(tuple(questions))

    def predict(self, evidence: np.ndarray, quality: np.ndarray) -> np.ndarray:
        """Probabilities ``(n, classes)`` float64 under one view, rows sum to 1."""
        left = np.ones(len(evidence))
        columns = []
        for code, question in enumerate(self.questions):
            yes, no = question.predict(_rows(evidence, quality, code)).T
            columns.append(left * yes)
            left = left * no
        return np.stack([*columns, left], axis=1)

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """The fields by name, each behind ``prefix``."""
        named = [question.arrays(f"{prefix}{code}.") for code, question in enumerate(self.questions)]
        return {name: array for arrays in named for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], prefix: str, classes: int) -> Self:
        """The combiner that `arrays` described."""
        return cls(tuple(LinearModel.from_arrays(arrays, f"{prefix}{code}.") for code in range(classes - 1)))


def _as_it_is(columns: int) -> LinearModel:
    """The mean of the columns as the log odds of yes."""
    return LinearModel(np.stack([np.full(columns, 1 / columns), np.zeros(columns)]), np.zeros(2))


def _rows(evidence: np.ndarray, quality: np.ndarray, code: int) -> np.ndarray:
    asked = evidence[:, code]
    return asked if code == 0 else np.concatenate([asked, quality], axis=1)
