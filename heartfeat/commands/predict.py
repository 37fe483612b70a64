"""heartfeat predict"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    import polars as pl


def predict(
    run: Annotated[str, typer.Option(help="Run whose heads predict.")],
    out: Annotated[Path | None, typer.Option(help="Write the table: .csv or .parquet by its suffix.")] = None,
    store: StoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "pl.DataFrame":
    """Predict every patient of a store with the heads of a run or ensemble, calibrated as in the run, averaged.

    A head never speaks on a person that it was trained on, where another head can. Patients whom every head saw
    are marked in the column `seen` and pointed out; patients without a usable recording have no decision. Other tasks
    that the heads learned beside have a column per class, such as `grade:II/VI`, which is not calibrated.

    Raises
    ------
    RunError
        When there is no such run, or the store has no recording from the site that the run left out.
    FeatureKeyError
        When the store's features are not those that the heads were fitted on; names what differs.
    """
    import polars as pl

    from heartfeat.commands.common import config_store, run_at
    from heartfeat.commands.progress import show_progress
    from heartfeat.commands.warn import say_loudly
    from heartfeat.config import load_config
    from heartfeat.errors import ConfigError
    from heartfeat.evaluation.predictions import load_predictions
    from heartfeat.evaluation.results import table_of
    from heartfeat.evaluation.rules import with_cost_decisions
    from heartfeat.evaluation.selective import VALID
    from heartfeat.evaluation.worth import deciding
    from heartfeat.stores import open_store
    from heartfeat.tasks import encode_labels, get_task
    from heartfeat.training.ensemble import predict_with_run
    from heartfeat.training.lacking_figures import lacking_figures
    from heartfeat.training.met_before import warnings_of_store
    from heartfeat.training.runs import load_record

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"--out {out} must end in .csv or .parquet")
    settings = load_config(config, set or ())
    folder = run_at(settings, run, config)
    record = load_record(folder)
    task = get_task(record.task)
    with open_store(store or config_store(settings, config)) as opened:
        ids = opened.patients.select("patient", "person")
        with show_progress() as update:
            said = predict_with_run(record, folder, opened, update)
        say_loudly([*warnings_of_store(opened, record.features), *lacking_figures(opened)])
    patients, persons = (said.patients[column].to_list() for column in ("patient", "person"))
    if task.balanced:
        task = deciding(task, encode_labels(task, load_predictions(folder / f"{VALID}.parquet")["label"]))
    table = table_of(task, patients, persons, -1, said.ways, said.view_spread, said.fold_spread)
    table = with_cost_decisions(task, table).drop("fold", "label", "person")
    if said.member_spread is not None:
        table = table.with_columns(pl.Series("member_spread", said.member_spread).fill_nan(None))
    table = table.with_columns(heads=pl.Series(said.heads, dtype=pl.Int64), seen=said.seen)
    table = table.hstack(said.other_tasks)
    table = ids.join(table, on="patient", how="left", maintain_order="left").with_columns(
        pl.col("heads").fill_null(0), pl.col("seen").fill_null(value=False)
    )
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        table.write_csv(out) if out.suffix == ".csv" else table.write_parquet(out)
    return table
