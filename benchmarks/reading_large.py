"""A store of a million recordings: seconds and memory to open it, and patient reads against a small store.

python benchmarks/reading_large.py
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from reading_data import Made, print_table, write

TOKENS, DIM = 32, 16


def made(recordings: int) -> Made:
    """1 kB of tokens per recording."""
    offsets = TOKENS * np.arange(recordings + 1, dtype=np.int64)
    pattern = np.random.default_rng(0).standard_normal((TOKENS, DIM)).astype(np.float16)
    return Made(np.tile(pattern, (recordings, 1)), offsets)


def measured(folder: Path, suffix: str, recordings: int, small: int, rounds: int) -> dict[str, float]:
    """What `reading_opened` says of a large and a small store, in a process of its own."""
    stores = []
    for count in (recordings, small):
        stores.append(str(write(folder / f"{count}{suffix}", made(count))))
        np.save(folder / f"{count}.npy", made(count).tokens)
    command = [sys.executable, str(Path(__file__).with_name("reading_opened.py")), *stores, str(rounds)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=5_000, help="Recordings of the small store.")
    parser.add_argument("--rounds", type=int, default=151)
    options = parser.parse_args()
    found = {}
    for suffix, kind in ((".h5", "HDF5"), (".zarr", "Zarr")):
        with tempfile.TemporaryDirectory() as name:
            found[kind] = measured(Path(name), suffix, options.recordings, options.small, options.rounds)
    header = ("store", "import and open", "open again", "memory", "first patient", "memory then")
    rows = [
        [
            kind,
            f"{one['import and open']:.2f} s",
            f"{one['open'] * 1000:.0f} ms",
            f"{one['memory'] / 1e6:,.0f} MB",
            f"{one['first']:.2f} s",
            f"{one['memory then'] / 1e6:,.0f} MB",
        ]
        for kind, one in found.items()
    ]
    print_table(f"Opening a store of {options.recordings:,} recordings", header, rows)
    header = (
        "store",
        "read",
        "patients per second",
        f"the same of {options.small:,} recordings",
        "times slower",
    )
    rows = []
    for kind, one in found.items():
        for way in ("tokens", "bags", "memory map"):
            large, small = one[f"{way}, large"], one[f"{way}, small"]
            rows.append([kind, way, f"{large:,.0f}", f"{small:,.0f}", f"{small / large:.2f}"])
    print_table("Random patients of it", header, rows)


if __name__ == "__main__":
    main()
