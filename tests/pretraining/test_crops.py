import numpy as np
import pytest
import torch

from heartfeat.backbones.windows import cut_windows
from heartfeat.pretraining.crops import CropDrawer
from heartfeat.pretraining.encoders import crop_grid, new_config
from heartfeat.pretraining.settings import CropSettings
from heartfeat.signals.segmentation import S1, onsets

from .tiny import ENCODERS, RATE, make_drawer, make_sounds

SAME = {"gain": 0.0, "tilt": 0.0, "noise": 0.0}


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("crops", [{}, {"stretch": 0.3}, {"start": "beat"}, {"seconds": 5.0}])
def test_states_lie_on_the_tokens_whose_sound_they_are(name, crops):
    # Each sample of these sounds is the number of its state.
    sounds = make_sounds(kind="states")
    pairs = make_drawer(sounds, name, **crops)(20, np.random.default_rng(0))
    grid = crop_grid(new_config(ENCODERS[name]), crops.get("seconds", 1.0))
    covered = pairs.plain[:, grid.lead : grid.lead + grid.frames * grid.hop]
    heard = covered.unflatten(1, (grid.frames, grid.hop)).mean(dim=2).numpy()
    np.testing.assert_allclose(pairs.states.sum(dim=2), 1.0)
    said = (pairs.states @ torch.arange(1.0, 5.0)).numpy()
    # Four looks a token, and straight lines between samples.
    assert np.abs(heard - said).mean() < 0.06
    assert np.corrcoef(heard.ravel(), said.ravel())[0, 1] > 0.98


def test_crops_are_as_long_as_the_windows_of_extraction():
    for name, settings in ENCODERS.items():
        grid = crop_grid(new_config(settings), 1.0)
        window = grid.window(None)
        assert make_drawer(make_sounds(), name).samples == window.samples
        assert window.lead == grid.lead


def test_an_unstretched_crop_is_a_stretch_of_its_recording():
    sounds = make_sounds(2, 1)
    pairs = make_drawer(sounds, **SAME)(2, np.random.default_rng(0))
    for crop, person in zip(pairs.plain.numpy(), pairs.people, strict=True):
        sound = sounds.of(int(person)).astype(np.float32)
        start = int(np.flatnonzero(sound == crop[0])[0])
        while not np.array_equal(sound[start : start + len(crop)], crop):
            start = start + 1 + int(np.flatnonzero(sound[start + 1 :] == crop[0])[0])
        assert start + len(crop) <= len(sound)
    np.testing.assert_allclose(pairs.varied, pairs.plain, atol=1e-6)


def test_a_short_recording_goes_on_at_its_beginning_as_in_extraction():
    sounds = make_sounds(2, 1, seconds=1.0)
    grid = crop_grid(new_config(ENCODERS["pcg"]), 2.0)
    pairs = make_drawer(sounds, seconds=2.0)(2, np.random.default_rng(0))
    for crop, person in zip(pairs.plain.numpy(), pairs.people, strict=True):
        sound = sounds.of(int(person)).astype(np.float32)
        whole = cut_windows(sound, grid.window(None))[0]
        assert sorted(crop[: len(sound)]) == sorted(whole[: len(sound)])
        np.testing.assert_array_equal(crop[len(sound) :], crop[: len(crop) - len(sound)])


def test_stretching_plays_faster_or_slower_by_up_to_its_share():
    settings = CropSettings(seconds=2.0, stretch=0.2)
    sounds = make_sounds(2, 1, seconds=20.0)
    position = np.concatenate([np.arange(len(sounds.of(r))) / 40 for r in range(2)])
    ramps = sounds.__class__(**{**vars(sounds), "samples": position.astype(np.float32)})
    drawer = CropDrawer(ramps, np.arange(2), settings, crop_grid(new_config(ENCODERS["pcg"]), 2.0))
    crops = np.concatenate([drawer(2, np.random.default_rng(seed)).plain.numpy() for seed in range(40)])
    speeds = np.log((crops[:, -1] - crops[:, 0]) * 40 / (crops.shape[1] - 1))
    assert np.abs(speeds).max() <= 0.2 + 1e-3
    assert speeds.std() == pytest.approx(0.4 / np.sqrt(12), rel=0.15)
    assert abs(speeds.mean()) < 0.04


