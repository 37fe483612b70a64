import csv
import json
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

import heartfeat
from heartfeat.backbones.load import load_backbone
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.cohorts.synthetic import write_synthetic_cohort
from heartfeat.commands import pretrain
from heartfeat.errors import ConfigError, SplitError
from heartfeat.pretraining.record import TrainingRecord

from .conftest import write_config

PCG = {"architecture": "pcg", "bands": 8, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
CNN_MAMBA = {"architecture": "cnn_mamba", "hidden_size": 16, "num_hidden_layers": 1, "state_size": 4}
MASKED = {"kind": "masked", "decoder_size": 16}
MOCO = {"kind": "contrast", "method": "moco", "queue": 16, "projection": 16}
SIMCLR = {"kind": "contrast", "projection": 16}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_synthetic_cohort(
        tmp_path_factory.mktemp("pretraining") / "data", patients=8, seed=1, seconds=(2, 3)
    )


def recipe(folder, data, encoder=PCG, objectives=(SIMCLR, MASKED), **changes):
    tree = {
        "data": [{"path": str(data), **changes.pop("of_data", {})}],
        "encoder": encoder,
        "objectives": list(objectives),
        "crops": {"seconds": 0.8},
        "steps": 4,
        "batch": 3,
        "held_out": 0.3,
        "probe_every": 2,
        "keep_every": 2,
        **changes,
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def train(path, out, **more):
    return pretrain(path, out, device="cpu", precision="fp32", workers=1, **more)


def weights(folder):
    return load_file(folder / "model.safetensors")


def same(one, other):
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.parametrize(
    ("encoder", "objectives"), [(PCG, (SIMCLR, MASKED)), (CNN_MAMBA, (MASKED, MOCO)), (CNN_MAMBA, (SIMCLR,))]
)
def test_what_was_pretrained_is_a_backbone(encoder, objectives, data, tmp_path):
    result = train(recipe(tmp_path, data, encoder, objectives), tmp_path / "own")
    own = {"family": "transformers", "model": str(result.folder), "window_seconds": 1.0}
    config = write_config(tmp_path, data, backbones={"own": own}, views="clean")
    heartfeat.extract(config=config, device="cpu", workers=1)
    with heartfeat.open_store(tmp_path / "store.zarr") as opened:
        assert opened.features("own").dim == 16
        tokens = opened.tokens("own")
        assert np.isfinite(tokens).all()
        assert tokens.astype(np.float32).std() > 0.01

    backbone = load_backbone(TransformersSettings.model_validate({"name": "own", **own}))
    windows = 0.05 * torch.randn(8, backbone.spec.window.samples)
    with torch.inference_mode():
        together = backbone.model(windows)
        alone = torch.cat([backbone.model(one) for one in windows.split(1)])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


def test_no_labels_are_read(data, tmp_path):
    shuffled, emptied = (
        shutil.copytree(data, tmp_path / name, symlinks=True) for name in ("shuffled", "emptied")
    )
    labels = ["Murmur", "Murmur locations", "Most audible location", "Outcome"]
    change_labels(shuffled, {name: lambda values: values[::-1] for name in labels})
    empty = {"Outcome": "Normal", "Murmur": "Absent", "Murmur locations": "nan"}
    change_labels(
        emptied, {name: lambda values, word=word: [word] * len(values) for name, word in empty.items()}
    )
    for folder in (shuffled, emptied):
        for path in (folder / "training_data").glob("*.t*"):
            path.unlink()
    assert (shuffled / "training_data.csv").read_text() != (data / "training_data.csv").read_text()
    first = train(recipe(tmp_path, data), tmp_path / "own")
    assert first.record.labels is None
    for folder in (shuffled, emptied):
        other = train(recipe(tmp_path, folder), tmp_path / folder.name / "own")
        assert same(weights(first.folder), weights(other.folder))
        assert other.record.seen == first.record.seen


def change_labels(folder, changes):
    path = folder / "training_data.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for name, change in changes.items():
        for row, value in zip(rows, change([row[name] for row in rows]), strict=True):
            row[name] = value
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_people_who_will_be_tested_are_left_out_with_their_other_ids(data, tmp_path):
    folder = shutil.copytree(data, tmp_path / "data")
    with (folder / "training_data.csv").open(newline="") as file:
        ids = [row["Patient ID"] for row in csv.DictReader(file)]
    additional = {"Additional ID": lambda values: [ids[3], *values[1:3], ids[0], *values[4:]]}
    change_labels(folder, additional)
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"folds": [{"train": ids[2:], "test": ids[:2]}]}))
    result = train(
        recipe(tmp_path, folder, of_data={"leave_out": str(split)}, held_out=0.0), tmp_path / "own"
    )
    # The fourth is the first under another id.
    assert set(result.record.seen["circor"]) == {*ids} - {ids[0], ids[1], ids[3]}
    assert result.record.data[0]["left_out"] == 3
    assert "tested in `split.json`" in (tmp_path / "own/README.md").read_text()
    split.write_text('{"test": ["0"]}')
    with pytest.raises(SplitError, match="none of the test patients"):
        train(recipe(tmp_path, folder, of_data={"leave_out": str(split)}), tmp_path / "two")


