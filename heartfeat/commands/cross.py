"""heartfeat cross"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption

if TYPE_CHECKING:
    import polars as pl

    from heartfeat.evaluation.results import Results


@dataclass(frozen=True)
class CrossEvaluation:
    """What a run is worth on another cohort.

    Attributes
    ----------
    folder
        Where predictions, scores and groups were written.
    label_map
        Class of the run's task -> class of the task that it was judged by.
    hidden
        Patients, by class, that were not scored because no class of the run is mapped to theirs.
    silent
        Patients without a usable recording.
    met_before
        What is to be said of patients whom a backbone met in its own training.
    """

    folder: Path
    run: str
    store: str
    task: str
    label_map: dict[str, str]
    results: "Results"
    groups: "pl.DataFrame"
    predictions: "pl.DataFrame"
    hidden: dict[str, int]
    silent: int
    met_before: list[str]


def cross(
    run: Annotated[str, typer.Option(help="Run that was fitted on one cohort.")],
    on: Annotated[str, typer.Option(help="Store of the other cohort, with the same feature sets.")],
    task: Annotated[str | None, typer.Option(help="Task of the other cohort [default: the run's].")] = None,
    map: Annotated[
        str | None,
        typer.Option(
            help='Which class is which, such as "Present=Abnormal, Unknown=Abnormal, Absent=Normal".'
        ),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> CrossEvaluation:
    """Judge a run on another cohort, by that cohort's labels.

    The heads predict every patient of the other store; probabilities of classes that become one are summed. Scores,
    with intervals and with the clean view alone, predictions and scores per group go to runs/RUN/on-STORE-TASK/.

    Raises
    ------
    ConfigError
        When a class of the run is mapped to nothing, or a name in the map is no class.
    RunError
        When there is no such run, no patient of the store has a label, or none of its recordings is from the site that
        the run left out.
    FeatureKeyError
        When the store's features are not those that the heads were fitted on; names what differs.
    """
    from heartfeat.commands.common import run_at
    from heartfeat.commands.predict import predict
    from heartfeat.config import load_config
    from heartfeat.evaluation.groups import group_scores
    from heartfeat.evaluation.label_map import parse_label_map
    from heartfeat.evaluation.predictions import load_predictions
    from heartfeat.evaluation.results import judge
    from heartfeat.evaluation.tables import with_labels
    from heartfeat.evaluation.transfer import hide_unreachable, judged_by, mapped_predictions
    from heartfeat.stores import open_store
    from heartfeat.tasks import get_task
    from heartfeat.training.met_before import warnings_of_store
    from heartfeat.training.runs import load_record

    folder = run_at(load_config(config, set or ()), run, config)
    record = load_record(folder)
    source = get_task(record.task)
    target = get_task(task or source.name)
    label_map = parse_label_map(map, source, target)
    said = predict(run=run, store=on, config=config, set=set)
    deciding = judged_by(source, target, label_map, load_predictions(folder)["label"].to_list())
    with open_store(on) as opened:
        patients, cohort_digest = opened.patients, str(opened.attrs.get("cohort_digest", ""))
        met_before = warnings_of_store(opened, record.features)
    mapped = mapped_predictions(source, deciding, label_map, said)
    labelled = with_labels(mapped, patients, target.patient_label)
    predictions, hidden = hide_unreachable(target, label_map, labelled)
    result = CrossEvaluation(
        folder=folder / f"on-{Path(on).stem}-{target.name}",
        run=folder.name,
        store=on,
        task=target.name,
        label_map=label_map,
        results=judge(target, predictions, patients),
        groups=group_scores(target, predictions, patients),
        predictions=predictions,
        hidden=hidden,
        silent=said["decision"].null_count(),
        met_before=met_before,
    )
    _write(result, cohort_digest, deciding.worth)
    return result


def _write(result: CrossEvaluation, cohort_digest: str, worth: tuple[float, ...]) -> None:
    import json

    from heartfeat.evaluation.groups import save_groups
    from heartfeat.evaluation.predictions import save_predictions
    from heartfeat.evaluation.results import save_results
    from heartfeat.training.runs import writing_run

    about = {
        "run": result.run,
        "store": result.store,
        "cohort_digest": cohort_digest,
        "task": result.task,
        "map": result.label_map,
        "worth": list(worth),
        "seen": int(result.predictions["seen"].sum()),
        "not_scored": result.hidden,
        "without_recording": result.silent,
        "met_before": result.met_before,
    }
    with writing_run(result.folder, overwrite=True) as beside:
        (beside / "cross.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        save_predictions(result.predictions, beside)
        save_results(result.results, beside)
        save_groups(result.groups, beside)
