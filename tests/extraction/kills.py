"""Kill extractions at random moments and see whether the store ends up as if nothing had happened.

A program of its own, which forks every run: it must never use a library that does not survive a fork (polars, zarr)
in its first process.
"""

import argparse
import hashlib
import json
import os
import pickle
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.extraction import engine, write_behind

VIEWS = ("clean", "timemask")
BACKBONES = (LogMelSettings(bands=16), LogMelSettings(name="coarse", bands=8, token_rate=10))


@dataclass
class Tally:
    """What was done to the runs of one container."""

    kills: int = 0
    rounds: int = 0
    victims: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def count(self, victim: str) -> None:
        self.kills += 1
        self.victims[victim] = self.victims.get(victim, 0) + 1
        if self.kills % 10 == 0:
            print(f"{self.kills} kills, round {self.rounds}", file=sys.stderr, flush=True)


def digest(uri: Path) -> str:
    """SHA-256 over everything in a store but for when it was made."""
    from heartfeat.stores.store import open_store

    store = open_store(uri)
    seen = hashlib.sha256()
    for table in (store.recordings, store.patients):
        seen.update(repr(table.schema).encode() + table.write_json().encode())
    for name in store.feature_sets:
        features = store.features(name)
        seen.update(json.dumps(features.attrs, sort_keys=True).encode())
        for array in (features.offsets, features.done, *map(features.tokens, features.views)):
            seen.update(array.tobytes())
        for view in features.views:
            seen.update(features.pooled(view).tobytes())
    return seen.hexdigest()


def in_child(work: Callable[[], object]) -> tuple[int, str]:
    """Start ``work`` in a fork that leads a process group of its own; its id and a file for its last words."""
    words = os.memfd_create("words")
    child = os.fork()
    if child:
        return child, f"/proc/self/fd/{words}"
    os.setsid()
    code = 1
    try:
        os.write(words, str(work()).encode())
        code = 0
    except BaseException as error:  # noqa: BLE001 - reported by the parent
        os.write(words, f"{type(error).__name__}: {error}".encode())
    os._exit(code)


def ask(work: Callable[[], object]) -> str:
    """The answer of ``work`` in a fork: this process keeps no threads, so it can always fork again."""
    child, words = in_child(work)
    _, status = os.waitpid(child, 0)
    answer = Path(words).read_text(encoding="utf-8")
    os.close(int(words.rpartition("/")[2]))
    if status:
        raise RuntimeError(answer)
    return answer


def extract(file: Path, uri: Path, workers: int) -> None:
    cohort = pickle.loads(file.read_bytes())  # noqa: S301 - written by this program or by our test
    write_behind.COMMIT_SECONDS = 0.0
    engine.run_extraction(
        cohort,
        uri,
        BACKBONES,
        VIEWS,
        devices=("cpu",) * workers,
        batch_size=2,
        drop_missing=True,
    )


def family(leader: int) -> list[int]:
    """The processes of a group that are still alive."""
    found = []
    for process in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = process.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            found.append(int(process.parent.name))
    return found


def torment(cohorts: Sequence[Path], folder: Path, suffix: str, kills: int, seed: int) -> Tally:
    """Run extractions of cohorts one after the other into one store, killing now and then, until ``kills``.

    Each round fills a new store with the first cohort, then changes it to each of the others; every stage that
    gets through must leave what an uninterrupted extraction of that cohort leaves.
    """
    rng = random.Random(seed)
    expected, seconds = [], []
    for number, cohort in enumerate(cohorts):
        fresh = folder / f"fresh-{number}{suffix}"
        started = time.perf_counter()
        ask(lambda cohort=cohort, fresh=fresh: extract(cohort, fresh, 1))
        seconds.append(time.perf_counter() - started)
        expected.append(ask(lambda fresh=fresh: digest(fresh)))
    tally = Tally()
    while tally.kills < kills:
        tally.rounds += 1
        uri = folder / f"round-{tally.rounds}{suffix}"
        for cohort, right, whole in zip(cohorts, expected, seconds, strict=True):
            while not _attempt(cohort, uri, whole, rng, tally, last=tally.kills >= kills):
                pass
            left = [path.name for path in folder.iterdir() if uri.name in path.name and path != uri]
            if ask(lambda uri=uri: digest(uri)) != right:
                tally.wrong.append(f"{uri.name}: the store differs")
            if left:
                tally.wrong.append(f"{uri.name}: {', '.join(left)} were left beside it")
    return tally


