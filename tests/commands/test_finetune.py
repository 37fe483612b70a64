import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext

import polars as pl
import pytest
import soundfile
import torch
import yaml

import heartfeat
from heartfeat.backbones.architectures.pcg import PcgConfig, PcgModel
from heartfeat.backbones.trained_on import TRAINING_FILE
from heartfeat.cohorts.splits import load_splits
from heartfeat.commands import show
from heartfeat.errors import ConfigError, SplitError

STAGES = [
    {"train": "head", "epochs": 1},
    {"train": "top", "layers": 1, "epochs": 1},
    {"train": "all", "epochs": 1},
]


def save_encoder(folder, **training):
    torch.manual_seed(0)
    config = PcgConfig(
        bands=16, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, mean=-6.0, std=3.0
    )
    PcgModel(config).save_pretrained(folder)
    if training:
        record = {"kind": "pretrain", "heartfeat": "0.1.0", "labels": None, **training}
        (folder / TRAINING_FILE).write_text(json.dumps(record))
    return folder


def write_config(folder, data, **changes):
    tree = {
        "data": {"path": str(data), "name": "hearts"},
        "store": str(folder / "store.zarr"),
        "backbones": {
            "pcg": {"family": "transformers", "model": str(folder / "encoder"), "window_seconds": 2.0},
            "logmel": {"bands": 16},
        },
        "views": "clean",
        "split": {"folds": 2, "file": str(folder / "split.json")},
        "runs": str(folder / "runs"),
        "finetune": {"stages": STAGES, "learning_rate": 1e-2, "stop_on": "loss", "batch": 8},
        **changes,
    }
    path = folder / "heartfeat.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def finetune(config, **options):
    given = {"config": config, "backbone": "pcg", "device": "cpu", "workers": 1}
    return heartfeat.finetune(**{**given, "out": config.parent / "tuned", **options})


def with_tuned(config, done):
    """The config with the fine-tuned backbone in place of the one that it came from."""
    tree = yaml.safe_load(config.read_text())
    tree["backbones"] = {
        "tuned": {"family": "transformers", "model": str(done.folder), "window_seconds": 2.0}
    }
    config.write_text(yaml.safe_dump(tree))
    return config


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="session")
def tuned(tmp_path_factory, synthetic_data):
    """A config, its backbone fine-tuned on fold 0 and extracted, and one run on both folds."""
    folder = tmp_path_factory.mktemp("tuned")
    heard = load_patients(synthetic_data)[:5]
    save_encoder(folder / "encoder", seen={"hearts": heard})
    config = write_config(folder, synthetic_data)
    done = finetune(config)
    heartfeat.extract(config=with_tuned(config, done), device="cpu", workers=1)
    heartfeat.fit(head="logistic", name="both", config=config)
    return config, done


def load_patients(data):
    return heartfeat.read_circor(data).patients["patient"].to_list()


def test_a_checkpoint_in_the_layout_of_its_source_comes_out(tuned):
    config, done = tuned
    names = {path.name for path in done.folder.iterdir()}
    assert names == {"config.json", "model.safetensors", "split.json", "training.json"}
    source = config.parent / "encoder"
    assert json.loads((done.folder / "config.json").read_text()) == json.loads(
        (source / "config.json").read_text()
    )
    assert weights(done.folder) != weights(source)
    assert not done.folder.with_name("tuned.unfinished").exists()


def test_the_checkpoint_says_whom_it_saw_and_what_its_source_heard(tuned):
    config, done = tuned
    fold = load_splits(config.parent / "split.json").folds[0]
    record = json.loads((done.folder / TRAINING_FILE).read_text())
    assert (record["kind"], record["labels"]) == ("finetune", "murmur")
    assert set(record["seen"]["hearts"]) == {*fold.train, *fold.valid}
    assert len(record["source"]["training"]["seen"]["hearts"]) == 5
    assert load_splits(done.folder / "split.json").folds == (fold,)


def test_extraction_takes_it_and_the_store_says_whom_it_saw(tuned):
    config, _ = tuned
    with heartfeat.open_store(config.parent / "store.zarr") as store:
        features = store.features("tuned")
        assert features.done.all()
        kinds = [(one["kind"], one["labels"]) for one in features.attrs["trained_on"]]
        assert kinds == [("finetune", "murmur"), ("pretrain", None)]
        assert "trained_on" not in features.attrs["core"]


