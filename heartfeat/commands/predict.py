"""heartfeat predict"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import ConfigOption, SetOption, StoreOption

if TYPE_CHECKING:
    import polars as pl


def predict(
    run: Annotated[str, typer.Option(help="Run whose heads predict.")],
    out: Annotated[Path | None, typer.Option(help="Write the table: .csv or .parquet by its suffix.")] = None,
    store: StoreOption = None,
    config: ConfigOption = Path("heartfeat.yaml"),
    set: SetOption = None,
) -> "pl.DataFrame":
    """Predict every patient of a store with the heads of a run, averaged.

    A head never speaks on a person that it was trained on, where another head can. Patients whom every head saw
    are marked in the column `seen` and pointed out; patients without a usable recording have no decision.

    Raises
    ------
    RunError
        When there is no such run.
    FeatureKeyError
        When the store's features are not those that the heads were fitted on; names what differs.
    """
    import polars as pl

    from heartfeat.commands.progress import show_progress
    from heartfeat.config import load_config
    from heartfeat.errors import ConfigError
    from heartfeat.evaluation.results import tabulate
    from heartfeat.heads.registry import head_class
    from heartfeat.stores import open_store
    from heartfeat.tasks import get_task
    from heartfeat.training.ensemble import predict_with_run
    from heartfeat.training.examples import left_out, load_examples
    from heartfeat.training.feature_keys import check_feature_keys
    from heartfeat.training.runs import load_record

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"--out {out} must end in .csv or .parquet")
    settings = load_config(config, set or ())
    folder = settings.runs / run
    record = load_record(folder)
    task = get_task(record.task)
    with open_store(store or settings.store) as opened:
        check_feature_keys(record.features, opened)
        tokens = head_class(record.head).uses_tokens
        examples = load_examples(opened, list(record.features), record.views, task, tokens=tokens)
        silent = opened.patients.filter(pl.col("patient").is_in(left_out(opened, examples)))
    with show_progress() as update:
        said = predict_with_run(record, folder, examples, update)
    patients, persons = (examples.patients[column].to_list() for column in ("patient", "person"))
    table = tabulate(task, patients, persons, -1, said.probabilities).drop("fold", "label")
    table = table.with_columns(heads=pl.Series(said.heads, dtype=pl.Int64), seen=said.seen)
    none = silent.select("patient", "person", heads=pl.lit(0, pl.Int64), seen=pl.lit(False))
    table = pl.concat([table, none], how="diagonal")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        table.write_csv(out) if out.suffix == ".csv" else table.write_parquet(out)
    return table
