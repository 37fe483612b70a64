"""Whom of a cohort the backbones of feature sets have met in their own training."""

from collections.abc import Sequence

from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.feature_sets import PlannedSet

SO = "heads that are tested on them look better than they are"


def familiar(sets: Sequence[PlannedSet], cohort: Cohort) -> list[str]:
    """One line per feature set and training that met any of the cohort's patients."""
    persons = dict(cohort.patients.select("patient", "person").iter_rows())
    lines = []
    for planned in sets:
        for training in planned.spec.trained_on:
            met = len(training.met(cohort.name, persons))
            if met:
                whom = f"patients of {cohort.name}"
                lines.append(training.sentence(planned.spec.name, met, len(persons), whom, SO))
    return lines