def _attempt(cohort: Path, uri: Path, whole: float, rng: random.Random, tally: Tally, last: bool) -> bool:
    """One run, killed at a random moment unless it ends before; whether it got through."""
    workers = 1 if rng.random() < 0.7 else 2
    child, words = in_child(lambda: extract(cohort, uri, workers))
    # Spawned workers need time to come up before there is anything of theirs to disturb.
    moment = rng.uniform(0.0, 0.7 * whole) + (rng.uniform(0.0, 4.0) if workers > 1 else 0.0)
    status = None if last else _wait(child, moment)
    if status is None and not last:
        alive = family(child)
        victim = rng.choice(alive) if alive else child
        try:
            os.kill(victim, signal.SIGKILL)
            tally.count("main process" if victim == child else "worker")
        except ProcessLookupError:
            pass  # it ended at that very moment
    if status is None:
        _, status = os.waitpid(child, 0)
    said = Path(words).read_text(encoding="utf-8")
    os.close(int(words.rpartition("/")[2]))
    if os.WIFEXITED(status) and status and "died" not in said:
        tally.wrong.append(f"round {tally.rounds}: {said}")
    return status == 0


def _wait(child: int, seconds: float) -> int | None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.002)
    return None


def save_real_cohorts(data: Path, recordings: int, folder: Path) -> None:
    """Two overlapping sets of CirCor's patients, the second with at least ``recordings`` recordings."""
    import polars as pl

    from heartfeat.cohorts.circor import read_circor
    from heartfeat.cohorts.cohort import Cohort

    whole = read_circor(data / "circor")
    counts = dict(whole.recordings.group_by("patient").len().iter_rows())
    names: list[str] = []
    for name in whole.patients["patient"]:
        names.append(name)
        if sum(counts[one] for one in names[5:]) >= recordings:
            break
    for number, chosen in enumerate((names[:-5], names[5:])):
        rows = pl.col("patient").is_in(chosen)
        cohort = Cohort("circor", whole.recordings.filter(rows), whole.patients.filter(rows))
        (folder / str(number)).write_bytes(pickle.dumps(cohort))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100, help="per container")
    options.add_argument("--recordings", type=int, default=200, help="of CirCor in HEARTFEAT_DATA")
    options.add_argument(
        "--cohorts", type=Path, nargs="+", help="files with pickled cohorts, in place of CirCor's"
    )
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    torch.set_num_threads(1)
    wrong = 0
    for suffix in (".zarr", ".h5"):
        with TemporaryDirectory() as name:
            folder = Path(name)
            cohorts = given.cohorts or _real_cohorts(folder, given.recordings)
            started = time.perf_counter()
            (folder / "stores").mkdir()
            tally = torment(cohorts, folder / "stores", suffix, given.kills, given.seed)
        print(
            f"{suffix}, seed {given.seed}: {tally.kills} kills ({tally.victims}) in {tally.rounds} rounds, "
            f"{time.perf_counter() - started:.0f} s; {len(tally.wrong)} wrong",
            *tally.wrong,
            sep="\n  ",
            flush=True,
        )
        wrong += len(tally.wrong)
    return 1 if wrong else 0


def _real_cohorts(folder: Path, recordings: int) -> list[Path]:
    data = os.environ.get("HEARTFEAT_DATA")
    if not data:
        sys.exit("HEARTFEAT_DATA is not set: there are no recordings to extract")
    ask(lambda: save_real_cohorts(Path(data), recordings, folder))
    return [folder / "0", folder / "1"]


if __name__ == "__main__":
    sys.exit(main())
