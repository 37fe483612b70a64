"""Printing the results of commands; each function gives the exit code."""

from typing import TYPE_CHECKING, Any

from heartfeat.commands import cells
from heartfeat.commands.cells import COMPARED
from heartfeat.commands.show_scores import members, other_tasks, selective, variants_and_rules

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from rich.table import Table

    from heartfeat.cohorts.cohort import Cohort
    from heartfeat.cohorts.splits import Splits
    from heartfeat.commands.demo import Demo
    from heartfeat.commands.evaluate import Evaluation
    from heartfeat.commands.fit import Fitted
    from heartfeat.config import Config
    from heartfeat.extraction.summary import ExtractionSummary

OK = 0
SOME_SKIPPED = 3
SHOWN_RECORDINGS = SHOWN_PATIENTS = 20


def config(written: "Config", config: "Path") -> int:
    """What `init` wrote, and where, and what comes next: without labels, predicting alone."""
    from heartfeat.commands.common import read_cohort
    from heartfeat.tasks import labelled_tasks

    found = read_cohort(written)
    cohort(found)
    after = "fit --head logistic" if labelled_tasks(found.patients) else "predict --run RUN"
    option = "" if str(config) == "heartfeat.yaml" else f" --config {config}"
    print(f"{config} is written; next: heartfeat extract{option}, then heartfeat {after}{option}")
    return OK


def cohort(found: "Cohort") -> int:
    """How many patients, persons and recordings, and their labels."""
    from pathlib import Path

    from heartfeat.tasks import TASKS

    patients, recordings = found.patients, found.recordings
    shared = patients.height - patients["person"].n_unique()
    print(
        f"{found.name}: {patients.height} patients ({patients['person'].n_unique()} persons; "
        f"{shared} ids are a person seen before), {recordings.height} recordings"
    )
    missing = sum(not Path(path).is_file() for path in recordings["path"])
    if missing:
        print(f"  {missing} of {recordings.height} recordings have no file")
    for label in ("subset", *(task.patient_label for task in TASKS.values())):
        if label in patients.columns:
            print(f"  {label}: {_counts(patients[label])}")
    print(f"  site: {_counts(recordings['site'])}")
    return OK


def splits(made: "Splits") -> int:
    """Sizes of every fold."""
    names = made.left_out or tuple(map(str, range(len(made.folds))))
    table = cells.table(f"{made.kind} split, seed {made.seed}", made.by or "fold", "train", "valid", "test")
    for name, fold in zip(names, made.folds, strict=True):
        table.add_row(name, *(str(len(side)) for side in (fold.train, fold.valid, fold.test)))
    cells.show(table)
    return OK


def segmentation(table: "pl.DataFrame") -> int:
    """Heart rate per recording, of the first ones at least, and what could not be used."""
    from pathlib import Path

    shown = cells.table("", "recording", "s", "beats", "beats/min")
    done = table.filter(table["reason"].is_null())
    for row in done.head(SHOWN_RECORDINGS).iter_rows(named=True):
        rate = "-" if row["heart_rate"] is None else f"{row['heart_rate']:.0f}"
        shown.add_row(row["recording"], f"{row['duration']:.1f}", str(row["beats"]), rate)
    if done.height:
        cells.show(shown)
        print(f"{done.height} recordings segmented, into {Path(done['annotation'][0]).parent}")
    for row in table.filter(table["reason"].is_not_null()).iter_rows(named=True):
        print(f"skipped {row['path']}: {row['reason']}")
    return OK if done.height == table.height else SOME_SKIPPED


def extraction(summary: "ExtractionSummary") -> int:
    """Counts, reasons for skipping, and where the time went."""
    for line in summary.lines():
        print(line)
    return SOME_SKIPPED if summary.lacking else OK


def fitted(run: "Fitted") -> int:
    """The scores of a run, those of the runs that it averages, and where it lies."""
    scores(
        f"{run.record.name}: {run.record.head} on {', '.join(run.record.features)}",
        run.results.scores,
        run.results.intervals,
    )
    variants_and_rules(run.results, run.record, run.folder)
    other_tasks(run.results)
    if run.members:
        members(run)
    if run.record.shared_persons:
        print(
            f"WARNING: {len(run.record.shared_persons)} persons are on two sides of the split, as was allowed"
        )
    if run.record.left_out:
        count = len(run.record.left_out)
        print(f"{count} patients took no part: in no fold, or without a usable recording (see run.json)")
    heads = f"{len(run.record.members)} runs" if run.record.members else f"{len(run.record.seen)} heads"
    print(f"{heads}, fitted in {sum(run.record.seconds):.1f} s; run folder: {run.folder}")
    return OK


def evaluation(result: "Evaluation") -> int:
    """The scores of predictions, in all and per group of patients."""
    scores(result.record.name, result.results.scores, result.results.intervals)
    variants_and_rules(result.results, result.record, result.report.parent)
    other_tasks(result.results)
    if result.groups.height:
        cells.show(group_table(result.groups))
    selective(result)
    print(f"report: {result.report}")
    return OK


def predictions(table: "pl.DataFrame", out: "Path | None" = None) -> int:
    """How many patients were given which class, and where the table is, or its first patients."""
    silent = int(table["decision"].null_count())
    print(f"{table.height} patients: {_counts(table['decision'].drop_nulls())}")
    if out is None:
        _first_predictions(table.drop_nulls("decision"))
    else:
        print(f"probabilities: {out}")
    if silent:
        print(f"{silent} patients have no usable recording and so no decision")
    if table["seen"].any():
        print(cells.seen_warning(int(table["seen"].sum())))
    return OK


