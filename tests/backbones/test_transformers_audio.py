from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.load import describe_backbone, load_backbone
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.backbones.windows import cut_windows, stitch, token_count
from heartfeat.errors import BackboneError

from .encoding import encode_exactly
from .tiny_encoders import TINY

Tiny = Callable[[str], Path]
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}
FREE = ("hub", "wav", "cnn-mamba", "beats", "pcg")
"""Encoders that take windows of any length."""


def backbone_of(folder: Path, **changes: object) -> Backbone:
    settings = {
        "window_seconds": 1.0 if any(part in str(folder) for part in FREE) else None,
        **changes,
    }
    return load_backbone(
        TransformersSettings.model_validate({"name": "tiny", "model": str(folder), **settings})
    )


def sound(samples: int, seed: int = 0) -> np.ndarray:
    return (0.05 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


@pytest.mark.parametrize("name", TINY)
def test_one_window_at_a_time_equals_a_batch(name: str, tiny: Tiny) -> None:
    backbone = backbone_of(tiny(name))
    spec = backbone.spec
    windows = np.stack([sound(spec.window.samples, seed) * (1 + seed) for seed in range(8)])

    batch = encode_exactly(backbone, windows, batch_size=8)

    assert batch.shape == (8, spec.window.tokens, spec.dim)
    assert batch.std() > 1e-3
    np.testing.assert_allclose(encode_exactly(backbone, windows, batch_size=1), batch, **TOLERANCE)
    np.testing.assert_allclose(encode_exactly(backbone, windows, batch_size=3), batch, **TOLERANCE)


@pytest.mark.parametrize(
    "name",
    ["wav2vec2-group-norm", "ast", "whisper", "clap", "cnn-mamba", "microsoft-beats", "m2d", "heartfeat-pcg"],
)
@pytest.mark.parametrize("share", [0.3, 1.0, 2.4])
def test_short_exact_and_long_recordings_have_their_true_length(name: str, share: float, tiny: Tiny) -> None:
    backbone = backbone_of(tiny(name))
    window = backbone.spec.window
    samples = sound(round(share * window.tokens * window.hop))
    encoded = encode_exactly(backbone, cut_windows(samples, window), batch_size=2)

    tokens = stitch(encoded, token_count(len(samples), window.hop), window)

    assert tokens.shape == (len(samples) // window.hop, backbone.spec.dim)
    assert np.isfinite(tokens).all()


@pytest.mark.parametrize(
    "name",
    [
        "wav2vec2-layer-norm",
        "hubert",
        "data2vec",
        "ast",
        "whisper",
        "cnn-mamba",
        "microsoft-beats",
        "m2d",
        "heartfeat-pcg",
    ],
)
def test_layers_are_concatenated_and_numbered_from_either_end(name: str, tiny: Tiny) -> None:
    both = backbone_of(tiny(name), layers=[0, -1])
    windows = sound(both.spec.window.samples)[None]
    tokens = encode_exactly(both, windows)

    assert both.spec.layers == (0, 2)
    assert both.spec.dim == 32
    for half, layer in ((tokens[..., :16], -3), (tokens[..., 16:], 2)):
        np.testing.assert_allclose(
            encode_exactly(backbone_of(tiny(name), layers=[layer]), windows), half, **TOLERANCE
        )


def test_a_lower_token_rate_is_the_mean_over_time(tiny: Tiny) -> None:
    own, pooled = backbone_of(tiny("wavlm")), backbone_of(tiny("wavlm"), token_rate=40.0)
    windows = sound(own.spec.window.samples)[None]
    assert (own.spec.token_rate, pooled.spec.token_rate) == (200.0, 40.0)
    expected = encode_exactly(own, windows).reshape(1, 40, 5, 16).mean(axis=2)
    np.testing.assert_allclose(encode_exactly(pooled, windows), expected, **TOLERANCE)


def test_a_wide_receptive_field_is_centred_on_its_token(tiny: Tiny) -> None:
    backbone = backbone_of(tiny("wav2vec2-wide"), layers=[0])
    window = backbone.spec.window
    # Kernels of 30 and 5 samples at strides 5 and 4: 50 samples under each frame, 20 from one to the next.
    assert (window.hop, window.lead, window.tail) == (20, 15, 15)
    quiet = np.zeros((1, window.samples), np.float32)
    click = quiet.copy()
    click[0, window.lead + 60 * 20 + 10] = 1.0
    convolved = backbone.model.encoder.model.feature_extractor
    with torch.inference_mode():
        moved = (convolved(torch.from_numpy(click)) - convolved(torch.from_numpy(quiet))).abs().sum(dim=1)[0]
    assert np.flatnonzero(moved.numpy()).tolist() in ([59, 60, 61], [60])


@pytest.mark.parametrize("name", ["ast", "whisper", "clap", "clap-fused"])
def test_the_front_end_equals_the_library_s_extractor(name: str, tiny: Tiny) -> None:
    import transformers

    folder = tiny(name)
    backbone = backbone_of(folder)
    encoder, samples = backbone.model.encoder, sound(backbone.spec.window.samples)
    kind = {"ast": "AST", "whisper": "Whisper"}.get(name, "Clap")
    extractor = getattr(transformers, f"{kind}FeatureExtractor").from_pretrained(folder)
    rate = backbone.spec.preprocessing.sample_rate
    options = {"truncation": "fusion" if name == "clap-fused" else "rand_trunc"} if kind == "Clap" else {}
    expected = extractor(samples, sampling_rate=rate, return_tensors="np", **options)

    front = encoder.filter_bank if name == "ast" else encoder.spectrogram
    got = front(torch.from_numpy(samples)[None]).numpy()

    values = expected["input_values" if name == "ast" else "input_features"]
    np.testing.assert_allclose(got, values[:, 0] if kind == "Clap" else values, atol=2e-3)


@pytest.mark.parametrize("name", ["wav2vec2-group-norm", "clap", "cnn-mamba", "heartfeat-pcg"])
def test_moving_a_checkpoint_changes_nothing_and_other_weights_change_the_key(
    name: str, tiny: Tiny, tmp_path: Path
) -> None:
    import shutil

    from .tiny_encoders import TINY

    moved = Path(shutil.copytree(tiny(name), tmp_path / "moved"))
    torch.manual_seed(1)
    other = TINY[name](tmp_path / "other")
    original = describe(tiny(name))
    assert describe(moved) == original
    assert {**describe(other), "weights": ""} == {**original, "weights": ""}
    assert describe(other)["weights"] != original["weights"]


def describe(folder: Path) -> dict[str, object]:
    return describe_backbone(TransformersSettings(name="tiny", model=str(folder))).core()


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("ast", {"layers": [3]}, "there is no layer 3; this encoder has 0 to 2"),
        ("clap", {"layers": [1]}, "there is no layer 1; this encoder has 0 to 0"),
        ("whisper", {"window_seconds": 5.0}, "takes windows of 1 s only"),
        ("hubert", {"token_rate": 300.0}, "choose at most 200"),
        ("cnn-mamba", {"window_seconds": 0.001}, "shorter than one frame of 16 samples"),
        ("heartfeat-pcg", {"token_rate": 50.0}, "choose at most 25"),
        ("microsoft-beats", {"window_seconds": 0.1}, "shorter than one patch of 2560 samples"),
        ("m2d", {"window_seconds": 5.0}, r"takes 0.16 to 0.64 s"),
        ("ast", {"low": 900.0}, "the band from 900 to 800 Hz is empty"),
    ],
)
def test_what_an_encoder_cannot_do_is_refused(
    name: str, changes: dict[str, object], message: str, tiny: Tiny
) -> None:
    with pytest.raises(BackboneError, match=message):
        backbone_of(tiny(name), **changes)


def test_the_band_is_the_encoder_s_own_where_nobody_says_otherwise(tiny: Tiny) -> None:
    def band(name: str, **changes: object) -> tuple[float, float]:
        preprocessing = backbone_of(tiny(name), **changes).spec.preprocessing
        return preprocessing.low, preprocessing.high

    assert band("ast") == (20.0, 800.0)
    assert band("cnn-mamba") == (25.0, 400.0)
    assert band("cnn-mamba", high=300.0) == (25.0, 300.0)


def test_a_shorter_window_of_m2d_has_the_first_positions(tiny: Tiny) -> None:
    whole, short = (
        backbone_of(tiny("m2d"), layers=[0]),
        backbone_of(tiny("m2d"), layers=[0], window_seconds=0.32),
    )
    assert (whole.spec.window.tokens, short.spec.window.tokens) == (4, 2)
    windows = sound(whole.spec.window.samples)[None]
    np.testing.assert_allclose(
        encode_exactly(short, windows[:, : short.spec.window.samples]),
        encode_exactly(whole, windows)[:, :2],
        **TOLERANCE,
    )
