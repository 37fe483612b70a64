from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.beat_windows import whole_beats
from heartfeat.backbones.cuts import cut
from heartfeat.backbones.load import load_backbone
from heartfeat.backbones.phase_means import phase_means
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.signals.segmentation import annotated_states

from ..signals.segmentation.heartbeats import heartbeats
from .encoding import encode_exactly

Tiny = Callable[[str], Path]
PHASES = (1, 3, 1, 2)
SECONDS = 6


def backbone_of(folder: Path, windows: str) -> Backbone:
    settings = {"name": "tiny", "model": str(folder), "window_seconds": 1.0, "phases": PHASES}
    return load_backbone(TransformersSettings.model_validate({**settings, "windows": windows}))


def tokens_of(backbone: Backbone, samples: np.ndarray, states: np.ndarray, batch_size: int = 4) -> np.ndarray:
    windows = cut(samples, backbone.spec, states)
    return windows.stitch(encode_exactly(backbone, windows.windows, batch_size), backbone.spec)


@pytest.fixture(scope="module")
def sound() -> tuple[np.ndarray, np.ndarray]:
    """Six seconds at the tiny encoders' sample rate, and the states of the heart in them."""
    _, annotation = heartbeats(SECONDS, 75)
    noise = np.random.default_rng(0).standard_normal(SECONDS * 16_000)
    return noise.astype(np.float32), annotated_states(annotation, SECONDS)


def test_a_token_is_the_mean_of_the_encoder_s_own_tokens_over_each_phase_of_a_beat(
    tiny: Tiny, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    samples, states = sound
    plain, beats = backbone_of(tiny("wavlm"), "fixed"), backbone_of(tiny("wavlm"), "beats")
    samples = samples[: SECONDS * plain.spec.preprocessing.sample_rate]
    own, got = tokens_of(plain, samples, states), tokens_of(beats, samples, states)
    expected = phase_means(own, 1 / plain.spec.token_rate, whole_beats(states), PHASES)
    assert got.shape == (len(whole_beats(states)), sum(PHASES) * plain.spec.dim)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    np.testing.assert_allclose(tokens_of(beats, samples, states, batch_size=1), got, atol=1e-5)


def test_the_set_is_described_as_one_of_heart_beats(tiny: Tiny) -> None:
    spec, plain = (backbone_of(tiny("wavlm"), windows).spec for windows in ("beats", "fixed"))
    assert (spec.dim, spec.channels, spec.token_rate) == (7 * plain.dim, plain.dim, None)
    assert spec.statistics == ("mean", "std", "p10", "p90")
    assert spec.core()["transform"]["phases"] == list(PHASES)
    assert "segmentation" in spec.core()["revisions"]


def test_phases_are_no_part_of_the_key_of_evenly_spaced_tokens(tiny: Tiny) -> None:
    core = backbone_of(tiny("wavlm"), "fixed").spec.core()
    assert "phases" not in core["transform"]
