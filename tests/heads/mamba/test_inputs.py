import dataclasses
import json

import numpy as np
import polars as pl
import pytest

from heartfeat.errors import ConfigError, FeatureKeyError
from heartfeat.heads.feature_spec import feature_specs
from heartfeat.heads.mamba.inputs import Inputs
from heartfeat.heads.patient_quality import PATIENT_QUALITY
from heartfeat.heads.settings import MambaFormerSettings

SETTINGS = MambaFormerSettings(
    width=32, state=4, inner_folds=2, patient_weight=1.0, metadata=True, quality=True, class_weights=None
)


def learned(examples, **changes):
    return Inputs.learn(SETTINGS.model_copy(update=changes), examples)


@pytest.fixture
def examples(beats_examples):
    made = beats_examples(9, {"logmel": (32, 50.0)})
    snr = np.linspace(-5, 20, len(made.patient_of))
    return dataclasses.replace(made, recordings=made.recordings.with_columns(s1_contrast_db=pl.Series(snr)))


def test_inputs_survive_json(examples):
    inputs = learned(examples)
    again = Inputs.from_json(json.loads(json.dumps(inputs.as_json())))
    assert again.as_json() == inputs.as_json()
    assert again.specs == feature_specs(examples)
    np.testing.assert_array_equal(again.class_weights, inputs.class_weights)
    for of in ("sites_of", "metadata_of", "quality_of"):
        np.testing.assert_array_equal(getattr(again, of)(examples), getattr(inputs, of)(examples))


def test_quality_is_weighed_where_there_are_inner_folds_and_it_is_asked_for(examples):
    assert learned(examples).quality_of(examples).shape == (9, 2 * len(PATIENT_QUALITY))
    for changes in ({"inner_folds": 0}, {"quality": False}):
        assert learned(examples, **changes).quality_of(examples).shape == (9, 0)


def test_without_metadata_and_quality_the_patient_classifier_has_no_more_columns(examples):
    inputs = learned(examples, metadata=False, quality=False)
    assert inputs.metadata_of(examples).shape == (9, 0)
    assert inputs.new_net().metadata is None
    with_both = learned(examples)
    assert with_both.new_net().metadata[0].in_features == with_both.metadata_of(examples).shape[1]


def test_a_recording_without_a_site_has_the_code_of_unknown_sites(examples):
    sites = pl.Series([None, *examples.recordings["site"][1:]], dtype=pl.String)
    some = dataclasses.replace(examples, recordings=examples.recordings.with_columns(site=sites))
    inputs = learned(some)
    assert inputs.sites == tuple(sorted(set(examples.recordings["site"][1:])))
    assert inputs.sites_of(some)[0] == len(inputs.sites)


def test_labels_of_a_task_that_are_not_there_are_missed(examples):
    with pytest.raises(ConfigError, match=r"'grade'.*none besides those of the task itself"):
        learned(examples, tasks=("grade",))


def test_features_of_another_make_are_refused(examples, beats_examples):
    inputs = learned(examples)
    with pytest.raises(FeatureKeyError, match="'beats' differs in"):
        inputs.predictor(inputs.new_net(), beats_examples(3, {"logmel": (32, 50.0)}, cycle=(8, 5)))
