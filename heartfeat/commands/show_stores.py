"""Printing the results of `heartfeat store`; each function gives the exit code."""

from typing import TYPE_CHECKING

from heartfeat.messages import command

if TYPE_CHECKING:
    from heartfeat.stores.catalogue import StoreEntry
    from heartfeat.stores.merge import Merge
    from heartfeat.stores.repair import Repair
    from heartfeat.stores.verification import Verification

OK = 0
DAMAGED = 1


def stores(entries: "list[StoreEntry]") -> int:
    """One line a store."""
    from heartfeat.stores.summary import readable_size

    for entry in entries:
        line = [entry.path.name, entry.container, readable_size(entry.size)]
        if entry.problem is not None:
            print("  ".join([*line, f"cannot be read: {entry.problem}"]))
            continue
        line += [f"{entry.patients:,} patients", f"{entry.recordings:,} recordings"]
        line += [f"{name} ({', '.join(views)})" for name, views in (entry.features or {}).items()]
        print("  ".join([*line, f"created {entry.created}"]))
    if not entries:
        print("no stores here; `heartfeat extract` writes one")
    return OK


def verification(found: "Verification") -> int:
    """One line a problem, and a summary."""
    for problem in found.problems:
        print(problem)
    for name in found.unsealed:
        print(f"features/{name}: written without checksums; only shapes and finite numbers were checked")
    heard = "" if found.sounds is None else f", {found.sounds:,} sound files compared"
    counts = f"{found.recordings:,} recordings, {found.blocks:,} blocks read{heard}"
    if not found.damaged:
        print(f"{found.uri}: no damage ({counts})")
        return OK
    print(f"{found.uri}: {len(found.problems):,} problems ({counts})")
    print(_remedy(found.uri, {problem.remedy for problem in found.problems}))
    return DAMAGED


def _remedy(uri: str, remedies: set[str]) -> str:
    extract = command("extract", "--store", uri)
    if "restore" in remedies:
        return f"Restore the store from a copy, or move it away and run {extract} again."
    if remedies == {"audio"}:
        return f"Changed sound files: run {extract} to take them in, or restore them."
    return f"Run {command('store repair', uri)}, then {extract}, which does again just what was damaged."


def repair(done: "Repair") -> int:
    """What was taken out, and what to do next."""
    if not done.changed:
        print(f"{done.verification.uri}: no damage; nothing was changed")
        return OK
    for name, problem in done.dropped.items():
        print(f"features/{name}: dropped ({problem})")
    for name, recordings in done.recordings.items():
        for recording in recordings:
            print(f"features/{name}: recording {recording} taken out")
    uri = done.verification.uri
    print(
        f"{uri} is whole again, without its damaged features. Run {command('extract', '--store', uri)}, which does "
        "again just these."
    )
    return OK


def converted(target: str) -> int:
    """Where the copy is."""
    print(f"{target} is written")
    return OK


def merged(made: "Merge") -> int:
    """What the new store holds, and what it does not."""
    for source, names in made.left_out.items():
        if names:
            print(f"not merged from {source}: {', '.join(names)}")
    print(
        f"{made.target}: {made.patients:,} patients, {made.recordings:,} recordings, {', '.join(made.features)}"
    )
    return OK


def sets_left(names: tuple[str, ...]) -> int:
    """The feature sets that a store still has."""
    print(f"feature sets left: {', '.join(names) or 'none'}")
    return OK
