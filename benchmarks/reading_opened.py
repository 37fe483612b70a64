"""What a fresh process measures for `reading_large`: ``reading_opened.py LARGE SMALL ROUNDS`` prints JSON."""

import json
import sys
import time
from functools import partial
from pathlib import Path

READS = 100
"""Patient reads that are timed together."""


def peak() -> int:
    """The most memory that this process has had, in bytes.

    Not ``getrusage``: its figure includes that of the process which started this one.
    """
    (line,) = [
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    ]
    return int(line.split()[1]) * 1024


def main(large: str, small: str, rounds: int) -> dict[str, float]:
    """Seconds, bytes, and patients per second."""
    found = {}
    started = time.perf_counter()
    import heartfeat

    store = heartfeat.open_store(large)
    found["import and open"] = time.perf_counter() - started
    started = time.perf_counter()
    store = heartfeat.open_store(large)
    found["open"], found["memory"] = time.perf_counter() - started, peak()
    started = time.perf_counter()
    store.tokens(patient="patient-0")
    found["first"], found["memory then"] = time.perf_counter() - started, peak()
    return found | speeds({"large": store, "small": heartfeat.open_store(small)}, rounds)


def speeds(stores: dict, rounds: int) -> dict[str, float]:
    """Random patients per second: tokens, whole bags, and tokens from a memory map with a dict and offsets."""
    import numpy as np
    from reading_data import medians

    ways = {}
    for name, store in stores.items():
        patients = len(store.patient_offsets) - 1
        numbers = np.random.default_rng(0).integers(0, patients, (rounds, READS)).tolist()
        names = [[f"patient-{number}" for number in turn] for turn in numbers]
        store.tokens()  # the whole file is in the page cache and mapped
        ways[f"tokens, {name}"] = partial(read_tokens, store, names)
        ways[f"bags, {name}"] = partial(read_bags, store.bags(), numbers)
        mapped = np.load(store.path.with_suffix(".npy"), mmap_mode="r")
        mapped.sum(dtype=np.float32)
        places = {f"patient-{number}": number for number in range(patients)}
        offsets = store.features().offsets[store.patient_offsets]
        ways[f"memory map, {name}"] = partial(read_map, np.asarray(mapped), places, offsets, names)
    return {name: READS / seconds for name, seconds in medians(ways, rounds).items()}


def read_tokens(store, names, turn) -> None:
    for name in names[turn]:
        store.tokens(patient=name)


def read_map(mapped, places, offsets, names, turn) -> None:
    for name in names[turn]:
        place = places[name]
        mapped[offsets[place] : offsets[place + 1]].copy()


def read_bags(selection, numbers, turn) -> None:
    for number in numbers[turn]:
        selection[number]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
