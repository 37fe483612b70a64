import dataclasses
import json

import numpy as np
import polars as pl
import pytest

from heartfeat.errors import FeatureKeyError
from heartfeat.extraction.pooling import STATISTICS
from heartfeat.heads.feature_spec import FeatureSpec, feature_specs
from heartfeat.heads.tabular.encoder import TabularEncoder, coarse

POOLED = 8 * len(STATISTICS)


def test_every_view_gets_a_row_per_recording_with_its_own_pooled_features(pooled_examples):
    examples = pooled_examples(views=("clean", "gain-6"))
    encoder = TabularEncoder.fit(examples, metadata=True, quality=True)
    rows = encoder(examples)
    assert rows.shape == (2, len(examples.recordings), encoder.dim)
    assert rows.dtype == np.float32
    assert (rows[:, :, :POOLED] == examples.features["logmel"].pooled).all()
    assert (rows[0, :, POOLED:] == rows[1, :, POOLED:]).all()
    assert np.isfinite(rows).all()


def test_missing_quality_is_the_training_median_with_a_flag(pooled_examples):
    examples = pooled_examples()
    encoder = TabularEncoder.fit(examples, metadata=False, quality=True)
    snr = examples.recordings["snr_db"].drop_nulls()
    # The last columns are value and flag of clipping, silence, snr_db and periodicity.
    rows = encoder(examples)[0, :, -8:]
    assert rows[0, 4:6] == pytest.approx([snr.median(), 1.0])
    assert rows[1, 4:6] == pytest.approx([snr[0], 0.0])
    assert (rows[:, 7] == 1).all(), "periodicity is not in the table, so it is missing everywhere"


def test_sites_are_flags_and_an_unknown_site_has_none(pooled_examples):
    examples = pooled_examples()
    encoder = TabularEncoder.fit(examples, metadata=False, quality=False)
    elsewhere = dataclasses.replace(
        examples, recordings=examples.recordings.with_columns(site=pl.lit("back"))
    )
    flags, none = encoder(examples)[0, :, POOLED:], encoder(elsewhere)[0, :, POOLED:]
    assert (flags.sum(axis=1) == 1).all()
    assert [encoder.sites[i] for i in flags.argmax(axis=1)] == examples.recordings["site"].to_list()
    assert not none.any()


def test_metadata_of_a_patient_stands_beside_each_of_its_recordings(pooled_examples):
    examples = pooled_examples()
    with_metadata = TabularEncoder.fit(examples, metadata=True, quality=False)
    start = POOLED + len(with_metadata.sites)
    rows = with_metadata(examples)[0, :, start:]
    assert with_metadata.metadata is not None
    assert (rows == with_metadata.metadata(examples.patients)[examples.patient_of]).all()


def test_the_encoder_survives_json(pooled_examples):
    examples = pooled_examples()
    encoder = TabularEncoder.fit(examples, metadata=True, quality=True)
    assert TabularEncoder.from_json(json.loads(json.dumps(encoder.as_json()))) == encoder


def test_other_features_and_other_statistics_are_refused(pooled_examples):
    examples = pooled_examples()
    encoder = TabularEncoder.fit(examples, metadata=True, quality=True)
    arrays = examples.features["logmel"]
    fewer = dataclasses.replace(arrays, pooled=arrays.pooled[:, :, :8])
    with pytest.raises(
        FeatureKeyError, match=f"8 pooled numbers per recording, the head was fitted on {POOLED}"
    ):
        encoder(dataclasses.replace(examples, features={"logmel": fewer}))
    with pytest.raises(FeatureKeyError, match="'logmel'"):
        encoder(dataclasses.replace(examples, features={"other": arrays}))


def _beats(cycle):
    statistics = ("mean", "std", "p10", "p90")
    return FeatureSpec("beats", cycle[0] * cycle[1], None, False, "key", cycle=cycle, statistics=statistics)


def test_of_heart_beats_mean_and_tenth_percentile_remain_four_phases_and_two_bands_together():
    images = np.random.default_rng(0).normal(size=(2, 3, 4, 8, 4)).astype(np.float32)
    reduced = coarse(images.reshape(2, 3, -1), _beats((8, 4))).reshape(2, 3, 2, 2, 2)
    assert reduced.dtype == np.float32
    for column, statistic in enumerate((0, 2)):
        for phase in range(2):
            for band in range(2):
                block = images[:, :, statistic, 4 * phase : 4 * phase + 4, 2 * band : 2 * band + 2]
                assert reduced[:, :, column, phase, band] == pytest.approx(block.mean(axis=(2, 3)), abs=1e-6)


def test_what_is_left_over_at_the_end_is_averaged_over_as_many():
    images = np.zeros((1, 1, 4, 6, 3), np.float32)
    images[0, 0, 0, 4:, 2] = [3.0, 5.0]
    reduced = coarse(images.reshape(1, 1, -1), _beats((6, 3))).reshape(2, 2, 2)
    assert reduced[0].tolist() == [[0.0, 0.0], [0.0, 4.0]]
    assert not reduced[1].any()


def test_other_sets_are_left_as_they_are(pooled_examples):
    examples = pooled_examples()
    pooled = examples.features["logmel"].pooled
    assert coarse(pooled, feature_specs(examples)[0]) is pooled


def test_heart_beats_become_columns_like_any_other_set(beats_examples):
    examples = beats_examples(30, cycle=(6, 3))
    encoder = TabularEncoder.fit(examples, metadata=False, quality=False)
    rows = encoder(examples)
    assert rows.shape[2] == encoder.dim == 2 * 2 * 2 + 4
    assert (rows[..., :8] == coarse(examples.features["beats"].pooled, encoder.specs[0])).all()
    again = TabularEncoder.from_json(json.loads(json.dumps(encoder.as_json())))
    assert again == encoder
    assert (again(examples) == rows).all()


def test_an_encoder_s_beats_keep_every_phase_and_number_of_two_statistics(beats_examples):
    examples = beats_examples(30, cycle=(6, 3), family="transformers")
    encoder = TabularEncoder.fit(examples, metadata=False, quality=False)
    images = examples.features["beats"].pooled.reshape(1, -1, 4, 18)
    assert encoder.dim == 2 * 18 + 4
    assert (encoder(examples)[..., :36] == images[:, :, [0, 2]].reshape(1, -1, 36)).all()
