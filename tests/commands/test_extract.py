import shutil

import numpy as np
import pytest

import heartfeat
from heartfeat.errors import ConfigError, DeviceError, RecordingError, StoreError
from heartfeat.signals.quality import CONTRASTS
from heartfeat.stores import KeptFeatureSet, write_store


def test_a_finished_store_is_left_alone(project):
    before = {path: path.stat().st_mtime_ns for path in (project.parent / "store.zarr").rglob("*")}
    summary = heartfeat.extract(config=project, device="cpu", workers=1)
    assert summary.nothing_to_do
    assert {path: path.stat().st_mtime_ns for path in (project.parent / "store.zarr").rglob("*")} == before


def test_a_store_is_not_emptied_because_its_files_are_elsewhere(project, synthetic_data, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(synthetic_data, data)
    for sound in (data / "training_data").glob("*.wav"):
        sound.unlink()
    with pytest.raises(StoreError, match=r"check data\.path"):
        heartfeat.extract(config=project, set=[f"data.path={data}"], device="cpu", workers=1)
    with heartfeat.open_store(project.parent / "store.zarr") as opened:
        assert (opened.recordings["status"] == "ok").all()


def test_a_store_of_an_earlier_release_gets_the_figures_that_it_lacks(project, capsys):
    uri = project.parent / "store.zarr"
    with heartfeat.open_store(uri) as opened:
        whole, kept = opened.recordings, [KeptFeatureSet(name) for name in opened.feature_sets]
        write_store(uri, whole.drop(CONTRASTS), opened.patients, kept, attrs=opened.attrs)
    heartfeat.fit(head="logistic", name="without", config=project)
    assert "lacks the quality figures s1_contrast_db, s2_contrast_db" in capsys.readouterr().err

    summary = heartfeat.extract(config=project, device="cpu", workers=1)

    assert (summary.encoded, summary.reused) == (0, len(whole))
    with heartfeat.open_store(uri) as opened:
        assert opened.recordings.select(whole.columns).equals(whole)
    heartfeat.fit(head="logistic", name="with", config=project)
    assert "lacks" not in capsys.readouterr().err


def test_a_view_is_added_without_encoding_the_others_again(project):
    store = project.parent / "store.zarr"
    with heartfeat.open_store(store) as opened:
        before = opened.tokens("logmel", view="gain-6")
    heartfeat.extract(config=project, views="clean,gain-6,bandstop", device="cpu", workers=1)
    with heartfeat.open_store(store) as opened:
        assert opened.features("logmel").views == ("clean", "gain-6", "bandstop")
        assert np.array_equal(opened.tokens("logmel", view="gain-6"), before)
        assert not np.array_equal(opened.tokens("logmel", view="bandstop"), before)


def test_a_second_backbone_is_added_beside_the_first(project):
    more = ["backbones.fine.bands=24", "backbones.fine.token_rate=10"]
    heartfeat.extract(config=project, set=more, backbone=["fine"], device="cpu", workers=1)
    with heartfeat.open_store(project.parent / "store.zarr") as opened:
        assert set(opened.feature_sets) == {"logmel", "fine"}
        assert opened.features("fine").dim == 24


def test_a_backbone_that_the_config_lacks_is_named(project):
    with pytest.raises(ConfigError, match="it has logmel"):
        heartfeat.extract(config=project, backbone=["wavlm"], device="cpu")


def test_a_missing_gpu_names_the_cpu(project):
    with pytest.raises(DeviceError, match="--device cpu"):
        heartfeat.extract(config=project, gpus="63", views="clean,noise20")


def test_a_device_that_makes_no_sense_is_refused_even_if_there_is_nothing_to_do(project):
    with pytest.raises(DeviceError, match="choose auto, cpu or cuda"):
        heartfeat.extract(config=project, device="tpu")
    with pytest.raises(DeviceError, match="contradict each other"):
        heartfeat.extract(config=project, gpus="0", device="cpu")


def test_cycle_windows_make_a_feature_set_of_their_own(project):
    heartfeat.extract(config=project, windows="cycles", device="cpu", workers=1)
    with heartfeat.open_store(project.parent / "store.zarr") as opened:
        assert opened.feature_sets == ("logmel", "logmel-cycles")
        assert opened.features("logmel-cycles").attrs["core"]["windows"] == "cycles"
        assert opened.features("logmel-cycles").done.all()
    with pytest.raises(ConfigError, match="choose fixed or cycles"):
        heartfeat.extract(config=project, windows="beats", device="cpu")


def test_strict_stops_at_the_first_bad_recording_and_keeps_the_store(project, synthetic_data, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(synthetic_data, data)
    broken = sorted((data / "training_data").glob("*.wav"))[0]
    broken.write_bytes(b"RIFF")
    with pytest.raises(RecordingError, match=broken.stem):
        heartfeat.extract(config=project, set=[f"data.path={data}"], strict=True, device="cpu", workers=1)
    with heartfeat.open_store(project.parent / "store.zarr") as opened:
        assert (opened.recordings["status"] == "ok").all()
