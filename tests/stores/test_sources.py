import numpy as np
import polars as pl

from heartfeat.stores import KeptFeatureSet, open_store


def test_a_kept_set_follows_its_recordings_to_their_new_places(ward, make_ward, path):
    ward.write(path)
    grown = make_ward(((3, 5), (2, 0, 4), (), (7,), (1,)))
    grown.recordings = pl.concat([grown.recordings[6:], grown.recordings[:6]])
    grown.patients = pl.concat([grown.patients[4:], grown.patients[:4]])
    grown.write(path, KeptFeatureSet("logmel"))
    store = open_store(path)
    assert store.features().done[0].tolist() == [False, True, True, True, False, True, True]
    for name in ("100_0", "100_1", "101_0", "101_2", "103_0"):
        place = ward.recordings["recording"].to_list().index(name)
        expected = ward.tokens[1, ward.offsets[place] : ward.offsets[place + 1]]
        np.testing.assert_array_equal(store.tokens(recording=name, view="gain-6"), expected)
        np.testing.assert_array_equal(store.pooled(recording=name), ward.pooled[0, place])
    assert store.tokens(recording="104_0").shape == (0, 3)


def test_a_kept_set_drops_the_rows_of_a_recording_whose_audio_changed(ward, path):
    ward.write(path)
    changed = pl.when(pl.col("recording") == "100_1").then(pl.lit("other")).otherwise("pcm_digest")
    ward.recordings = ward.recordings.with_columns(pcm_digest=changed)
    ward.write(path, KeptFeatureSet("logmel"))
    features = open_store(path).features()
    assert features.done[0].tolist() == [True, False, True, False, True, True]
    assert features.tokens(recording="100_1").shape == (0, 3)
    np.testing.assert_array_equal(features.tokens(recording="101_0"), ward.tokens[0, 8:10])


def test_a_kept_set_keeps_its_key(ward, path):
    ward.write(path)
    ward.recordings = ward.recordings[:5]
    ward.write(path, KeptFeatureSet("logmel"))
    assert open_store(path).features().core_key == ward.source().attrs["core_key"]
