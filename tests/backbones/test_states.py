import numpy as np
import pytest

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.encode import WindowEncoder
from heartfeat.backbones.load import describe_backbone, load_backbone
from heartfeat.backbones.preprocessing import preprocess
from heartfeat.backbones.settings import LogMelSettings, StatesSettings
from heartfeat.backbones.windows import cut_windows, stitch, token_count
from heartfeat.signals.segmentation import S1, annotated_states
from heartfeat.signals.segmentation.states import UNANNOTATED

from ..signals.segmentation.heartbeats import RATE, heartbeats


@pytest.fixture(scope="module")
def states() -> Backbone:
    return load_backbone(StatesSettings(window_seconds=8))


def encode(backbone: Backbone, samples: np.ndarray, batch_size: int | None = None) -> np.ndarray:
    window = backbone.spec.window
    clean = preprocess(samples.astype(np.float32), RATE, backbone.spec.preprocessing)
    windows = WindowEncoder(backbone, batch_size=batch_size)(cut_windows(clean, window))
    return stitch(windows, token_count(len(clean), window.hop), window)


def test_tokens_are_the_states_of_the_beat(states):
    samples, annotation = heartbeats(21, 75)
    tokens = encode(states, samples)
    assert tokens.shape == (1050, 4)
    assert set(tokens.flatten().tolist()) == {0.0, 1.0}
    assert (tokens.sum(1) == 1).all()
    truth = annotated_states(annotation, 21)
    assert (tokens.argmax(1) + S1 == truth)[truth != UNANNOTATED].mean() > 0.85


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0])
def test_a_recording_shorter_than_a_window_gets_its_own_length(states, seconds):
    assert encode(states, heartbeats(seconds)[0]).shape == (int(seconds * 50), 4)


def test_the_batch_size_does_not_matter(states):
    samples, _ = heartbeats(30, 75)
    np.testing.assert_array_equal(encode(states, samples, 1), encode(states, samples, 64))


def test_tokens_stand_beside_those_of_log_mel(states):
    logmel = describe_backbone(LogMelSettings())
    assert states.spec.token_rate == logmel.token_rate
    assert states.spec.preprocessing == logmel.preprocessing


def test_the_key_tells_of_the_segmenter():
    core = describe_backbone(StatesSettings()).core()
    assert core["family"] == "states"
    assert len(core["weights"]) == 64
    assert core["transform"]["segmentation"] >= 1
    assert describe_backbone(StatesSettings(window_seconds=10)).core() != core