def test_extraction_ends_with_how_many_of_the_patients_were_seen(tuned):
    config, done = tuned
    said = heartfeat.extract(config=config, device="cpu", workers=1)
    assert said.nothing_to_do
    seen = len(done.record.seen["hearts"])
    assert any(
        line.startswith(f"WARNING: {seen} of 30 patients of hearts were seen WITH LABELS")
        for line in said.lines()
    )


def test_of_several_seeds_it_is_said_once_whom_a_backbone_saw(tuned, tmp_path, capsys):
    config, _ = tuned
    options = {"config": config, "set": [f"runs={tmp_path / 'runs'}"]}
    heartfeat.fit(head="logistic", name="seeded", seeds="0,1", **options)
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said if "test patients" in line] == ["WARNING:", "note:"]
    assert "seeded-seed1 is finished, 2 of 2 runs" in said
    show.comparison(heartfeat.compare(**options))
    notes = [line for line in capsys.readouterr().out.splitlines() if "pretrained on" in line]
    assert [note.count("seeded") for note in notes] == [3]


def test_a_store_that_was_not_told_whom_a_backbone_saw_is_told_without_encoding(tuned, tmp_path):
    config, done = tuned
    copy = tmp_path / "store.zarr"
    shutil.copytree(config.parent / "store.zarr", copy)
    record = done.folder / TRAINING_FILE
    silent = tmp_path / "silent"
    shutil.copytree(done.folder, silent)
    (silent / TRAINING_FILE).unlink()
    change = [f"backbones.tuned.model={silent}"]
    heartfeat.extract(config=config, store=str(copy), set=change, device="cpu", workers=1)
    with heartfeat.open_store(copy) as store:
        assert "trained_on" not in store.features("tuned").attrs
    shutil.copy(record, silent)
    said = heartfeat.extract(config=config, store=str(copy), set=change, device="cpu", workers=1)
    assert said.encoded == 0
    with heartfeat.open_store(copy) as store:
        assert store.features("tuned").attrs["trained_on"]


def test_fit_warns_of_the_fold_that_was_learned_from_and_records_it(tuned, capfd):
    config, _ = tuned
    fitted = heartfeat.fit(head="logistic", name="loud", config=config)
    said = capfd.readouterr().err
    test = load_splits(config.parent / "split.json").folds[1].test
    assert (
        f"WARNING: {len(test)} of {len(test)} test patients of fold 1 were seen WITH LABELS (murmur)" in said
    )
    assert "these scores are not those of new patients" in said
    assert "were heard, without labels, when the backbone of 'tuned' was pretrained" in said
    record = json.loads((fitted.folder / "run.json").read_text())["met_before"]
    assert [{one["labels"] for one in fold} for fold in record] in (
        [{None}, {"murmur", None}],
        [set(), {"murmur", None}],
    )
    seen = next(one for one in record[1] if one["labels"])
    assert sorted(seen["patients"]) == sorted(test)
    shutil.rmtree(fitted.folder)


def test_fit_on_the_fold_that_was_left_out_does_not_warn(tuned, capfd):
    config, done = tuned
    fitted = heartfeat.fit(head="logistic", name="quiet", split=done.folder / "split.json", config=config)
    assert "WARNING" not in capfd.readouterr().err
    labels = {one["labels"] for fold in fitted.record.met_before for one in fold}
    assert labels <= {None}
    shutil.rmtree(fitted.folder)


def test_a_sweep_warns_of_validation_patients_who_were_seen(tuned, capfd):
    config, _ = tuned
    valid = load_splits(config.parent / "split.json").folds[0].valid
    heartfeat.sweep("logistic", grid=["penalty=0.1"], folds="0", config=config)
    said = capfd.readouterr().err
    assert (
        f"WARNING: {len(valid)} of {len(valid)} validation patients of fold 0 were seen WITH LABELS" in said
    )
    assert "need not be so for new patients" in said


