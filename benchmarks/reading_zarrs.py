"""Reading Zarr layouts through the zarr package, with and without zarrs' codec pipeline (``pip install zarrs``).

python benchmarks/reading_zarrs.py
"""

import argparse
import importlib.util
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import zarr
from reading_data import Made, make, medians, print_table, write

import heartfeat

READS = 20
"""Recordings that are read together when timed."""

PLAIN = "4 MB chunks, uncompressed"
LAYOUTS = {
    PLAIN: {"chunks": (1, 32768, 64), "compressors": None},
    "4 MB chunks, zstd": {"chunks": (1, 32768, 64), "compressors": "auto"},
    "256 kB chunks in 16 MB shards, uncompressed": {
        "chunks": (1, 2048, 64),
        "shards": (1, 131072, 64),
        "compressors": None,
    },
    "256 kB chunks in 16 MB shards, zstd": {
        "chunks": (1, 2048, 64),
        "shards": (1, 131072, 64),
        "compressors": "auto",
    },
}


def read_random(array: zarr.Array, made: Made, orders: list[list[int]], turn: int) -> None:
    for number in orders[turn]:
        array[0, made.offsets[number] : made.offsets[number + 1]]


def read_store(store: heartfeat.Store, orders: list[list[int]], turn: int) -> None:
    for number in orders[turn]:
        store.tokens(recording=f"recording-{number}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    pipelines = {"zarr": "zarr.core.codec_pipeline.BatchedCodecPipeline"}
    if importlib.util.find_spec("zarrs"):
        pipelines["zarrs"] = "zarrs.ZarrsCodecPipeline"
    made = make("logmel", options.recordings)
    orders = np.random.default_rng(0).integers(0, made.recordings, (options.rounds, READS)).tolist()
    singly, wholly = {}, {}
    with tempfile.TemporaryDirectory() as name:
        store = heartfeat.open_store(write(Path(name) / "store.zarr", made))
        singly[PLAIN, "Zarr store"] = partial(read_store, store, orders)
        wholly[PLAIN, "Zarr store"] = lambda turn: store.tokens()
        group = zarr.create_group(Path(name) / "layouts.zarr", zarr_format=3)
        for layout, arguments in LAYOUTS.items():
            array = group.create_array(layout, shape=(1, *made.tokens.shape), dtype="<f2", **arguments)
            array[0] = made.tokens
            for pipeline, where in pipelines.items():
                with zarr.config.set({"codec_pipeline.path": where}):
                    opened = zarr.open_group(Path(name) / "layouts.zarr", mode="r")[layout]
                assert np.array_equal(opened[0], made.tokens)
                singly[layout, pipeline] = partial(read_random, opened, made, orders)
                wholly[layout, pipeline] = lambda turn, opened=opened: opened[0]
        single, whole = medians(singly, options.rounds), medians(wholly, options.rounds)
    rows = [
        [*way, f"{READS / single[way]:,.0f}", f"{made.tokens.nbytes / whole[way] / 1e9:.2f}"]
        for way in single
    ]
    title = f"{made.recordings} recordings, {made.tokens.nbytes / made.recordings / 1000:.0f} kB each"
    print_table(title, ("layout", "read by", "random recordings per second", "all, GB per second"), rows)


if __name__ == "__main__":
    main()
