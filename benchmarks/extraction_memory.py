"""Peak memory of an extraction, with all its workers, for a small and a large cohort.

python benchmarks/extraction_memory.py
"""

import argparse
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from extraction_data import print_table, write_recordings

RUN = """
import pickle, sys
from pathlib import Path
from heartfeat.backbones.settings import LogMelSettings
from heartfeat.extraction.engine import run_extraction
from heartfeat.views import resolve_views

if __name__ == "__main__":
    cohort = pickle.loads(Path(sys.argv[1]).read_bytes())
    run_extraction(cohort, sys.argv[2], [LogMelSettings()], resolve_views("tta5"),
                   devices=("cpu",) * int(sys.argv[3]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    rows = []
    for count in options.recordings:
        for suffix in ("zarr", "h5"):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                (folder / "sounds").mkdir()
                cohort = write_recordings(folder / "sounds", count, options.seconds)
                (folder / "cohort").write_bytes(pickle.dumps(cohort))
                (folder / "run.py").write_text(RUN, encoding="utf-8")
                store = folder / f"store.{suffix}"
                arguments = [str(folder / "cohort"), str(store), str(options.workers)]
                started = time.perf_counter()
                peaks = _peaks([sys.executable, str(folder / "run.py"), *arguments])
                taken = time.perf_counter() - started
            rows.append([f"{count:,}", suffix, *(f"{peak:,.0f}" for peak in peaks), f"{taken:.0f}"])
    what = f"logmel, five views, recordings of {options.seconds:g} s, {options.workers} workers"
    title = f"Memory of an extraction: {what}"
    heads = ("recordings", "container", "main process, peak MB", "all processes, peak MB", "seconds")
    print_table(title, heads, rows)


def _peaks(command: list[str]) -> tuple[float, float]:
    """Peak of the main process' own memory, and of all its processes' together (MB); shared pages count once."""
    with subprocess.Popen(command) as run:
        first = whole = 0.0
        while run.poll() is None:
            sizes = [_private(process) for process in (run.pid, *_descendants(run.pid))]
            first, whole = max(first, sizes[0]), max(whole, sum(sizes))
            time.sleep(0.05)
    if run.returncode:
        raise SystemExit(f"the extraction failed with exit code {run.returncode}")
    return first, whole


def _private(process: int) -> float:
    """Anonymous memory of a process (MB): pages of files, which the system may drop at any time, do not count."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def _descendants(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return children + [one for child in children for one in _descendants(child)]


if __name__ == "__main__":
    main()