def test_evaluate_predict_cross_and_ensembles_warn_too(tuned, capfd):
    config, _ = tuned
    store = str(config.parent / "store.zarr")
    heartfeat.fit(head="logistic", name="second", seed=1, config=config)
    capfd.readouterr()
    heartfeat.evaluate(run="both", config=config)
    assert "seen WITH LABELS (murmur)" in capfd.readouterr().err
    heartfeat.predict(run="both", config=config)
    assert "what is predicted of them is no independent judgement" in capfd.readouterr().err
    crossed = heartfeat.cross(run="both", on=store, config=config)
    assert capfd.readouterr().err.count("seen WITH LABELS (murmur)") == 1
    assert "WITH LABELS" in json.loads((crossed.folder / "cross.json").read_text())["met_before"][0]
    together = heartfeat.ensemble(["both", "second"], name="together", config=config)
    assert "seen WITH LABELS (murmur)" in capfd.readouterr().err
    assert together.record.met_before[1]
    for name in ("second", "together"):
        shutil.rmtree(config.parent / "runs" / name)


def test_compare_and_its_report_mark_the_run(tuned, capsys, tmp_path):
    from heartfeat.commands import show

    config, _ = tuned
    table = heartfeat.compare(config=config, report=tmp_path / "report.html")
    test = load_splits(config.parent / "split.json").folds[1].test
    assert table.filter(pl.col("run") == "both")["seen_with_labels"].item() == len(test)
    show.comparison(table)
    shown = capsys.readouterr().out
    assert "both (!)" in shown
    assert f"fine-tuned on the labels of {len(test)} test patients" in shown
    assert "seen WITH LABELS (murmur)" in (tmp_path / "report.html").read_text()


def test_runs_of_before_that_record_nothing_of_it_stay_readable(tuned, tmp_path):
    config, _ = tuned
    runs = shutil.copytree(config.parent / "runs", tmp_path / "runs")
    record = json.loads((runs / "both/run.json").read_text())
    del record["met_before"]
    (runs / "both/run.json").write_text(json.dumps(record))
    table = heartfeat.compare(config=config, set=[f"runs={runs}"])
    assert table["seen_with_labels"].to_list() == [0]


def test_neither_labels_nor_sounds_of_test_patients_are_read(tuned, tmp_path, synthetic_data):
    config, done = tuned
    fold = load_splits(done.folder / "split.json").folds[0]
    data = shutil.copytree(synthetic_data, tmp_path / "data")
    table = (data / "training_data.csv").read_text().splitlines()
    ids = [line.split(",")[0] for line in table]
    column = table[0].split(",").index("Murmur")
    for row, patient in enumerate(ids):
        if patient in fold.test:
            cells = table[row].split(",")
            cells[column] = "Absent" if cells[column] == "Present" else "Present"
            table[row] = ",".join(cells)
    (data / "training_data.csv").write_text("\n".join(table) + "\n")
    changed = 0
    for path in (data / "training_data").glob("*.wav"):
        if path.name.split("_")[0] in fold.test:
            samples, rate = soundfile.read(path)
            soundfile.write(path, samples[::-1] * 0.3, rate, subtype="PCM_16")
            changed += 1
    assert changed
    again = finetune(
        config,
        out=tmp_path / "again",
        split=done.folder / "split.json",
        set=[f"data.path={data}", *source_backbone(config)],
    )
    assert weights(again.folder) == weights(done.folder)
    assert again.record.history == done.record.history


def source_backbone(config):
    given = {"family": "transformers", "model": str(config.parent / "encoder"), "window_seconds": 2.0}
    return [f"backbones.pcg={json.dumps(given)}"]


def test_a_label_of_a_training_patient_does_make_a_difference(tuned, tmp_path, synthetic_data):
    config, done = tuned
    change = ["task=outcome", *source_backbone(config)]
    other = finetune(config, out=tmp_path / "other", split=done.folder / "split.json", set=change)
    assert weights(other.folder) != weights(done.folder)


KILLED = """
import sys, heartfeat
heartfeat.finetune(config=sys.argv[1], backbone="pcg", out=sys.argv[2], device="cpu", workers=1,
                   set=[sys.argv[3], 'finetune.stages=[{"train": "head", "epochs": 2}, {"train": "all", "epochs": 4}]'])
"""


