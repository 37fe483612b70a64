"""``heartfeat extract`` on a store that is finished, typed as a user types it; start-up included.

python benchmarks/extraction_again.py --recordings 10000
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from extraction_data import medians, print_table

from heartfeat.cohorts.synthetic import write_synthetic_cohort
from heartfeat.commands.progress import show_progress

PER_PATIENT = 3.3
"""Recordings that a synthetic patient has, on average."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with show_progress() as update:
            patients = round(options.recordings / PER_PATIENT)
            write_synthetic_cohort(folder / "data", patients, seconds=(1.0, 1.5), progress=update)
        rows = []
        for suffix in ("zarr", "h5"):
            tree = {"data": {"path": str(folder / "data")}, "store": f"store.{suffix}", "views": "none"}
            (folder / "heartfeat.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
            print(_extract(folder).splitlines()[0])
            found: list[str] = []
            ways = {
                "heartfeat extract": lambda found=found: found.append(_extract(folder)),
                "heartfeat --version": lambda: _run(folder, "--version"),
            }
            seconds = medians(ways, options.rounds)
            assert all(line.startswith("nothing to do") for line in found), found
            rows += [[f"{way}, {suffix}", f"{taken:.2f}"] for way, taken in seconds.items()]
    print_table(f"A finished store: {found[0].strip()}", ("command", "seconds"), rows)


def _extract(folder: Path) -> str:
    return _run(folder, "extract", "--device", "cpu")


def _run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "heartfeat", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
