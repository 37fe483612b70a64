"""Log-mel, layers of a transformers encoder and cardiac states at once, from sound files to probabilities."""

import numpy as np
import pytest

from heartfeat.backbones.encode import WindowEncoder
from heartfeat.backbones.load import load_backbone
from heartfeat.backbones.preprocessing import preprocess
from heartfeat.backbones.settings import LogMelSettings, StatesSettings, TransformersSettings
from heartfeat.backbones.windows import cut_windows, stitch, token_count
from heartfeat.extraction.feature_sets import plan_sets
from heartfeat.heads.examples import Examples, FeatureArrays, consecutive_spans
from heartfeat.heads.mamba import predictor
from heartfeat.heads.mambaformer import MambaFormer
from heartfeat.heads.settings import MambaFormerSettings
from heartfeat.signals.recording import read_recording
from heartfeat.tasks import MURMUR
from heartfeat.training.saved_heads import load_state, save_state
from heartfeat.views import apply_view

from ..backbones.tiny_encoders import save_tiny
from ..extraction.small_cohorts import make_cohort

SETS = ("logmel", "speech", "states")
VIEWS = ("clean", "gain-6")


def encoded(backbone, paths):
    """Tokens of every view, ``(views, rows, D)``, and spans."""
    encoder, window = WindowEncoder(backbone), backbone.spec.window
    rate = backbone.spec.preprocessing.sample_rate
    views = []
    for view in VIEWS:
        parts = []
        for sound in map(read_recording, paths):
            clean = preprocess(sound.samples, sound.sample_rate, backbone.spec.preprocessing)
            signal = apply_view(view, clean, rate, sound.pcm_digest)
            tokens = encoder(cut_windows(signal, window))
            parts.append(stitch(tokens, token_count(len(signal), window.hop), window))
        views.append(np.concatenate(parts))
    return np.stack(views), consecutive_spans([len(part) for part in parts])


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    cohort = make_cohort(folder, patients=4, each=2, seconds=2.0)
    speech = {"model": str(save_tiny("wavlm", folder / "wavlm")), "layers": [0, 1, 2], "window_seconds": 2.0}
    backbones = [
        LogMelSettings(bands=16),
        TransformersSettings(name="speech", **speech),
        StatesSettings(window_seconds=4),
    ]
    features = {}
    for settings, planned in zip(backbones, plan_sets(backbones, VIEWS), strict=True):
        tokens, spans = encoded(load_backbone(settings), cohort.recordings["path"])
        pooled = np.zeros((len(VIEWS), len(spans), 1), np.float32)
        features[settings.name] = FeatureArrays(tokens, spans, pooled, planned.attrs())
    labels, owners = np.array([0, 2, 1, 2]), np.repeat(np.arange(4), 2)
    return Examples(
        classes=MURMUR.classes,
        views=VIEWS,
        patients=cohort.patients.select("patient", "person"),
        recordings=cohort.recordings.select("recording", "patient", "site"),
        patient_of=owners,
        features=features,
        labels=labels,
        recording_labels=labels[owners],
    )


@pytest.fixture(scope="module")
def head(examples):
    settings = MambaFormerSettings(
        epochs=2,
        batch_patients=2,
        crop_seconds=1.0,
        width=32,
        state=4,
        gate="states",
        mixup=0.2,
        inner_folds=0,
        patient_weight=1.0,
    )
    head = MambaFormer(settings)
    head.fit(examples, examples, lambda what, done, total: None)
    return head


def test_rates_and_layers_are_those_of_the_sets(head):
    specs = {spec.name: spec for spec in head._inputs.specs}
    assert {name: spec.token_rate for name, spec in specs.items()} == {
        "logmel": 50.0,
        "speech": 200.0,
        "states": 50.0,
    }
    assert {name: spec.layers for name, spec in specs.items()} == {"logmel": 1, "speech": 3, "states": 1}


def test_layers_of_the_encoder_are_weighed(head):
    body = head._nets[0].stems[SETS.index("speech")].body
    weights = body.layers.weights.tolist()
    assert sum(weights) == pytest.approx(1)
    assert weights != pytest.approx([1 / 3] * 3, abs=1e-6)
    assert body.project[0].in_features == 16


def test_a_saved_head_predicts_the_same_bits(head, examples, tmp_path):
    save_state(head.state(), tmp_path / "head")
    again = MambaFormer.from_state(load_state(tmp_path / "head")).predict(examples)
    np.testing.assert_array_equal(again.patients, head.predict(examples).patients)


def test_a_patient_does_not_depend_on_batch_mates_or_batch_size(head, examples, monkeypatch):
    together = head.predict(examples)
    monkeypatch.setattr(predictor, "_AT_ONCE", 3)
    in_threes = head.predict(examples)
    np.testing.assert_allclose(in_threes.patients, together.patients, atol=1e-5)
    for number, patient in enumerate(examples.patients["patient"]):
        alone = head.predict(examples.take([patient]))
        np.testing.assert_allclose(alone.patients[:, 0], together.patients[:, number], atol=1e-5)