def test_a_killed_training_goes_on_to_the_same_bits(tuned, tmp_path, monkeypatch):
    config, _ = tuned
    stages = [{"train": "head", "epochs": 2}, {"train": "all", "epochs": 4}]
    change = [*source_backbone(config), f"finetune.stages={json.dumps(stages)}"]
    whole = finetune(config, out=tmp_path / "whole", set=change)
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, config, out, change[0]], env=os.environ, stderr=subprocess.DEVNULL
    )
    kept, deadline = out.with_name("killed.unfinished"), time.monotonic() + 120
    while not list(kept.glob("stage1-*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert list(kept.glob("stage?-*.safetensors"))
    assert not out.exists()
    told = []
    update = lambda what, done, total, detail="": told.append((what, done))  # noqa: E731
    monkeypatch.setattr("heartfeat.commands.progress.show_progress", lambda: nullcontext(update))
    again = finetune(config, out=out, set=change)
    epochs = [one for one in told if one[0].startswith("stage")]
    assert epochs[0] > ("stage 1 of 2 (head): epoch", 1)
    assert weights(again.folder) == weights(whole.folder)
    assert again.record.history == whole.record.history


def test_a_checkpoint_that_is_there_is_not_replaced_unless_asked(tuned):
    config, _ = tuned
    with pytest.raises(ConfigError, match="--overwrite"):
        finetune(config, set=source_backbone(config))
    with pytest.raises(ConfigError, match="to begin with"):
        finetune(config, set=source_backbone(config), out=config.parent / "encoder", overwrite=True)


def test_a_checkpoint_that_was_trained_on_test_patients_says_so_when_it_is_trained_further(
    tuned, tmp_path, capfd
):
    config, _ = tuned
    further = finetune(config, backbone="tuned", fold=1, out=tmp_path / "further")
    assert re.search(
        r"WARNING: \d+ of \d+ test patients of fold 1 were seen WITH LABELS", capfd.readouterr().err
    )
    assert [one.kind for one in heartfeat_trainings(further)] == ["finetune", "finetune", "pretrain"]


def heartfeat_trainings(done):
    from heartfeat.backbones.trained_on import read_trained_on

    return read_trained_on(done.folder)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"backbone": "logmel"}, ConfigError, "has no weights to be trained"),
        ({"backbone": "absent"}, ConfigError, "is not in the config"),
        ({"fold": 7}, SplitError, "there is no fold 7; the split has 2"),
    ],
    ids=["no-weights", "unknown", "fold"],
)
def test_what_cannot_be_fine_tuned_is_refused(tmp_path, synthetic_data, options, error, text):
    save_encoder(tmp_path / "encoder")
    with pytest.raises(error, match=text):
        finetune(write_config(tmp_path, synthetic_data), **options)


@pytest.mark.data
def test_real_recordings_go_from_finetune_through_extract_to_fit(tmp_path, data_folder):
    cohort = heartfeat.read_circor(data_folder / "circor")
    known = cohort.patients.filter(pl.col("murmur").is_in(["Present", "Absent"]))
    chosen = [
        patient
        for murmur in ("Present", "Absent")
        for patient in known.filter(pl.col("murmur") == murmur)["patient"].head(5)
    ]
    small = tmp_path / "circor"
    (small / "training_data").mkdir(parents=True)
    lines = (data_folder / "circor/training_data.csv").read_text().splitlines()
    kept = [line for line in lines[1:] if line.split(",")[0] in chosen]
    (small / "training_data.csv").write_text("\n".join([lines[0], *kept]) + "\n")
    for path in (data_folder / "circor/training_data").iterdir():
        if path.name.split("_")[0] in chosen:
            (small / "training_data" / path.name).symlink_to(path)
    save_encoder(tmp_path / "encoder")
    config = write_config(tmp_path, small)
    options = f"finetune --backbone pcg --out {tmp_path / 'tuned'} --config {config} --workers 1".split()
    command = [sys.executable, "-m", "heartfeat", *options]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "the linear head is thrown away" in said
    (line,) = [line for line in said.splitlines() if line.startswith("backbones:")]
    tree = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**tree, **yaml.safe_load(line)}))
    name = "pcg-murmur-fold0"
    heartfeat.extract(config=config, backbone=[name], device="cpu", workers=1)
    split = tmp_path / "tuned/split.json"
    few = ["heads.lgbm.trees=5"]
    fitted = heartfeat.fit(head="lgbm", features=[name], config=config, split=split, set=few)
    assert fitted.record.met_before == []
    assert 0 <= fitted.results.scores["weighted_accuracy"] <= 1


def test_an_encoder_that_nothing_bettered_is_pointed_out(tuned, tmp_path, capsys):
    from heartfeat.commands import show_training

    config, _ = tuned
    change = [*source_backbone(config), 'finetune.stages=[{"train": "head", "epochs": 1}]']
    show_training.finetuned(finetune(config, out=tmp_path / "head", set=change))
    assert "the encoder's weights are as they were" in capsys.readouterr().out
