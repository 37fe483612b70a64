"""heartfeat store verify"""

from typing import TYPE_CHECKING, Annotated

import typer

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreArgument

if TYPE_CHECKING:
    from heartfeat.stores.verification import Verification


def store_verify(
    store: StoreArgument = None,
    audio: Annotated[
        bool, typer.Option("--audio", help="Decode the config's recordings too, and compare their digests.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "Verification":
    """Read a whole store and compare it with its checksums; exit code 1 where it is damaged.

    Tables, attributes, the size of every chunk file and every block of features are checked, and all damage is
    named. Nothing is changed.

    Raises
    ------
    StoreError
        When there is no store.
    """
    from heartfeat.commands.common import config_store, read_cohort
    from heartfeat.commands.progress import show_progress
    from heartfeat.config import load_config
    from heartfeat.stores.sounds import verify_sounds
    from heartfeat.stores.verify import verify_store

    settings = load_config(config, set or ()) if audio or store is None else None
    with show_progress() as update:
        found = verify_store(store or config_store(settings, config), update)  # type: ignore[arg-type]
        if not audio or settings is None:
            return found
        recordings = read_cohort(settings).recordings
        return verify_sounds(found, dict(recordings.select("recording", "path").rows()), update)
