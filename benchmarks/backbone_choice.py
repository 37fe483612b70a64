"""Which layer, token rate and phases of a backbone to use, chosen on inner folds alone.

Every recording is encoded once; its tokens are then pooled in each way, and `logistic` is fitted. Only patients on the
training side of fold 0 are looked at, in the folds that the other test parts make of them. Needs the store and the
folder that `backbones.py` has filled.

    python benchmarks/backbone_choice.py --folder /tmp/backbones --layers 2,3,4
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from extraction_data import print_table

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.beat_windows import beats_or_plain
from heartfeat.backbones.cuts import cut
from heartfeat.backbones.encode import WindowEncoder
from heartfeat.backbones.load import load_backbone
from heartfeat.backbones.phase_means import phase_means
from heartfeat.backbones.preprocessing import preprocess
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.commands.common import read_cohort
from heartfeat.config import load_config
from heartfeat.evaluation.scores import score
from heartfeat.extraction.pooling import STATISTICS, pool
from heartfeat.heads.examples import Examples, FeatureArrays, consecutive_spans
from heartfeat.heads.logistic import Logistic
from heartfeat.heads.settings import LogisticSettings
from heartfeat.signals.recording import read_recording
from heartfeat.signals.segmentation import segment
from heartfeat.stores import open_store
from heartfeat.tasks import get_task
from heartfeat.training.examples import load_examples

PHASES = ((1, 1, 1, 1), (2, 4, 2, 4))
OF_BEATS = (np.mean, lambda beats, axis: np.percentile(beats, 10, axis=axis))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--model", default="heartfeat-pcg")
    parser.add_argument("--layers", default="-1", help="side by side: 3+4")
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = load_config(options.folder / "heartfeat.yaml")
    task = get_task(config.task)
    folds = [fold["test"] for fold in json.loads(config.split_file().read_text(encoding="utf-8"))["folds"]][
        1:
    ]
    with open_store(config.store) as store:
        known = load_examples(store, ["logmel"], ["clean"], task, tokens=False)
    known = known.take([patient for fold in folds for patient in fold])
    cohort = read_cohort(config).recordings
    paths = dict(zip(cohort["recording"], cohort["path"], strict=True))
    wanted = [paths[recording] for recording in known.recordings["recording"]]
    rows = []
    for layers in options.layers.split(","):
        numbers = [int(layer) for layer in layers.split("+")]
        backbone = load_backbone(TransformersSettings(name="pcg", model=options.model, layers=numbers))
        for name, pooled in variants(backbone, wanted).items():
            scored = judge(known, pooled, folds, task)
            figures = [
                f"{scored[score]:.3f}" for score in ("weighted_accuracy", "uar", "auroc", "auroc_Present")
            ]
            rows.append([layers, name, str(pooled.shape[1]), *figures])
            print(rows[-1], flush=True)
    heads = ("layers", "pooling", "columns", "weighted accuracy", "UAR", "AUROC", "AUROC of Present")
    print_table(f"inner folds, {len(known.patients)} patients", heads, rows)


def variants(backbone: Backbone, paths: list[str]) -> dict[str, np.ndarray]:
    """``(recordings, columns)`` by way of pooling."""
    found: dict[str, list[np.ndarray]] = {}
    for tokens, states, seconds in encoded(backbone, paths):
        step = 1 / backbone.spec.token_rate
        for factor in (1, 2, 4):
            fewer = tokens[: len(tokens) // factor * factor].reshape(-1, factor, tokens.shape[1]).mean(axis=1)
            rate = backbone.spec.token_rate / factor
            found.setdefault(f"{rate:g} Hz", []).append(pool(fewer, rate, STATISTICS))
        for phases in PHASES:
            beats = phase_means(tokens, step, beats_or_plain(states, seconds, phases), phases)
            row = np.concatenate([statistic(beats, axis=0) for statistic in OF_BEATS])
            found.setdefault(f"beats, phases {list(phases)}", []).append(row)
    return {name: np.stack(rows).astype(np.float32) for name, rows in found.items()}


def encoded(backbone: Backbone, paths: list[str]) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Tokens, states and seconds of each recording."""
    encode, to = WindowEncoder(backbone), backbone.spec.preprocessing
    for path in paths:
        recording = read_recording(path)
        windows = cut(preprocess(recording.samples, recording.sample_rate, to), backbone.spec)
        tokens = windows.stitch(encode(windows.windows), backbone.spec).astype(np.float32)
        yield tokens, segment(recording.samples, recording.sample_rate), recording.duration


def judge(known: Examples, pooled: np.ndarray, folds: list[list[str]], task) -> dict[str, float]:
    attrs = {"name": "pcg", "core_key": "", "token_rate": 1.0, "dim": pooled.shape[1], "core": {}}
    arrays = FeatureArrays(None, consecutive_spans(np.ones(len(pooled))), pooled[None], attrs)
    examples = replace(known, features={"pcg": arrays})
    labels, probabilities = [], []
    for number, test in enumerate(folds):
        train = [patient for other, fold in enumerate(folds) if other != number for patient in fold]
        head, tested = Logistic(LogisticSettings()), examples.take(test)
        # The head trains on validation patients as well, so it makes no difference who they are.
        head.fit(examples.take(train[1:]), examples.take(train[:1]), lambda *_: None)
        labels.append(tested.labels)
        probabilities.append(head.predict(tested.without_labels()).patients[0])
    together = np.concatenate(probabilities)
    decisions = (together * np.array(task.worth)).argmax(axis=1)
    return score(task, np.concatenate(labels), together, decisions)


if __name__ == "__main__":
    main()
