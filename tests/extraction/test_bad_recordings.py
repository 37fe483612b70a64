import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import RecordingError
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import open_store
from heartfeat.stores.verify import verify_store

from .small_cohorts import RATE, add_rows, contents, write_heart


def _truncated(path: Path) -> None:
    whole = write_heart(path, 1).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _absurd(path: Path) -> None:
    whole = bytearray(write_heart(path, 1).read_bytes())
    whole[40:44] = struct.pack("<I", 0x7FFFFFF0)
    path.write_bytes(whole)


def _samples(path: Path, samples: np.ndarray, subtype: str = "PCM_16") -> None:
    soundfile.write(path, samples.astype(np.float32), RATE, subtype=subtype)


BAD = {
    "missing file": lambda path: None,
    "unreadable": lambda path: path.write_bytes(b"no sound at all" * 9),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": _truncated,
    "not finite": lambda path: _samples(path, np.full(RATE * 2, np.nan), "FLOAT"),
    "silent": lambda path: _samples(path, np.zeros(RATE * 2)),
    "clipped": lambda path: _samples(path, np.sign(np.sin(np.arange(RATE * 2)))),
    "too short": lambda path: write_heart(path, 1, seconds=0.2),
    "several channels": lambda path: _samples(path, np.random.default_rng(0).uniform(-0.5, 0.5, (RATE, 2))),
}


def with_bad(cohort: Cohort, folder: Path) -> Cohort:
    rows = []
    for number, (reason, spoil) in enumerate(BAD.items()):
        path = folder / f"bad{number}.wav"
        spoil(path)
        rows.append((reason, f"b{number}", f"b{number}", "AV", str(path), None, "Absent"))
    return add_rows(cohort, *rows)


def test_each_kind_is_skipped_counted_and_stored_with_its_reason(
    cohort: Cohort, uri: Path, tmp_path: Path
) -> None:
    spoilt = with_bad(cohort, tmp_path)

    summary = run_extraction(spoilt, uri, [LogMelSettings()], ["clean", "gain-6"])

    assert summary.skipped == {reason: reason for reason in BAD}
    assert (summary.recordings, summary.encoded, summary.reused) == (8 + len(BAD), 8, 0)
    store = open_store(uri)
    bad = store.recordings.filter(store.recordings["status"] == "skipped")
    assert bad["reason"].to_list() == bad["recording"].to_list() == list(BAD)
    assert bad["pcm_digest"].null_count() == len(BAD)
    features = store.features()
    assert np.diff(features.offsets)[8:].tolist() == [0] * len(BAD)
    assert features.done.tolist() == [[True] * 8 + [False] * len(BAD)] * 2
    assert any("skipped, silent: 1 (silent)" in line for line in summary.lines())


