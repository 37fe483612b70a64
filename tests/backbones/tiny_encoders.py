"""Tiny, seeded encoders of every architecture, saved as real checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

RATE = 4000

CONV = {"conv_dim": (8, 8), "conv_kernel": (10, 3), "conv_stride": (5, 4), "num_feat_extract_layers": 2}
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


def waveform(name: str, **changes: Any) -> Callable[[Path], Path]:
    def save(folder: Path) -> Path:
        import transformers as tf

        config = getattr(tf, f"{name}Config")(**{**SIZES, **CONV, **positions(name), **changes})
        getattr(tf, f"{name}Model")(config).save_pretrained(folder)
        tf.Wav2Vec2FeatureExtractor(sampling_rate=RATE).save_pretrained(folder)
        return folder

    return save


def positions(name: str) -> dict[str, int]:
    if name == "Data2VecAudio":
        return {"num_conv_pos_embeddings": 2, "num_conv_pos_embedding_groups": 2, "conv_pos_kernel_size": 3}
    return {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}


def ast(folder: Path) -> Path:
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    shape = {"max_length": 64, "num_mel_bins": 16}
    patches = {"patch_size": 8, "time_stride": 4, "frequency_stride": 4}
    ASTModel(ASTConfig(**SIZES, **shape, **patches)).save_pretrained(folder)
    ASTFeatureExtractor(**shape).save_pretrained(folder)
    return folder


def whisper(folder: Path) -> Path:
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperModel

    half = {f"{side}_{what}": n for side in ("encoder", "decoder") for what, n in WHISPER_HALF.items()}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = WhisperConfig(d_model=16, num_mel_bins=8, max_source_positions=50, vocab_size=8, **half, **ids)
    WhisperModel(config).save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=8, chunk_length=1).save_pretrained(folder)
    return folder


WHISPER_HALF = {"layers": 2, "attention_heads": 2, "ffn_dim": 32}


def clap(folder: Path, fusion: bool = False) -> Path:
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    audio = {
        "patch_embeds_hidden_size": 8,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "num_hidden_layers": 2,
        "hidden_size": 16,
        "spec_size": 64,
        "num_mel_bins": 16,
        "window_size": 4,
        "enable_fusion": fusion,
    }
    text = {
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 8,
        "vocab_size": 9,
        "max_position_embeddings": 9,
    }
    ClapModel(ClapConfig(audio_config=audio, text_config=text, projection_dim=8)).save_pretrained(folder)
    ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=8000,
        hop_length=80,
        max_length_s=1,
        fft_window_size=256,
        frequency_max=4000,
    ).save_pretrained(folder)
    return folder


def clap_fused(folder: Path) -> Path:
    return clap(folder, fusion=True)


def cnn_mamba(folder: Path) -> Path:
    from heartfeat.backbones.architectures.cnn_mamba import CnnMambaConfig, CnnMambaModel

    CnnMambaModel(CnnMambaConfig(**TINY_CNN_MAMBA)).save_pretrained(folder)
    return folder


TINY_CNN_MAMBA = {
    "conv_channels": (4, 8, 8, 12),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "state_size": 4,
}


def microsoft_beats(folder: Path) -> Path:
    from heartfeat.backbones.architectures.microsoft_beats import MicrosoftBeatsConfig, MicrosoftBeatsModel

    MicrosoftBeatsModel(MicrosoftBeatsConfig(**SIZES, **TINY_BEATS)).save_pretrained(folder)
    return folder


TINY_BEATS = {"embed_dim": 8, "conv_pos": 8, "conv_pos_groups": 2, "num_buckets": 16, "max_distance": 20}


def m2d(folder: Path) -> Path:
    from heartfeat.backbones.architectures.m2d import M2dConfig, M2dModel

    sizes = {**SIZES, "hidden_size": 8, "input_size": (32, 64)}
    M2dModel(M2dConfig(**sizes)).save_pretrained(folder)
    return folder


def pcg(folder: Path) -> Path:
    from heartfeat.backbones.architectures.pcg import PcgConfig, PcgModel

    PcgModel(PcgConfig(mean=-4.0, std=2.0, **TINY_PCG)).save_pretrained(folder)
    return folder


TINY_PCG = {"bands": 8, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}

TINY: dict[str, Callable[[Path], Path]] = {
    "wav2vec2-group-norm": waveform("Wav2Vec2"),
    "wav2vec2-wide": waveform("Wav2Vec2", feat_extract_norm="layer", conv_kernel=(30, 5)),
    "wav2vec2-layer-norm": waveform("Wav2Vec2", feat_extract_norm="layer", do_stable_layer_norm=True),
    "hubert": waveform("Hubert"),
    "wavlm": waveform("WavLM"),
    "data2vec": waveform("Data2VecAudio"),
    "ast": ast,
    "whisper": whisper,
    "clap": clap,
    "clap-fused": clap_fused,
    "cnn-mamba": cnn_mamba,
    "microsoft-beats": microsoft_beats,
    "m2d": m2d,
    "heartfeat-pcg": pcg,
}


def save_tiny(name: str, folder: Path) -> Path:
    torch.manual_seed(0)
    return TINY[name](folder)
