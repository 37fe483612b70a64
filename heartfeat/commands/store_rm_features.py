"""heartfeat store rm-features"""

from typing import Annotated

import typer


def store_rm_features(
    store: Annotated[str, typer.Argument(help="Store to change.")],
    names: Annotated[list[str], typer.Argument(help="Feature sets to remove.")],
) -> tuple[str, ...]:
    """Remove feature sets from a store; the others stay as they are. Gives the names of those left.

    Raises
    ------
    StoreError
        When the store has no such set, the disk refuses, or an extraction into it is under way; it is then as it
        was.
    """
    from heartfeat.commands.progress import show_progress
    from heartfeat.extraction.changing import changing
    from heartfeat.stores import open_store
    from heartfeat.stores.remove import remove_features

    with changing(store), show_progress() as update:
        remove_features(store, names, update)
    with open_store(store) as opened:
        return opened.feature_sets