def test_a_crop_from_a_beat_begins_with_the_first_token_at_an_onset_and_has_no_seam():
    sounds = make_sounds(4, 1, seconds=4.0, kind="states")
    drawer = make_drawer(sounds, start="beat", **SAME)
    rng = np.random.default_rng(0)
    starts = drawer._draw(np.zeros(100, dtype=int), rng).starts
    beats = onsets(sounds.states_of(0), S1) * RATE
    assert set((starts + 50).tolist()) <= set(np.round(beats).astype(int).tolist())
    assert len(set(starts.tolist())) > 2
    assert max(starts) + drawer.samples <= len(sounds.of(0))


def test_pairs_are_of_one_recording_or_of_two_of_one_patient():
    sounds = make_sounds(8, 3)
    rng = np.random.default_rng(0)
    for share, low, high in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 0.3, 0.7)):
        drawer = make_drawer(sounds, other_recording=share)
        asked = np.tile(np.arange(24), 5)
        partners = list(zip(asked.tolist(), drawer._partners(asked, rng).tolist(), strict=True))
        assert all(sounds.sources[a].patient == sounds.sources[b].patient for a, b in partners)
        assert low <= np.mean([a != b for a, b in partners]) <= high


def test_people_have_numbers_of_their_own_whatever_the_cohort():
    sounds = make_sounds(3, 2)
    sources = [one._replace(cohort="d" if i % 2 else "c") for i, one in enumerate(sounds.sources)]
    drawer = make_drawer(sounds.__class__(**{**vars(sounds), "sources": tuple(sources)}))
    pairs = drawer(6, np.random.default_rng(0))
    assert len(set(pairs.people[:6].tolist())) == 6
    assert (pairs.people[:6] == pairs.people[6:]).all()


def test_a_batch_larger_than_the_cohort_has_recordings_twice():
    assert len(make_drawer(make_sounds(2, 1))(5, np.random.default_rng(0)).people) == 10


def test_the_same_generator_gives_the_same_crops():
    drawer = make_drawer(make_sounds(), stretch=0.2, other_recording=0.5)
    first, second = (drawer(4, np.random.default_rng(3)) for _ in range(2))
    for name in ("plain", "varied", "states", "people"):
        assert torch.equal(getattr(first, name), getattr(second, name))


def test_a_patient_with_a_single_recording_is_its_own_partner():
    drawer = make_drawer(make_sounds(4, 1), other_recording=1.0)
    assert drawer._partners(np.arange(4), np.random.default_rng(0)).tolist() == [0, 1, 2, 3]


def test_every_other_recording_of_a_patient_comes_as_often():
    drawer = make_drawer(make_sounds(2, 4), other_recording=1.0)
    partners = drawer._partners(np.full(3000, 5), np.random.default_rng(0))
    assert np.bincount(partners, minlength=8).tolist()[:4] == [0, 0, 0, 0]
    assert np.bincount(partners, minlength=8)[[4, 6, 7]].min() > 900


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_makes_the_crops_that_the_cpu_makes_but_for_the_white_noise():
    crops = {"stretch": 0.2, "other_recording": 0.5, "noise": 0.0}
    on_gpu, on_cpu = (
        make_drawer(make_sounds(), device=device, **crops)(6, np.random.default_rng(0))
        for device in ("cuda", "cpu")
    )
    for name in ("plain", "varied", "states", "people"):
        torch.testing.assert_close(getattr(on_gpu, name).cpu(), getattr(on_cpu, name), rtol=1e-4, atol=1e-4)
