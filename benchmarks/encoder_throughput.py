"""Audio that backbones encode per second: the shipped one, log-mel, and WavLM-base and AST of random weights.

Bare forward passes on ready windows, in the batches that extraction would use.

    python benchmarks/encoder_throughput.py --seconds 60
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from extraction_data import medians, print_table

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.encode import WindowEncoder
from heartfeat.backbones.load import load_backbone
from heartfeat.backbones.settings import LogMelSettings, TransformersSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="audio per round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cuda:0" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        backbones = {
            "logmel": load_backbone(LogMelSettings(), options.device),
            "heartfeat-pcg": encoder("heartfeat-pcg", options.device),
            "WavLM-base": encoder(str(save_wavlm(Path(name) / "wavlm")), options.device),
            "AST": encoder(str(save_ast(Path(name) / "ast")), options.device),
        }
    ways = {name: forward(one, options.seconds, options.device) for name, one in backbones.items()}
    for work in ways.values():
        work()
    taken = medians(ways, options.rounds)
    rows = [
        [
            name,
            f"{sum(weights.numel() for weights in one.model.parameters()) / 1e6:.1f}",
            f"{audio(one, options.seconds) / taken[name]:,.0f}",
            f"{taken[name] / taken['heartfeat-pcg'] * ratio(backbones, name, options.seconds):.2f}",
        ]
        for name, one in backbones.items()
    ]
    heads = (
        "backbone",
        "million parameters",
        "seconds of audio per second",
        "time per audio, of heartfeat-pcg's",
    )
    print_table(f"{options.device}, {torch.get_num_threads()} threads, fp32", heads, rows)


def audio(backbone: Backbone, seconds: float) -> float:
    """Seconds of audio that are encoded: whole windows."""
    window, rate = backbone.spec.window, backbone.spec.preprocessing.sample_rate
    return windows(backbone, seconds) * window.tokens * window.hop / rate


def ratio(backbones: dict[str, Backbone], name: str, seconds: float) -> float:
    return audio(backbones["heartfeat-pcg"], seconds) / audio(backbones[name], seconds)


def windows(backbone: Backbone, seconds: float) -> int:
    window, rate = backbone.spec.window, backbone.spec.preprocessing.sample_rate
    return max(1, round(seconds * rate / (window.tokens * window.hop)))


def forward(backbone: Backbone, seconds: float, device: str) -> Callable[[], None]:
    shape = (windows(backbone, seconds), backbone.spec.window.samples)
    noise = 0.05 * np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    encode = WindowEncoder(backbone, device)
    return lambda: encode(noise).sum()


def encoder(model: str, device: str) -> Backbone:
    settings = TransformersSettings(name="encoder", model=model, precision="fp32")
    return load_backbone(settings, device)


def save_wavlm(folder: Path) -> Path:
    from transformers import Wav2Vec2FeatureExtractor, WavLMConfig, WavLMModel

    WavLMModel(WavLMConfig()).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(sampling_rate=16_000).save_pretrained(folder)
    return folder


def save_ast(folder: Path) -> Path:
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    ASTModel(ASTConfig()).save_pretrained(folder)
    ASTFeatureExtractor().save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
