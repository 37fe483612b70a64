"""Find damage in a store."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from heartfeat.errors import StoreError, UnreadableError
from heartfeat.progress import Progress
from heartfeat.replace import recover
from heartfeat.stores.container import Container, open_container
from heartfeat.stores.location import locate
from heartfeat.stores.schema import check_format
from heartfeat.stores.tables import read_column, table_columns
from heartfeat.stores.verification import Problem, Verification, found
from heartfeat.stores.verify_features import block_problems, open_blocks
from heartfeat.stores.verify_tables import table_problems


def verify_store(uri: str | Path, progress: Progress | None = None) -> Verification:
    """Read all of a store and compare it with its checksums and its own rules.

    Parameters
    ----------
    uri
        The store, local or remote.
    progress
        ``progress(what, done, total)``, told of every recording and view.

    Raises
    ------
    StoreError
        When there is no store, or it cannot be reached. Damage is never raised, but told.
    """
    location = locate(uri)
    if location.path is not None:
        recover(location.path, StoreError)
    try:
        container = open_container(location)
    except StoreError as error:
        if isinstance(error, UnreadableError) or location.path is None or not location.path.exists():
            raise
        return Verification(str(uri), 0, 0, (Problem("", str(error), "restore"),))
    try:
        return _verify(container, progress)
    finally:
        container.close()


def _verify(container: Container, progress: Progress | None) -> Verification:
    uri = container.location.uri
    try:
        check_format(container.stored_attrs(), uri)
    except StoreError as error:
        return Verification(uri, 0, 0, (found(container, "", error, "restore"),))
    problems = list(structure_problems(container))
    recordings = recording_names(container)
    if recordings is None:
        return Verification(uri, 0, 0, tuple(problems))
    count, unsealed = 0, []
    for name in feature_set_names(container):
        blocks, own = open_blocks(container, name, recordings)
        problems += own
        if blocks is None:
            continue
        problems += block_problems(blocks, recordings, progress)
        count += blocks.done.size
        unsealed += [name] if blocks.checksums is None else []
    return Verification(uri, len(recordings), count, tuple(problems), tuple(unsealed))


def structure_problems(container: Container) -> Iterator[Problem]:
    """Damage to the root, the tables and the list of feature sets."""
    try:
        container.attrs()
    except StoreError as error:
        yield found(container, "", error, "restore")
    yield from table_problems(container)
    try:
        names = container.attrs("features").get("sets")
    except StoreError as error:
        yield found(container, "features", error, "restore")
        return
    names = names if isinstance(names, list) else [None]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        yield Problem("features", "the names of the feature sets are missing", "restore")


def feature_set_names(container: Container) -> list[str]:
    """Names of the feature sets; none where the store does not say them."""
    try:
        names = container.attrs("features").get("sets")
    except StoreError:
        return []
    if not isinstance(names, list):
        return []
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def recording_names(container: Container) -> Sequence[str] | None:
    """Ids of the recordings, their numbers where the ids are lost, or None where not even these are known."""
    try:
        count = table_columns(container, "recordings")[0]
    except StoreError:
        return None
    try:
        return [str(name) for name in read_column(container, "recordings", "recording")]
    except StoreError:
        return [f"number {place}" for place in range(count)]
