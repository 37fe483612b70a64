import json

import pytest

from heartfeat.backbones.settings import BeatsSettings
from heartfeat.errors import ConfigError, FeatureKeyError
from heartfeat.extraction.feature_sets import plan_sets
from heartfeat.heads.examples import FeatureArrays
from heartfeat.heads.feature_spec import FeatureSpec, check_features, feature_specs

SETS = {"logmel": (8, 50.0), "speech": (4, 10.0)}


def test_specs_say_what_kind_a_set_is(token_examples):
    specs = feature_specs(token_examples(3, SETS))
    assert specs == (
        FeatureSpec("logmel", 8, 50.0, True, "key of logmel", statistics=("mean",)),
        FeatureSpec("speech", 4, 10.0, False, "key of speech", statistics=("mean",)),
    )


def test_the_same_features_are_accepted(token_examples):
    examples = token_examples(3, SETS)
    check_features(feature_specs(examples), token_examples(4, SETS, seed=1))


def test_another_key_is_refused_by_name(token_examples):
    examples = token_examples(3, SETS)
    specs = feature_specs(examples)
    arrays = examples.features["speech"]
    changed = FeatureArrays(arrays.tokens, arrays.spans, arrays.pooled, {**arrays.attrs, "core_key": "other"})
    examples.features["speech"] = changed
    with pytest.raises(
        FeatureKeyError, match=r"'speech' differs in core_key.*other instead of key of speech"
    ):
        check_features(specs, examples)


def test_a_missing_set_is_refused_by_name(token_examples):
    with pytest.raises(FeatureKeyError, match=r"'speech'.*not among \['logmel'\]"):
        check_features(feature_specs(token_examples(3, SETS)), token_examples(3, {"logmel": (8, 50.0)}))


def test_tokens_without_a_rate_are_refused():
    attrs = {"core": {}, "core_key": "k", "dim": 4, "token_rate": None, "statistics": ["mean"]}
    with pytest.raises(ConfigError, match="'slices' has no token rate"):
        FeatureSpec.of("slices", attrs)


def test_heart_beats_are_known_by_phases_bands_and_statistics():
    settings = BeatsSettings(bands=12, phases=(2, 3, 2, 4))
    spec = FeatureSpec.of("beats", plan_sets([settings], ("clean",))[0].attrs())
    assert spec.token_rate is None
    assert (spec.dim, spec.cycle) == (11 * 12, (11, 12))
    assert spec.statistics == ("mean", "std", "p10", "p90")
    assert not spec.spectrogram


def test_other_sets_have_no_cycle(token_examples):
    for spec in feature_specs(token_examples(3, SETS)):
        assert spec.cycle is None


def test_specs_survive_json(beats_examples):
    specs = feature_specs(beats_examples(3, SETS))
    assert tuple(FeatureSpec.from_json(json.loads(json.dumps(spec.as_json()))) for spec in specs) == specs
    check_features(specs, beats_examples(4, SETS, seed=1))
    with pytest.raises(FeatureKeyError, match="'beats' differs in dim, cycle"):
        check_features(specs, beats_examples(3, SETS, cycle=(8, 5)))


def test_layers_side_by_side_are_counted(token_examples):
    attrs = dict(token_examples(3, SETS).features["speech"].attrs)
    assert FeatureSpec.of("speech", attrs).layers == 1
    assert (
        FeatureSpec.of("speech", {**attrs, "core": {"family": "transformers", "layers": [0, 2]}}).layers == 2
    )
    assert FeatureSpec.of("logmel", {**attrs, "core": {"family": "logmel", "layers": []}}).layers == 1
