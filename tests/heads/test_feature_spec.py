import pytest

from heartfeat.errors import ConfigError, FeatureKeyError
from heartfeat.heads.examples import FeatureArrays
from heartfeat.heads.feature_spec import FeatureSpec, check_features, feature_specs

SETS = {"logmel": (8, 50.0), "speech": (4, 10.0)}


def test_specs_say_what_kind_a_set_is(token_examples):
    specs = feature_specs(token_examples(3, SETS))
    assert specs == (
        FeatureSpec("logmel", 8, 50.0, True, "key of logmel"),
        FeatureSpec("speech", 4, 10.0, False, "key of speech"),
    )


def test_the_same_features_are_accepted(token_examples):
    examples = token_examples(3, SETS)
    check_features(feature_specs(examples), token_examples(4, SETS, seed=1))


def test_another_key_is_refused_by_name(token_examples):
    examples = token_examples(3, SETS)
    specs = feature_specs(examples)
    arrays = examples.features["speech"]
    changed = FeatureArrays(
        arrays.tokens, arrays.offsets, arrays.pooled, {**arrays.attrs, "core_key": "other"}
    )
    examples.features["speech"] = changed
    with pytest.raises(
        FeatureKeyError, match=r"'speech' differs in core_key.*other instead of key of speech"
    ):
        check_features(specs, examples)


def test_a_missing_set_is_refused_by_name(token_examples):
    with pytest.raises(FeatureKeyError, match=r"'speech'.*not among \['logmel'\]"):
        check_features(feature_specs(token_examples(3, SETS)), token_examples(3, {"logmel": (8, 50.0)}))


def test_tokens_without_a_rate_are_refused():
    attrs = {"core": {}, "core_key": "k", "dim": 4, "token_rate": None}
    with pytest.raises(ConfigError, match="'slices' has no token rate"):
        FeatureSpec.of("slices", attrs)
