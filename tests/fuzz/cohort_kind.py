"""Whole cohorts with some changed files, through reader and extraction: counts add up, other rows stay as they are."""

import functools
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import Store, open_store

from . import flac_kind, wav_kind
from .make_corpus import CORPUS, PATIENTS, RATE, heart
from .mutate import mutate_bytes, mutate_text
from .outcome import check

BACKBONE = LogMelSettings(bands=8, window_seconds=1)


def names() -> list[str]:
    """File names of every recording that the corpus' table lists."""
    listed = []
    for patient in PATIENTS:
        sites = patient["Recording locations"].split("+")
        for number, site in enumerate(sites):
            repeat = f"_{sites[: number + 1].count(site)}" if sites.count(site) > 1 else ""
            listed.append(f"{patient['Patient ID']}_{site}{repeat}")
    return listed


def write_sounds(folder: Path) -> Path:
    """The corpus' patients as a folder of csv, wav, FLAC, headers and segments."""
    audio = folder / "training_data"
    audio.mkdir(parents=True)
    shutil.copy(CORPUS / "training_data.csv", folder)
    for number, name in enumerate(names()):
        suffix = "flac" if number % 3 == 2 else "wav"
        soundfile.write(audio / f"{name}.{suffix}", heart(number), RATE, subtype="PCM_16")
        (audio / f"{name}.hea").write_text(f"{name} 1 {RATE} {len(heart())}\n")
        shutil.copy(CORPUS / "segments.tsv", audio / f"{name}.tsv")
    return folder


@functools.cache
def clean_folder() -> Path:
    """A folder with ``sounds`` and two stores of them, ``store.h5`` and ``store.zarr``."""
    folder = Path(tempfile.mkdtemp(prefix="clean-"))
    write_sounds(folder / "sounds")
    cohort = read_circor(folder / "sounds")
    # A few columns of each sort: every column is some more files to copy in every case.
    slim = Cohort(
        cohort.name,
        cohort.recordings.select("recording", "patient", "person", "site", "path"),
        cohort.patients.select("patient", "person", "height", "pregnant"),
    )
    for suffix in ("h5", "zarr"):
        run_extraction(slim, folder / f"store.{suffix}", [BACKBONE], ["clean", "gain-6"])
    return folder


@functools.cache
def _clean_rows() -> dict[str, np.ndarray]:
    return rows_of(open_store(clean_folder() / "store.h5"))


def rows_of(store: Store) -> dict[str, np.ndarray]:
    """Tokens of every recording that has any."""
    features = store.features()
    tokens = np.asarray(features.tokens("clean"))
    offsets = np.asarray(features.offsets)
    ids = store.recordings["recording"].to_list()
    done = np.asarray(features.done)[0]
    return {name: tokens[offsets[at] : offsets[at + 1]] for at, name in enumerate(ids) if done[at]}


def case(rng: random.Random, folder: Path) -> None:
    clean, rows = clean_folder(), _clean_rows()
    shutil.copytree(clean / "sounds", folder / "sounds")
    suffix = rng.choice(("h5", "zarr"))
    uri = folder / f"store.{suffix}"
    if rng.random() < 0.4:
        copy = shutil.copytree if suffix == "zarr" else shutil.copy
        copy(clean / uri.name, uri)
    changed = {_change_one(rng, folder / "sounds" / "training_data") for _ in range(rng.choice((1, 2, 4)))}
    if rng.random() < 0.15:
        table = folder / "sounds" / "training_data.csv"
        table.write_bytes(mutate_text(rng, table.read_text()))
    cohort = read_circor(folder / "sounds")
    summary = run_extraction(cohort, uri, [BACKBONE], ["clean"])
    counted = summary.encoded + summary.reused + len(summary.skipped) + len(summary.missing)
    check(counted == summary.recordings == cohort.recordings.height, f"counts do not add up: {summary}")
    store = open_store(uri)
    found = rows_of(store)
    ids = store.recordings["recording"].to_list()
    check(ids == cohort.recordings["recording"].to_list(), "the store lists other recordings than the cohort")
    check(set(found) == set(ids) - set(summary.skipped), "rows and skipped recordings do not add up")
    for name, tokens in found.items():
        check(
            bool(np.isfinite(tokens).all()) and len(tokens) > 0,
            f"{name} has no tokens, or some are not finite",
        )
        if name in rows and name not in changed:
            check(np.array_equal(tokens, rows[name]), f"{name} was not changed, its rows were")
    untouched = set(rows) & set(ids) - changed
    check(untouched <= set(found), f"{untouched - set(found)} were not changed, and are skipped")


def _change_one(rng: random.Random, audio: Path) -> str:
    """Spoil something of one recording, and say which it is."""
    name = rng.choice(names())
    sound = next((path for path in audio.glob(f"{name}.*") if path.suffix in (".wav", ".flac")), None)
    header = audio / f"{name}.hea"
    what = rng.choice(("bytes", "bytes", "field", "field", "header", "segments", "remove", "empty", "folder"))
    if what == "segments":
        path = audio / f"{name}.tsv"
        path.write_bytes(mutate_text(rng, path.read_text(), separator="\t"))
    elif what == "header" and header.is_file():
        header.write_bytes(mutate_text(rng, header.read_text(), separator=" "))
    elif sound is None or not sound.is_file() or sound.stat().st_size < 100:
        return name
    elif what == "field":
        kind = wav_kind if sound.suffix == ".wav" else flac_kind
        sound.write_bytes(kind.mutate_header(rng, sound.read_bytes()))
    elif what == "bytes":
        sound.write_bytes(mutate_bytes(rng, sound.read_bytes()))
    elif what == "empty":
        sound.write_bytes(b"")
    else:
        sound.unlink()
        if what == "folder":
            sound.mkdir()
    return name
