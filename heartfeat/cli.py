"""The command line: parse, call one function, print."""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from heartfeat import commands
from heartfeat.commands import show, show_cross, show_stores, show_sweep, show_training
from heartfeat.errors import HeartfeatError
from heartfeat.version import __version__

app = typer.Typer(
    help="Extract heart-sound features once into a patient-indexed store; fit and judge heads off it in seconds.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="A first look without data: heartfeat demo. With CirCor: heartfeat init --circor PATH, then extract, "
    "then fit --head logistic, lgbm or mambaformer, then compare.",
)
store_app = typer.Typer(
    help="Look into, check, mend and move feature stores.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(store_app, name="store")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(f"heartfeat {__version__}")
        raise typer.Exit


def _register(
    group: typer.Typer, function: Callable[..., Any], printer: Callable[..., int], name: str = ""
) -> None:
    """Add a function as a command; ``printer`` shows its result and gives the exit code.

    What a printer takes besides the result are arguments of the command.
    """
    also = list(inspect.signature(printer).parameters)[1:]

    @functools.wraps(function)
    def command(**arguments: Any) -> None:  # noqa: ANN401
        try:
            code = printer(function(**arguments), **{one: arguments[one] for one in also})
        except KeyboardInterrupt as interrupt:
            remedy = str(interrupt) or "run the same command again to go on from here"
            print(f"heartfeat: interrupted; {remedy}", file=sys.stderr)
            code = 130
        raise typer.Exit(code)

    # The result's type is imported late, so its annotation cannot be resolved here; nothing needs it.
    # Keyword-only parameters are for Python alone, such as callbacks, which no text on a command line could say.
    signature = inspect.signature(function)
    typed = [one for one in signature.parameters.values() if one.kind is not one.KEYWORD_ONLY]
    command.__annotations__ = {one.name: function.__annotations__[one.name] for one in typed}
    command.__signature__ = signature.replace(parameters=typed, return_annotation=None)  # type: ignore[attr-defined]
    command.__doc__ = _help(function)
    group.command(name or function.__name__)(command)


def _help(function: Callable[..., Any]) -> str:
    """A docstring without its NumPy-style sections, which are for readers of the code."""
    lines = inspect.getdoc(function).splitlines() if function.__doc__ else []  # type: ignore[union-attr]
    sections = [number for number, line in enumerate(lines) if number and line and set(line) == {"-"}]
    return "\n".join(lines[: sections[0] - 1] if sections else lines).strip()


_register(app, commands.demo, show.demo)
_register(app, commands.init, show.config)
_register(app, commands.cohort, show.cohort)
_register(app, commands.splits, show.splits)
_register(app, commands.segment, show.segmentation)
_register(app, commands.extract, show.extraction)
_register(app, commands.pretrain, show_training.pretrained)
_register(app, commands.finetune, show_training.finetuned)
_register(app, commands.fit, show.fitted)
_register(app, commands.ensemble, show.fitted)
_register(app, commands.sweep, show_sweep.sweep)
_register(app, commands.predict, show.predictions)
_register(app, commands.evaluate, show.evaluation)
_register(app, commands.compare, show.comparison)
_register(app, commands.cross, show_cross.crossed)
_register(store_app, commands.store_info, show.store, name="info")
_register(store_app, commands.store_ls, show_stores.stores, name="ls")
_register(store_app, commands.store_verify, show_stores.verification, name="verify")
_register(store_app, commands.store_repair, show_stores.repair, name="repair")
_register(store_app, commands.store_convert, show_stores.converted, name="convert")
_register(store_app, commands.store_merge, show_stores.merged, name="merge")
_register(store_app, commands.store_rm_features, show_stores.sets_left, name="rm-features")


def main() -> None:
    """Run the command line; errors raised on purpose are printed with their remedy, without a traceback."""
    try:
        app()
    except HeartfeatError as error:
        print(f"heartfeat: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(
            f"heartfeat: {error}; check the path, its permissions and the space on the disk", file=sys.stderr
        )
        sys.exit(1)