def test_a_second_run_remembers_them(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    spoilt = with_bad(cohort, tmp_path)
    run_extraction(spoilt, uri, [LogMelSettings()], ["clean"])
    again = run_extraction(spoilt, uri, [LogMelSettings()], ["clean"])
    assert again.nothing_to_do
    assert set(again.skipped) == set(BAD)


def test_a_mended_recording_comes_in(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    spoilt = with_bad(cohort, tmp_path)
    run_extraction(spoilt, uri, [LogMelSettings()], ["clean"])
    write_heart(tmp_path / "bad0.wav", 40)
    mended = run_extraction(spoilt, uri, [LogMelSettings()], ["clean"])
    assert (mended.encoded, mended.reused, len(mended.skipped)) == (1, 8, len(BAD) - 1)


def test_a_header_that_is_mended_or_removed_lets_the_recording_in_whatever_its_age(
    cohort: Cohort, uri: Path
) -> None:
    sounds = [Path(path) for path in cohort.recordings["path"][:2]]
    headers = [sound.with_suffix(".hea") for sound in sounds]
    for header in headers:
        header.write_text(f"{header.stem} 1 4000 7777\n")
        os.utime(header, ns=(1, 1))
    first = run_extraction(cohort, uri, [LogMelSettings()], ["clean"])
    assert first.skipped == dict.fromkeys(("p0_AV", "p0_PV"), "header mismatch")
    headers[0].write_text(f"{headers[0].stem} 1 4000 8000\n")
    os.utime(headers[0], ns=(1, 1))
    headers[1].unlink()
    assert run_extraction(cohort, uri, [LogMelSettings()], ["clean"]).skipped == {}
    assert open_store(uri).features().done.all()


def test_a_file_that_may_be_read_again_comes_in_though_nothing_of_it_has_changed(
    cohort: Cohort, uri: Path
) -> None:
    sound = Path(cohort.recordings["path"][0])
    elsewhere = sound.rename(sound.with_suffix(".bak"))
    sound.symlink_to(sound)
    first = run_extraction(cohort, uri, [LogMelSettings()], ["clean"])
    assert first.skipped == {"p0_AV": "no access"}
    assert run_extraction(cohort, uri, [LogMelSettings()], ["clean"]).nothing_to_do
    elsewhere.replace(sound)
    assert run_extraction(cohort, uri, [LogMelSettings()], ["clean"]).encoded == 1


def test_a_set_that_cannot_hear_a_recording_leaves_its_rows_of_the_others(
    cohort: Cohort, uri: Path, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.wav"
    soundfile.write(slow, soundfile.read(write_heart(slow, 5))[0][::5], RATE // 5)
    mixed = add_rows(cohort, ("slow", "x", "x", "AV", str(slow), None, "Absent"))
    run_extraction(mixed, uri, [LogMelSettings()], ["clean"])
    before = contents(uri)
    high = LogMelSettings(name="high", low=450)

    summary = run_extraction(mixed, uri, [high], ["clean", "gain-6"])

    after = contents(uri)
    assert {key: after[key] for key in before} == before
    assert open_store(uri).features("high").done.tolist() == [[True] * 8 + [False]] * 2
    assert (summary.encoded, summary.reused, summary.skipped, summary.unfit) == (
        8,
        0,
        {},
        {"high": ("slow",)},
    )
    assert "skipped for high, sample rate too low: 1 (slow)" in summary.lines()
    assert summary.lacking
    assert run_extraction(mixed, uri, [LogMelSettings(), high], ["clean"]).nothing_to_do
    assert not verify_store(uri).damaged
    with pytest.raises(RecordingError, match="sample rate too low: recording slow, 800 Hz, for high"):
        run_extraction(mixed, uri, [high], ["clean"], strict=True)


def test_an_absurd_length_in_the_header_is_skipped(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    _absurd(tmp_path / "absurd.wav")
    spoilt = add_rows(cohort, ("x", "x", "x", "AV", str(tmp_path / "absurd.wav"), None, "Absent"))
    assert set(run_extraction(spoilt, uri, [LogMelSettings()], ["clean"]).skipped) == {"x"}


@pytest.mark.parametrize("reason", ["missing file", "silent"])
def test_strict_ends_the_run_and_names_the_recording(
    reason: str, cohort: Cohort, uri: Path, tmp_path: Path
) -> None:
    BAD[reason](tmp_path / "bad.wav")
    spoilt = add_rows(cohort, ("the bad one", "x", "x", "AV", str(tmp_path / "bad.wav"), None, "Absent"))
    with pytest.raises(RecordingError, match=f"{reason}: recording the bad one"):
        run_extraction(spoilt, uri, [LogMelSettings()], ["clean"], strict=True)
    assert not uri.exists()


def test_strict_also_minds_recordings_skipped_before(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    spoilt = with_bad(cohort, tmp_path)
    run_extraction(spoilt, uri, [LogMelSettings()], ["clean"])
    with pytest.raises(RecordingError, match="run without strict"):
        run_extraction(spoilt, uri, [LogMelSettings()], ["clean"], strict=True)