def test_a_checkpoint_is_replaced_only_when_asked_and_only_by_a_whole_one(data, tmp_path):
    path = recipe(tmp_path, data)
    first = weights(train(path, tmp_path / "own").folder)
    with pytest.raises(ConfigError, match="give another --out, or --overwrite"):
        train(path, tmp_path / "own")
    broken = shutil.copytree(data, tmp_path / "data")
    for sound in (broken / "training_data").glob("*.wav"):
        sound.write_bytes(b"")
    with pytest.raises(ConfigError, match="none of"):
        train(recipe(tmp_path, broken), tmp_path / "own", overwrite=True)
    assert same(first, weights(tmp_path / "own"))
    again = train(recipe(tmp_path, data, seed=5), tmp_path / "own", overwrite=True)
    assert not same(first, weights(again.folder))


def test_a_recipe_s_keys_are_checked_before_anything_is_read(tmp_path):
    with pytest.raises(ConfigError, match="batchsize is not a known key; did you mean 'batch'"):
        train(recipe(tmp_path, tmp_path, batchsize=4), tmp_path / "own")
    with pytest.raises(ConfigError, match="there is no tracker 'paper'"):
        train(recipe(tmp_path, tmp_path), tmp_path / "own", tracker=["paper"])


@pytest.mark.parametrize("text", [None, "data: {path: sounds}\nstore: a.zarr\n"])
def test_what_is_no_recipe_is_answered_with_an_example_of_one(tmp_path, text):
    path = tmp_path / "heartfeat.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(
        ConfigError, match=r"write one after configs/pretrain_pcg.yaml, see docs/pretraining.md"
    ):
        train(path, tmp_path / "own")


def command(path, out, *launch):
    options = ["--device", "cpu", "--precision", "fp32", "--workers", "1"]
    return [sys.executable, *launch, "-m", "heartfeat", "pretrain", str(path), "--out", str(out), *options]


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_bits(data, tmp_path):
    path = recipe(tmp_path, data, steps=150, keep_every=10, probe_every=7)
    whole = train(path, tmp_path / "whole")
    kept = tmp_path / "parts.unfinished/resume.safetensors"
    for _ in range(2):
        process = subprocess.Popen(command(path, tmp_path / "parts"), stderr=subprocess.DEVNULL)
        before = kept.stat().st_mtime_ns if kept.exists() else 0
        deadline = time.monotonic() + 120
        while not (kept.exists() and kept.stat().st_mtime_ns > before) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was done before it could be killed"
        assert not (tmp_path / "parts").exists()
    subprocess.run(command(path, tmp_path / "parts"), check=True, capture_output=True)
    assert same(weights(whole.folder), weights(tmp_path / "parts"))
    histories = [TrainingRecord.read(tmp_path / name).history for name in ("whole", "parts")]
    without = [[{**row, "seconds": 0} for row in history] for history in histories]
    assert without[0] == without[1]


@pytest.mark.slow
def test_two_processes_train_one_checkpoint(data, tmp_path):
    path = recipe(tmp_path, data)
    launch = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--standalone"]
    done = subprocess.run(
        command(path, tmp_path / "own", *launch), capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.count("no labels were read") == 1
    assert "2 x" in TrainingRecord.read(tmp_path / "own").machine
    assert "torchrun --nproc_per_node 2" in (tmp_path / "own/README.md").read_text()
    assert not (tmp_path / "own.unfinished").exists()