def _first_predictions(table: "pl.DataFrame") -> None:
    """Decisions and probabilities of the first patients."""
    classes = [name for name in table.columns if name.startswith("p_")]
    shown = cells.table("", "patient", "decision", *classes)
    for row in table.head(SHOWN_PATIENTS).iter_rows(named=True):
        shown.add_row(row["patient"], row["decision"], *(f"{row[name]:.3f}" for name in classes))
    if table.height:
        cells.show(shown)
    if table.height > SHOWN_PATIENTS:
        print(f"{table.height - SHOWN_PATIENTS} more: --out FILE writes all")


def comparison(table: "pl.DataFrame") -> int:
    """All runs side by side: scores with 95 % intervals, seconds of fitting, and differences from one run."""
    scored = [name for name in COMPARED if name in table.columns]
    shown = cells.table("", "run", *cells.words(*scored), "s")
    for row in table.iter_rows(named=True):
        mark = " (!)" if row["seen_with_labels"] else ""
        scores_of_run = (cells.with_interval(row, name) for name in scored)
        shown.add_row(row["run"] + mark, *scores_of_run, f"{row['seconds']:.0f}")
    cells.show(shown)
    _met_before(table)
    _differences(table)
    if table["split"].n_unique() > 1 or table["patients"].n_unique() > 1:
        print("WARNING: these runs are on different splits, so their scores do not compare:")
        for name, split, patients in table.select("run", "split", "patients").iter_rows():
            print(f"  {name}: split {split}, {patients} patients")
    return OK


def demo(done: "Demo") -> int:
    """The demo's table and where its report lies."""
    print("A synthetic cohort: these scores show that the pipeline works, and nothing about medicine.")
    comparison(done.comparison)
    print(f"report: {done.report}\nnotebook: heartfeat.open_store({str(done.folder / 'store.zarr')!r})")
    return OK


def store(summary: dict[str, Any]) -> int:
    """What a store holds."""
    for key, value in summary.items():
        if not isinstance(value, dict):
            print(f"{key}: {round(value, 2) if isinstance(value, float) else value}")
        elif key != "features" and value:
            print(f"{key}: {', '.join(f'{name} {count:,}' for name, count in value.items())}")
    for name, facts in summary["features"].items():
        print(f"features/{name}:")
        for key, value in facts.items():
            print(f"  {key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return OK


def scores(title: str, values: dict[str, float], intervals: dict[str, Any]) -> None:
    """One line a score, with its 95 % interval."""
    table = cells.table(title, "score", "value", "95 % interval")
    for name, value in values.items():
        low, high = intervals.get(name, (float("nan"), float("nan")))
        table.add_row(name, cells.number(name, value), cells.span(name, low, high))
    cells.show(table)


def _met_before(table: "pl.DataFrame") -> None:
    """Which runs were tested on patients whom their backbones had seen."""
    for run, labelled in table.select("run", "seen_with_labels").iter_rows():
        if labelled:
            print(
                f"(!) WARNING: {run}: a backbone was fine-tuned on the labels of {labelled} test patients; "
                "these scores are not those of new patients"
            )
    runs: dict[int, list[str]] = {}
    for run, heard in table.select("run", "seen_without_labels").iter_rows():
        runs.setdefault(heard, []).append(run)
    for heard, names in runs.items():
        if heard:
            print(
                f"note: a backbone was pretrained on {heard} test patients, without their labels: {', '.join(names)}"
            )


def _differences(table: "pl.DataFrame") -> None:
    """Every run less the one that it was compared with: difference, 95 % interval and p-value."""
    paired = table.drop_nulls("against")
    if not paired.height:
        return
    scored = [name for name in COMPARED if f"{name}_difference" in table.columns]
    title = f"less {paired['against'][0]}, on the patients of both, the same persons drawn"
    shown = cells.table(title, "run", "patients", *cells.words(*scored))
    for row in paired.iter_rows(named=True):
        shown.add_row(row["run"], str(row["shared"]), *(_with_p(row, name) for name in scored))
    cells.show(shown)


def _with_p(row: dict[str, Any], name: str) -> str:
    value, p = row[f"{name}_difference"], row[f"{name}_p"]
    if value is None or p is None:
        return "-"
    low, high = row[f"{name}_difference_low"], row[f"{name}_difference_high"]
    return f"{cells.number(name, value, '+')}\n{cells.span(name, low, high, '+')}\np {p:.3f}"


def group_table(table: "pl.DataFrame") -> "Table":
    """Scores per group of patients."""
    scored = ("weighted_accuracy", "uar", "auroc")
    shown = cells.table("", "group", "patients", "positive", *cells.words(*scored))
    for row in table.iter_rows(named=True):
        group = f"{row['by']}: {row['group'] or 'not known'}"
        values = (cells.with_interval(row, name) for name in scored)
        shown.add_row(group, str(row["patients"]), str(row["positives"]), *values)
    return shown


def _counts(column: "pl.Series") -> str:
    counted = column.value_counts(sort=True)
    return ", ".join(
        f"{'not known' if name is None else name} {count}" for name, count in counted.iter_rows()
    )
