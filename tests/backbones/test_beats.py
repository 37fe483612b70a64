import numpy as np
import pytest
import torch
from pydantic import ValidationError

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.cuts import cut
from heartfeat.backbones.encode import WindowEncoder
from heartfeat.backbones.load import describe_backbone, load_backbone
from heartfeat.backbones.logmel import LogMel
from heartfeat.backbones.preprocessing import preprocess
from heartfeat.backbones.settings import BeatsSettings, LogMelSettings
from heartfeat.signals.segmentation import annotated_states

from ..signals.segmentation.heartbeats import RATE, heartbeats

SETTINGS = BeatsSettings()


@pytest.fixture(scope="module")
def beats() -> Backbone:
    return load_backbone(SETTINGS)


def encode(backbone: Backbone, rate: float, batch_size: int | None = None) -> np.ndarray:
    """``(beats, phases, bands)`` float32 of heartbeats with known states."""
    samples, annotation = heartbeats(12, rate)
    clean = preprocess(samples, RATE, backbone.spec.preprocessing)
    windows = cut(clean, backbone.spec, annotated_states(annotation, 12))
    encoded = WindowEncoder(backbone, batch_size=batch_size)(windows.windows)
    tokens = windows.stitch(encoded, backbone.spec)
    assert tokens.shape == (windows.tokens, backbone.spec.dim)
    return tokens.astype(np.float32).reshape(-1, 48, 40)


def test_each_whole_beat_is_one_token(beats):
    assert abs(len(encode(beats, 75)) - 12 / 0.8) < 2.5


@pytest.mark.parametrize("rate", [60, 120])
def test_sounds_stand_at_their_phases_at_any_heart_rate(beats, rate):
    loudness = encode(beats, rate).max(axis=2).mean(axis=0)
    s1, systole, s2, diastole = (part.mean() for part in np.split(loudness, [8, 22, 30]))
    assert min(s1, s2) > max(systole, diastole) + 2


def test_a_token_is_what_log_mel_hears_there(beats):
    # Frames of 100 samples without overlap are what log-mel computes at 20 tokens per second.
    logmel = LogMel(LogMelSettings(bands=40, token_rate=20, frame_seconds=0.05), 10 ** (-2.6), 100)
    windows = torch.randn(3, beats.spec.window.samples, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(beats.model(windows).reshape(3, 48, 40), logmel(windows))


def test_the_batch_size_does_not_matter(beats):
    np.testing.assert_array_equal(encode(beats, 75, 1), encode(beats, 75, 64))


def test_tokens_have_no_rate_and_few_statistics():
    spec = describe_backbone(SETTINGS)
    assert (spec.dim, spec.token_rate, spec.windows) == (1920, None, "beats")
    assert spec.statistics == ("mean", "std", "p10", "p90")


def test_the_key_tells_of_phases_and_segmenter():
    core = describe_backbone(SETTINGS).core()
    assert core["revisions"]["segmentation"] >= 1
    assert describe_backbone(BeatsSettings(phases=(14, 8, 8, 18))).core() != core


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"phases": (8, 14, 0, 18)}, "greater than or equal to 1"),
        ({"high": 1200}, "above half of sample_rate"),
        ({"low": 900}, "low must be below high"),
        ({"frame_seconds": 0.0001}, "holds no two samples"),
        ({"windows": "fixed"}, "Extra inputs"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        BeatsSettings(**settings)
