import os
from pathlib import Path

import numpy as np
import pytest

from heartfeat.backbones.encode import WindowEncoder
from heartfeat.backbones.load import load_backbone
from heartfeat.backbones.preprocessing import preprocess
from heartfeat.backbones.settings import LogMelSettings
from heartfeat.backbones.windows import cut_windows, stitch, token_count
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import ConfigError, DeviceError, StoreError
from heartfeat.extraction.engine import run_extraction
from heartfeat.extraction.plan import staging_folder
from heartfeat.extraction.pooling import pool
from heartfeat.extraction.staging import alone, read_staging
from heartfeat.signals.recording import read_recording
from heartfeat.stores.remove import remove_features
from heartfeat.stores.store import open_store
from heartfeat.views import apply_view

from .small_cohorts import add_rows, contents, write_heart

LOGMEL = LogMelSettings()
COARSE = LogMelSettings(name="coarse", bands=16, token_rate=25)
VIEWS = ("clean", "gain-6", "bandstop")


def test_every_row_equals_the_steps_done_by_hand(cohort: Cohort, uri: Path) -> None:
    summary = run_extraction(cohort, uri, [LOGMEL], VIEWS)

    assert (summary.recordings, summary.encoded, summary.reused, summary.skipped) == (8, 8, 0, {})
    backbone, store = load_backbone(LOGMEL), open_store(uri)
    for name, path in cohort.recordings.select("recording", "path").rows():
        sound = read_recording(path)
        clean = preprocess(sound.samples, sound.sample_rate, backbone.spec.preprocessing)
        for view in VIEWS:
            signal = apply_view(view, clean, 2000, sound.pcm_digest)
            windows = cut_windows(signal, backbone.spec.window)
            tokens = stitch(
                WindowEncoder(backbone)(windows), token_count(len(signal), 40), backbone.spec.window
            )
            np.testing.assert_array_equal(store.tokens(recording=name, view=view), tokens)
            np.testing.assert_array_equal(store.pooled(recording=name, view=view), pool(tokens, 50.0))
    assert store.recordings["status"].to_list() == ["ok"] * 8
    assert store.features().done.all()


def test_tables_keep_labels_and_lose_file_locations(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], ["clean"])
    store = open_store(uri)
    assert {"path", "annotation"}.isdisjoint(store.recordings.columns)
    assert store.recordings["murmur"].to_list() == ["Absent"] * 8
    assert store.patients.equals(cohort.patients)
    np.testing.assert_allclose(store.recordings["duration"], [2 + 0.13 * i for i in range(8)], atol=1e-3)


