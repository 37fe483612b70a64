"""Copy a store into a new tree, element by element, checked on the way."""

import numpy as np

from heartfeat.errors import StoreError
from heartfeat.messages import command
from heartfeat.progress import Progress
from heartfeat.stores.blocks import Blocks
from heartfeat.stores.columns import column_parts, path_name
from heartfeat.stores.container import Container
from heartfeat.stores.sources import FeatureSetSource
from heartfeat.stores.tables import read_column, table_columns
from heartfeat.stores.tree_writer import TreeWriter
from heartfeat.stores.verify import structure_problems
from heartfeat.stores.verify_features import open_blocks
from heartfeat.stores.write_features import write_features


def copy_store(container: Container, writer: TreeWriter, progress: Progress | None = None) -> None:
    """Copy all attributes, tables and feature sets.

    Raises
    ------
    StoreError
        Names the first element that is damaged.
    """
    problems = list(structure_problems(container))
    if problems:
        raise damaged(container, str(problems[0]))
    writer.group("", container.attrs())
    for table in ("recordings", "patients"):
        _copy_table(container, writer, table)
    writer.array("patients/offsets", container.read_checked("patients/offsets"))
    recordings = read_column(container, "recordings", "recording").to_list()
    attrs = container.attrs("features")
    for name in attrs["sets"]:
        blocks, faults = open_blocks(container, name, recordings)
        if blocks is None or faults:
            raise damaged(container, str(faults[0]))
        write_features(writer, source_of(blocks, name), recordings, progress)
    writer.group("features", attrs)


def source_of(blocks: Blocks, name: str) -> FeatureSetSource:
    """A feature set to be written just as it is."""
    return FeatureSetSource(name, blocks.attrs, np.diff(blocks.offsets), blocks.read)


def damaged(container: Container, problem: str) -> StoreError:
    """The error for a store that cannot be a source."""
    uri = container.location.uri
    return StoreError(
        f"{uri} is damaged, so nothing was made of it ({problem}). {command('store verify', uri)} names all that is "
        f"damaged, {command('store repair', uri)} takes it out where it can"
    )


def _copy_table(container: Container, writer: TreeWriter, table: str) -> None:
    writer.group(table, container.attrs(table))
    for name in table_columns(container, table)[1]:
        place = f"{table}/{path_name(name)}"
        attrs = container.attrs(place)
        writer.group(place, attrs)
        for part in column_parts(attrs):
            writer.array(f"{place}/{part}", container.read_checked(f"{place}/{part}"))
