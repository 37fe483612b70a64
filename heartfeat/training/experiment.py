"""One head over all folds of a split, off one store."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version

from pydantic import BaseModel

from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.folds import Splits
from heartfeat.cohorts.split_check import check_splits
from heartfeat.errors import ConfigError, SplitError
from heartfeat.heads.registry import head_class, make_head
from heartfeat.progress import Progress
from heartfeat.stores.schema import canonical_json
from heartfeat.stores.store import Store
from heartfeat.tasks.task import Task
from heartfeat.training.cross_validation import FittedFold, fit_folds
from heartfeat.training.examples import load_examples
from heartfeat.training.fitting import IN_ORDER, Fitting
from heartfeat.training.met_before import met_by_fold
from heartfeat.training.protocol import EVERYTHING, Protocol
from heartfeat.training.runs import RUN_FORMAT, RunRecord
from heartfeat.training.validation_scores import ValidationScores
from heartfeat.version import __version__

LIBRARIES = ("lightgbm", "numpy", "scikit-learn", "torch", "transformers")


@dataclass(frozen=True)
class Experiment:
    """Fitted folds and the record of how they came about."""

    record: RunRecord
    folds: list[FittedFold]


def stored_cohort(store: Store) -> Cohort:
    """The cohort that a store was extracted from, without its files."""
    return Cohort(str(store.attrs.get("cohort", "")), store.recordings, store.patients)


def run_experiment(
    store: Store,
    head: BaseModel,
    features: Sequence[str],
    views: Sequence[str],
    task: Task,
    find_splits: Callable[[Cohort], Splits],
    *,
    name: str,
    allow_shared_persons: bool = False,
    protocol: Protocol = EVERYTHING,
    fitting: Fitting = IN_ORDER,
    progress: Progress,
) -> Experiment:
    """Fit a head on every fold and predict its test patients.

    Parameters
    ----------
    head
        Settings of the head.
    features
        Feature sets to use.
    views
        Views to train on and to average over, the clean one first.
    find_splits
        Gives the split of a cohort.
    name
        Name of the run.
    allow_shared_persons
        Go on although a person is on two sides, and say so in the record.
    protocol
        What of the data heads are shown.
    fitting
        How the folds are fitted.

    Raises
    ------
    SplitError
        When the split does not fit the store, tests a patient twice, or people cross and may not.
    StoreError
        When the store lacks a feature set or a view.
    """
    if not features:
        raise ConfigError("name at least one feature set")
    cohort = stored_cohort(store)
    splits = find_splits(cohort)
    crossing = check_splits(splits, cohort, allow_shared_persons=allow_shared_persons)
    _check_tested_once(splits)
    kind = str(head.model_dump()["kind"])
    computed = fitting.made_of(head_class(kind))
    progress("reading features", 0, 1)
    examples = load_examples(store, features, views, task, tokens=head_class(kind).uses_tokens)
    progress("reading features", 1, 1)
    protocol.check(examples.recordings)
    fitting = replace(fitting, score=fitting.score or ValidationScores(task))
    versions = library_versions()
    settings = head.model_dump(mode="json")
    made_of = {"format": RUN_FORMAT, "settings": settings, "versions": versions}
    folds = fit_folds(examples, splits, lambda number: make_head(head), progress, protocol, fitting, made_of)
    split = {patient for fold in splits.folds for side in fold.sides().values() for patient in side}
    met = met_by_fold(store, features, [fold.test.patients["patient"].to_list() for fold in folds])
    taking_part = split & set(protocol.to_test(examples).patients["patient"])
    record = RunRecord(
        name=name,
        head=kind,
        task=task.name,
        features={name: store.features(name).attrs["core"] for name in features},
        views=list(views),
        settings=settings,
        store=store.uri,
        cohort=cohort.name,
        cohort_digest=str(store.attrs.get("cohort_digest", "")),
        split_digest=split_digest(splits),
        seen=[list(fold.seen) for fold in folds],
        seconds=[round(fold.seconds, 3) for fold in folds],
        versions=versions,
        shared_persons=crossing,
        left_out=[patient for patient in cohort.patients["patient"] if patient not in taking_part],
        protocol=protocol.as_json(),
        trained_on=[fold.trained_on for fold in folds],
        computed=computed,
        met_before=met if any(met) else [],
        split_by=splits.by,
        recordings=len(examples.recordings),
    )
    return Experiment(record, folds)


def _check_tested_once(splits: Splits) -> None:
    tested = Counter(patient for fold in splits.folds for patient in fold.test)
    twice = [patient for patient, count in tested.items() if count > 1]
    if twice:
        raise SplitError(
            f"{len(twice)} patients are tested by several folds, first {twice[0]}, and would count several times "
            "in one score; give splits that overlap one file each, and fit once per file"
        )


def split_digest(splits: Splits) -> str:
    """What tells a split from others: the patients on every side of every fold."""
    return sha256(canonical_json([fold.sides() for fold in splits.folds]).encode()).hexdigest()


def library_versions() -> dict[str, str]:
    """Versions of heartfeat and of the libraries that a fitted head depends on."""
    return {"heartfeat": __version__, **{library: version(library) for library in LIBRARIES}}
