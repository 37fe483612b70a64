"""heartfeat store"""

from typing import Annotated, Any

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption


def store_info(
    store: Annotated[str | None, typer.Argument(help="Store to look into [default: the config's].")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> dict[str, Any]:
    """Show what a store holds: patients, recordings, skipped ones by reason, and its feature sets.

    Raises
    ------
    StoreError
        When there is no store, or it is damaged or of another format.
    """
    from heartfeat.commands.common import config_store
    from heartfeat.config import load_config
    from heartfeat.stores import open_store

    with open_store(store or config_store(load_config(config, set or ()), config)) as opened:
        return opened.summary()
