"""heartfeat store repair"""

from typing import TYPE_CHECKING

from heartfeat.commands.common import DEFAULT_CONFIG, ConfigOption, SetOption, StoreArgument

if TYPE_CHECKING:
    from heartfeat.stores.repair import Repair


def store_repair(
    store: StoreArgument = None,
    config: ConfigOption = DEFAULT_CONFIG,
    set: SetOption = None,
) -> "Repair":
    """Take damaged features out of a store, so that `heartfeat extract` does just these again.

    The store is verified first, and left as it is where there is no damage. Damage to the tables cannot be
    repaired.

    Raises
    ------
    StoreError
        When there is no store, damage is outside its features, the disk refuses, or an extraction into it is under
        way; it is then as it was.
    """
    from heartfeat.commands.common import config_store
    from heartfeat.commands.progress import show_progress
    from heartfeat.config import load_config
    from heartfeat.extraction.changing import changing
    from heartfeat.stores.repair import repair_store

    place = store or config_store(load_config(config, set or ()), config)
    with changing(place), show_progress() as update:
        return repair_store(place, update)
