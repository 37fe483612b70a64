"""A tiny encoder, sounds of two kinds, and a fine-tuning of one on the other."""

from dataclasses import dataclass

import numpy as np
import torch

from heartfeat.backbones.architectures.pcg import PcgConfig, PcgModel
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.backbones.transformers_audio import load_transformers
from heartfeat.finetuning.crops import Crops
from heartfeat.finetuning.layers import layer_numbers
from heartfeat.finetuning.net import FinetuneNet
from heartfeat.finetuning.settings import FinetuneSettings
from heartfeat.finetuning.stages import Stages
from heartfeat.pretraining.sounds import Sounds, Source
from heartfeat.tasks import get_task
from heartfeat.training.validation_scores import ValidationScores

RATE = 2000
TASK = get_task("outcome")
"""Two classes, labels per patient."""

LAYERS = 3


def save_pcg(folder, seed=0, layers=LAYERS):
    torch.manual_seed(seed)
    config = PcgConfig(
        bands=16, hidden_size=16, num_hidden_layers=layers, num_attention_heads=2, mean=-6.0, std=3.0
    )
    PcgModel(config).save_pretrained(folder)
    return folder


def settings_of(folder, **changes):
    return TransformersSettings(name="pcg", model=str(folder), window_seconds=1.0, **changes)


def two_kinds(count=12, seconds=2.0, seed=0):
    """Low and high tones in noise, by turns; the last third is for validation. Sounds, codes and validation."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    parts = [
        0.05 * np.sin(2 * np.pi * (60 if n % 2 else 300) * time) + 0.05 * rng.standard_normal(len(time))
        for n in range(count)
    ]
    sources = tuple(Source("tones", f"p{n}", f"p{n}", f"p{n}_AV", "") for n in range(count))
    sounds = Sounds(
        sources=sources,
        samples=np.concatenate(parts).astype(np.float16),
        offsets=np.arange(count + 1) * len(time),
        states=np.empty(0, np.uint8),
        state_offsets=np.zeros(count + 1, np.int64),
        sample_rate=RATE,
        skipped={},
    )
    return sounds, np.arange(count) % 2, np.arange(count - count // 3, count)


@dataclass
class Small:
    """Everything that stages are made of, to be run once."""

    checkpoint: object
    kept: object
    stages: list
    changes: dict

    def build(self, tell=lambda what, done, total: None):
        backbone = load_transformers(settings_of(self.checkpoint))
        sounds, codes, valid = two_kinds()
        settings = FinetuneSettings(
            stages=self.stages, batch=4, **{"stop_on": "loss", "head_learning_rate": 0.01, **self.changes}
        )
        torch.manual_seed(settings.seed)
        net = FinetuneNet(backbone.model, backbone.spec.dim, 2)
        train = np.arange(valid[0])
        self.kept.mkdir(parents=True, exist_ok=True)
        return Stages(
            settings=settings,
            net=net,
            numbers=layer_numbers(net.backbone.encoder, LAYERS),
            last=LAYERS,
            crops=Crops(
                sounds,
                train,
                np.eye(2, dtype=np.float32)[codes],
                backbone.spec.window.samples,
                4,
                settings.mixup,
            ),
            valid=valid,
            valid_labels=codes[valid],
            window=backbone.spec.window,
            weights=np.ones(2),
            score=ValidationScores(TASK),
            kept=self.kept,
            made_of={"settings": settings.model_dump(mode="json")},
            tell=tell,
        )


def weights_of(net):
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def changed(before, after):
    """Names of weights that differ."""
    return {name for name in before if not torch.equal(before[name], after[name])}
