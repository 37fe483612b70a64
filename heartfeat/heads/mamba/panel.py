"""Several networks that judge together, and the small model that weighs what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heartfeat.heads.combiner import Combiner
from heartfeat.heads.patient_evidence import patient_evidence


@dataclass(frozen=True)
class Said:
    """What networks say of some patients, view by view.

    Attributes
    ----------
    patients
        ``(views, patients, classes)`` probabilities of the patient classifier, or None where it was not trained.
    recordings
        ``(views, recordings, classes)`` probabilities, or None where recordings were not trained on.
    """

    patients: np.ndarray | None
    recordings: np.ndarray | None

    def evidence(self, patient_of: np.ndarray) -> np.ndarray:
        """``(views, patients, classes - 1, columns)`` of `patient_evidence`."""
        some = self.recordings if self.recordings is not None else self.patients
        assert some is not None
        return np.stack(
            [
                patient_evidence(
                    None if self.recordings is None else self.recordings[view],
                    None if self.patients is None else self.patients[view],
                    patient_of,
                )
                for view in range(len(some))
            ]
        )


def mean_said(all_said: Sequence[Said]) -> Said:
    """The mean over networks."""
    return Said(_mean([said.patients for said in all_said]), _mean([said.recordings for said in all_said]))


def _mean(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return np.mean(known, axis=0) if known else None


def gathered(parts: Sequence[tuple[np.ndarray, np.ndarray, Said]], patients: int, recordings: int) -> Said:
    """What was said of parts of the patients, as one.

    Parameters
    ----------
    parts
        Bool masks ``(patients,)`` and ``(recordings,)`` of a part, and what was said of it.
    patients, recordings
        Numbers of all.
    """

    def fill(masks: Sequence[np.ndarray], said: Sequence[np.ndarray | None], count: int) -> np.ndarray | None:
        if said[0] is None:
            return None
        whole = np.zeros((len(said[0]), count, said[0].shape[2]))
        for mask, part in zip(masks, said, strict=True):
            whole[:, mask] = part
        return whole

    return Said(
        fill([part[0] for part in parts], [part[2].patients for part in parts], patients),
        fill([part[1] for part in parts], [part[2].recordings for part in parts], recordings),
    )


def weigh(combiner: Combiner, evidence: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """``(views, patients, classes)`` probabilities."""
    return np.stack([combiner.predict(view, quality) for view in evidence])
