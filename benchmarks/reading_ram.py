"""A whole feature set into RAM: stores against ``np.load`` of one npy file with the same tokens.

python benchmarks/reading_ram.py
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from reading_data import make, medians, print_table, write

import heartfeat

NPY = "np.load of one npy file"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=2300)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    made = make("logmel", options.recordings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "tokens.npy", made.tokens)
        ways = {NPY: lambda turn: np.load(folder / "tokens.npy")}
        half = [f"patient-{number}" for number in range(0, made.recordings // 4, 2)]
        for suffix, kind in ((".h5", "HDF5"), (".zarr", "Zarr")):
            store = heartfeat.open_store(write(folder / f"store{suffix}", made))
            assert np.array_equal(store.tokens(), made.tokens)
            ways[f"{kind} store, tokens()"] = lambda turn, store=store: store.tokens()
            selection = store.bags()
            ways[f"{kind} store, bags().load()"] = lambda turn, selection=selection: selection.load()
            every_other = store.bags(patient=half)
            ways[f"{kind} store, every other patient, load()"] = lambda turn, chosen=every_other: (
                chosen.load()
            )
        seconds = medians(ways, options.rounds)
    size = made.tokens.nbytes
    sizes = {way: size / 2 if "every other" in way else size for way in ways}
    rows = [
        [way, f"{sizes[way] / taken / 1e9:.2f}", f"{sizes[way] / taken / (size / seconds[NPY]):.2f}"]
        for way, taken in seconds.items()
    ]
    title = f"Into RAM: {made.recordings:,} recordings, {size / 1e6:,.0f} MB of tokens"
    print_table(title, ("way", "GB per second", "of np.load"), rows)


if __name__ == "__main__":
    main()
