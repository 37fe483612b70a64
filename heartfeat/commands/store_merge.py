"""heartfeat store merge"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heartfeat.stores.merge import Merge


def store_merge(
    target: Annotated[str, typer.Argument(help="New store.")],
    sources: Annotated[list[str], typer.Argument(help="Two stores or more, of different persons.")],
    features: Annotated[
        list[str] | None,
        typer.Option(help="Merge only this feature set [default: those that all have]. Repeatable."),
    ] = None,
) -> "Merge":
    """Join stores of different patients into a new one.

    Raises
    ------
    StoreError
        When two sources share a person, patient, recording or audio, a feature set is not the same in all of
        them, or a source is damaged. Then there is no target.
    """
    from heartfeat.commands.progress import show_progress
    from heartfeat.stores.merge import merge_stores

    with show_progress() as update:
        return merge_stores(target, sources, features, update)