def test_a_second_run_does_nothing(cohort: Cohort, uri: Path) -> None:
    assert not run_extraction(cohort, uri, [LOGMEL], VIEWS).nothing_to_do
    before = uri.stat()

    summary = run_extraction(cohort, uri, [LOGMEL], VIEWS)

    assert summary.nothing_to_do
    assert (summary.encoded, summary.reused) == (0, 8)
    assert (uri.stat().st_ino, uri.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not Path(f"{uri}.staging").exists()


def test_a_second_extraction_beside_the_first_is_refused(cohort: Cohort, uri: Path) -> None:
    with (
        alone(staging_folder(uri)),
        pytest.raises(StoreError, match=f"extracting into {uri} or repairing it; wait"),
    ):
        run_extraction(cohort, uri, [LOGMEL], VIEWS)
    assert run_extraction(cohort, uri, [LOGMEL], VIEWS).encoded == 8


def test_a_store_behind_a_link_is_filled_where_it_lies(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    uri.symlink_to(tmp_path / "disk" / uri.name)
    run_extraction(cohort, uri, [LOGMEL], ["clean"])
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    assert uri.is_symlink()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == [uri.name]
    assert open_store(tmp_path / "disk" / uri.name).features().views == VIEWS
    assert open_store(uri).features().done.all()


def test_what_a_killed_run_held_holds_up_nobody(cohort: Cohort, uri: Path) -> None:
    staging = staging_folder(uri)
    staging.mkdir()
    (staging / "held").touch()
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    assert not staging.exists()


def test_a_changed_recording_alone_is_encoded_again(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    before = contents(uri)
    write_heart(Path(cohort.recordings["path"][3]), seed=77, seconds=3.0)

    summary = run_extraction(cohort, uri, [LOGMEL], VIEWS)

    assert (summary.encoded, summary.reused) == (1, 7)
    fresh = uri.with_name(f"fresh{uri.suffix}")
    run_extraction(cohort, fresh, [LOGMEL], VIEWS)
    assert contents(uri) == contents(fresh) != before


def test_a_touched_file_is_decoded_and_found_unchanged(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    os.utime(cohort.recordings["path"][0], ns=(1, 1))
    before = contents(uri)
    assert run_extraction(cohort, uri, [LOGMEL], VIEWS).encoded == 0
    assert contents(uri) == before
    assert run_extraction(cohort, uri, [LOGMEL], VIEWS).nothing_to_do


def test_a_new_view_leaves_the_others_as_they_are(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], ["clean", "gain-6"])
    before = contents(uri)

    summary = run_extraction(cohort, uri, [LOGMEL], ["clean", "shift"])

    after = contents(uri)
    assert summary.encoded == 8
    assert open_store(uri).features().views == ("clean", "gain-6", "shift")
    kept = ("logmel clean tokens", "logmel gain-6 tokens", "logmel clean pooled", "logmel offsets")
    assert {key: before[key] for key in kept} == {key: after[key] for key in kept}
    assert run_extraction(cohort, uri, [LOGMEL], ["clean"]).nothing_to_do


def test_a_second_backbone_leaves_the_first_as_it_is(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], ["clean"])
    before = contents(uri)
    run_extraction(cohort, uri, [COARSE], ["clean", "gain+6"])
    after = contents(uri)
    assert open_store(uri).feature_sets == ("logmel", "coarse")
    assert {key: after[key] for key in before} == before
    assert run_extraction(cohort, uri, [LOGMEL, COARSE], ["clean"]).nothing_to_do


def test_what_is_staged_of_one_backbone_outlives_a_run_of_another(cohort: Cohort, uri: Path) -> None:
    def interrupt(what: str, done: int, total: int, detail: str = "") -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_extraction(cohort, uri, [COARSE], ["clean"], progress=interrupt)
    assert run_extraction(cohort, uri, [LOGMEL], ["clean"]).encoded == 8
    assert run_extraction(cohort, uri, [COARSE], ["clean"]).encoded < 8
    assert not Path(f"{uri}.staging").exists()


def test_what_is_staged_of_other_views_outlives_a_run_without_them(cohort: Cohort, uri: Path) -> None:
    def interrupt(what: str, done: int, total: int, detail: str = "") -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_extraction(cohort, uri, [LOGMEL], VIEWS, progress=interrupt)
    staged = set(read_staging(staging_folder(uri)).blocks)
    run_extraction(cohort, uri, [LOGMEL], ["clean"])
    assert set(read_staging(staging_folder(uri)).blocks) == staged
    again = run_extraction(cohort, uri, [LOGMEL], ["clean"])
    assert again.nothing_to_do
    assert any(
        f"{staging_folder(uri)} keeps" in line and "delete that folder" in line for line in again.lines()
    )
    assert run_extraction(cohort, uri, [LOGMEL], VIEWS).encoded < 8
    assert not staging_folder(uri).exists()


def test_a_staged_block_that_was_damaged_is_encoded_again(cohort: Cohort, uri: Path) -> None:
    def interrupt(what: str, done: int, total: int, detail: str = "") -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_extraction(cohort, uri, [LOGMEL], ["clean"], progress=interrupt)
    staged = read_staging(staging_folder(uri))
    with (staged.shards[0] / "blocks.bin").open("r+b") as file:
        file.seek(100)
        file.write(b"damage")
    summary = run_extraction(cohort, uri, [LOGMEL], ["clean"])
    assert summary.encoded == 8 - len(staged.blocks) + 1
    fresh = uri.with_name(f"fresh{uri.suffix}")
    run_extraction(cohort, fresh, [LOGMEL], ["clean"])
    assert contents(uri) == contents(fresh)
    assert not staging_folder(uri).exists()


def test_other_settings_under_the_same_name_are_refused_until_the_set_is_taken_out(
    cohort: Cohort, uri: Path
) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    before = contents(uri)
    with pytest.raises(
        StoreError, match=r"'logmel' of other settings.*bands was 64 and is 32.*store rm-features .* logmel"
    ):
        run_extraction(cohort, uri, [LogMelSettings(bands=32)], ["clean"])
    assert contents(uri) == before
    remove_features(uri, ["logmel"])
    run_extraction(cohort, uri, [LogMelSettings(bands=32)], ["clean"])
    assert open_store(uri).features("logmel").dim == 32


def test_a_new_patient_is_added(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], VIEWS)
    path = write_heart(tmp_path / "new.wav", 50)
    larger = add_rows(cohort, ("p9_AV", "p9", "p9", "AV", str(path), None, "Present"))
    summary = run_extraction(larger, uri, [LOGMEL], VIEWS)
    assert (summary.encoded, summary.reused) == (1, 8)
    assert open_store(uri).patients["patient"].to_list() == ["p0", "p1", "p2", "p3", "p9"]


def test_the_same_audio_under_two_names_is_encoded_once(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin.wav"
    twin.write_bytes(Path(cohort.recordings["path"][0]).read_bytes())
    doubled = add_rows(cohort, ("p9_AV", "p9", "p9", "AV", str(twin), None, "Absent"))

    summary = run_extraction(doubled, uri, [LOGMEL], VIEWS, batch_size=1)

    assert (summary.encoded, summary.reused) == (8, 1)
    (pair,) = summary.shared_audio
    assert (pair.recordings, pair.patients) == (("p0_AV", "p9_AV"), ("p0", "p9"))
    assert any("same audio in two patients: p0_AV of p0 and p9_AV of p9" in line for line in summary.lines())
    store = open_store(uri)
    np.testing.assert_array_equal(store.tokens(recording="p0_AV"), store.tokens(recording="p9_AV"))


def test_the_batch_size_changes_no_bit(cohort: Cohort, tmp_path: Path) -> None:
    run_extraction(cohort, tmp_path / "a.h5", [LOGMEL], VIEWS, batch_size=1)
    run_extraction(cohort, tmp_path / "b.h5", [LOGMEL], VIEWS, batch_size=64)
    assert contents(tmp_path / "a.h5") == contents(tmp_path / "b.h5")


def test_progress_runs_from_nothing_to_all(cohort: Cohort, uri: Path) -> None:
    seen: list[tuple[str, int, int]] = []

    def progress(what: str, done: int, total: int, detail: str = "") -> None:
        seen.append((what, done, total))

    run_extraction(cohort, uri, [LOGMEL], ["clean"], progress=progress)
    extracting = [(done, total) for what, done, total in seen if what == "extracting"]
    assert (extracting[0], extracting[-1]) == ((0, 8), (8, 8))
    assert seen[-1] == ("writing logmel", 8, 8)


def test_what_cannot_be_run_is_refused_at_once(cohort: Cohort, uri: Path) -> None:
    with pytest.raises(ConfigError, match="backbones need different names"):
        run_extraction(cohort, uri, [LOGMEL, LogMelSettings(bands=32)], ["clean"])
    with pytest.raises(ConfigError, match="views must begin with 'clean'"):
        run_extraction(cohort, uri, [LOGMEL], ["gain-6"])
    with pytest.raises(DeviceError, match="no device to work on"):
        run_extraction(cohort, uri, [LOGMEL], ["clean"], devices=())
    with pytest.raises(ConfigError, match="the view 'shift' moves the heartbeats"):
        run_extraction(cohort, uri, [LogMelSettings(windows="cycles")], ["clean", "shift"])
    assert not uri.exists()


def test_a_run_with_nothing_to_do_removes_what_a_killed_one_left(cohort: Cohort, tmp_path: Path) -> None:
    uri = tmp_path / "s.zarr"
    run_extraction(cohort, uri, [LOGMEL], ["clean"])
    left = tmp_path / ".s.zarr.old"
    left.mkdir()
    assert run_extraction(cohort, uri, [LOGMEL], ["clean"]).nothing_to_do
    assert not left.exists()


def test_devices_are_asked_for_only_when_there_is_work(cohort: Cohort, uri: Path) -> None:
    def never() -> tuple[str, ...]:
        raise AssertionError("nobody should look for devices")

    run_extraction(cohort, uri, [LOGMEL], ["clean"])
    assert run_extraction(cohort, uri, [LOGMEL], ["clean"], devices=never).nothing_to_do


def test_cycle_windows_stand_beside_fixed_ones_with_whole_heart_cycles(cohort: Cohort, uri: Path) -> None:
    cycles = LogMelSettings(name="logmel-cycles", windows="cycles")
    run_extraction(cohort, uri, [LOGMEL, cycles], ["clean", "gain-6"])

    store = open_store(uri)
    fixed, synchronous = store.features("logmel"), store.features("logmel-cycles")
    assert fixed.core_key != synchronous.core_key
    assert synchronous.done.all()
    rows = np.diff(synchronous.offsets)
    assert (rows > 0).all()
    assert (rows <= np.diff(fixed.offsets)).all()
    shift = store.tokens("logmel-cycles", view="gain-6") - store.tokens("logmel-cycles")
    assert abs(np.median(shift.astype(np.float32)) + 6 * np.log(10) / 10) < 0.02
