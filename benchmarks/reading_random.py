"""Random whole recordings and patients per second: stores against a memory map and one file per recording.

python benchmarks/reading_random.py
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import numpy as np
from reading_data import SHAPES, Made, make, medians, print_table, write, write_files

import heartfeat

READS = 20
"""Reads that are timed together: so few that other work on the machine seldom comes between."""

MEMMAP = "npy memmap + offsets"


def recording_readers(folder: Path, made: Made) -> dict[str, Callable[[int], np.ndarray]]:
    """Each gives a copy of the recording's tokens in RAM."""
    mapped = np.load(folder / "tokens.npy", mmap_mode="r")
    offsets = made.offsets.tolist()

    def hdf5_file(number: int) -> np.ndarray:
        with h5py.File(folder / "files" / f"{number}.h5") as file:
            return file["tokens"][:]

    readers = {MEMMAP: lambda number: np.array(mapped[offsets[number] : offsets[number + 1]])}
    for suffix, name in ((".h5", "HDF5 store"), (".zarr", "Zarr store")):
        store = heartfeat.open_store(folder / f"store{suffix}")
        readers[name] = lambda number, store=store: store.tokens(recording=f"recording-{number}")
    readers["folder of npy"] = lambda number: np.load(folder / "files" / f"{number}.npy")
    readers["one HDF5 file per recording"] = hdf5_file
    return readers


def patient_readers(folder: Path, made: Made) -> dict[str, Callable[[int], np.ndarray]]:
    """Each gives a copy of all tokens of the patient's four recordings in RAM."""
    single = recording_readers(folder, made)
    mapped = np.load(folder / "tokens.npy", mmap_mode="r")
    offsets = made.offsets[::4].tolist()
    readers = {
        name: lambda patient, read=read: np.concatenate([read(4 * patient + place) for place in range(4)])
        for name, read in single.items()
    }
    readers[MEMMAP] = lambda patient: np.array(mapped[offsets[patient] : offsets[patient + 1]])
    for suffix, name in ((".h5", "HDF5 store"), (".zarr", "Zarr store")):
        store = heartfeat.open_store(folder / f"store{suffix}")
        readers[name] = lambda patient, store=store: store.tokens(patient=f"patient-{patient}")
        selection = store.bags()
        readers[f"{name}, bags"] = lambda patient, selection=selection: selection[patient].rows
    return readers


def measure(readers: dict[str, Callable[[int], np.ndarray]], count: int, rounds: int) -> list[list[str]]:
    """Check that all readers agree, then time them: name, reads per second, share of the memory map."""
    for number in (0, count // 2, count - 1):
        wanted = readers[MEMMAP](number)
        assert all(np.array_equal(read(number), wanted) for read in readers.values())
    orders = np.random.default_rng(0).integers(0, count, (rounds, READS)).tolist()

    def read_all(read: Callable[[int], np.ndarray], turn: int) -> None:
        for number in orders[turn]:
            read(number)

    seconds = medians({name: partial(read_all, read) for name, read in readers.items()}, rounds)
    return [
        [name, f"{READS / taken:,.0f}", f"{seconds[MEMMAP] / taken:.2f}"] for name, taken in seconds.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=151)
    options = parser.parse_args()
    for shape, (dim, *_) in SHAPES.items():
        made = make(shape, options.recordings)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            np.save(folder / "tokens.npy", made.tokens)
            write_files(folder / "files", made)
            for suffix in (".h5", ".zarr"):
                write(folder / f"store{suffix}", made)
            what = f"{made.recordings} recordings, {len(made.tokens) / made.recordings:.0f} x {dim} float16"
            header = ("way", "per second", "of the memory map")
            rows = measure(recording_readers(folder, made), made.recordings, options.rounds)
            print_table(f"Random recordings: {what}", header, rows)
            rows = measure(patient_readers(folder, made), made.recordings // 4, options.rounds)
            print_table(f"Random patients: {what}, four to a patient", header, rows)


if __name__ == "__main__":
    main()
