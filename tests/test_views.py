import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartfeat.errors import ConfigError
from heartfeat.views import VIEW_SETS, apply_view, faithful_views, resolve_views

RATE = 2000
ALL = (*VIEW_SETS["tta7"], "gain+3", "tilt-6", "tilt+2.5", "noise10")


@pytest.fixture(scope="module")
def samples():
    return np.random.default_rng(5).normal(0, 0.05, 10 * RATE).astype(np.float32)


def test_sets_and_lists_resolve_with_clean_first():
    assert resolve_views("none") == ("clean",)
    assert resolve_views("tta5") == ("clean", "gain-6", "gain+6", "bandstop", "timemask")
    assert resolve_views("tta7") == (*resolve_views("tta5"), "noise20", "shift")
    assert resolve_views("shift, gain-2.5,clean,shift") == ("clean", "shift", "gain-2.5")
    assert resolve_views("tta5,shift") == (*resolve_views("tta5"), "shift")


def test_faithful_views_are_those_that_hide_nothing_and_add_nothing():
    faithful = [ALL[number] for number in faithful_views(ALL)]
    assert faithful == ["clean", "gain-6", "gain+6", "shift", "gain+3", "tilt-6", "tilt+2.5"]
    assert faithful_views(("clean",)) == [0]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("tta6", "tta5|tta7"),
        ("bandstp", "bandstop"),
        ("noise-20", "noise20"),
        ("tilt6", "tilt[+-]6"),
        ("gain6", "gain[+-]6"),
        ("clean,", "none"),
    ],
)
def test_an_unknown_view_is_refused_with_the_nearest(text, nearest):
    with pytest.raises(ConfigError, match=f"did you mean '({nearest})'"):
        resolve_views(text)


def test_a_number_out_of_range_is_refused():
    for view in ("gain+900", "tilt-61", "noise100"):
        with pytest.raises(ConfigError, match="up to 60"):
            resolve_views(view)


@settings(max_examples=40, deadline=None)
@given(
    view=st.sampled_from(ALL),
    length=st.integers(1, 3 * RATE),
    digest=st.text("0123456789abcdef", min_size=64),
)
def test_a_view_is_a_pure_function_of_digest_and_name(view, length, digest):
    samples = np.random.default_rng(length).normal(0, 0.05, length).astype(np.float32)
    before = samples.copy()
    first, second = (apply_view(view, samples, RATE, digest) for _ in range(2))
    assert first.shape == (length,)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(samples, before)


@pytest.mark.parametrize("view", ["bandstop", "timemask", "noise20", "shift"])
def test_random_views_differ_between_recordings(view, samples):
    assert not np.array_equal(apply_view(view, samples, RATE, "aa"), apply_view(view, samples, RATE, "ab"))


def test_clean_changes_nothing_and_gain_scales(samples):
    np.testing.assert_array_equal(apply_view("clean", samples, RATE, "aa"), samples)
    np.testing.assert_allclose(apply_view("gain-6", samples, RATE, "aa"), samples * 0.501187, rtol=1e-5)
    np.testing.assert_allclose(apply_view("gain+20", samples, RATE, "aa"), samples * 10, rtol=1e-5)


def test_bandstop_takes_out_one_band_of_the_promised_width(samples):
    for number in range(8):
        kept = apply_view("bandstop", samples, RATE, f"digest {number}")
        frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
        ratio = np.abs(np.fft.rfft(kept)) / np.abs(np.fft.rfft(samples))
        # Zero phase and two passes: the edges are at half the amplitude.
        stopped = frequency[np.convolve(ratio, np.ones(21) / 21, "same") < 0.5]
        assert 38 <= stopped.min() <= stopped.max() <= 602
        assert 35 <= stopped.max() - stopped.min() <= 125


def test_timemask_silences_a_tenth_and_keeps_the_rest(samples):
    masked = apply_view("timemask", samples, RATE, "aa")
    silent = masked == 0
    assert silent.sum() == pytest.approx(0.1 * len(samples), abs=2)
    np.testing.assert_array_equal(masked[~silent], samples[~silent])


@pytest.mark.parametrize("ratio", [20, 7.5])
def test_noise_has_the_promised_ratio(ratio, samples):
    noise = apply_view(f"noise{ratio}", samples, RATE, "aa").astype(float) - samples
    found = 10 * np.log10(np.mean(samples.astype(float) ** 2) / np.mean(noise**2))
    assert found == pytest.approx(ratio, abs=0.2)


@pytest.mark.parametrize(("frequency", "decibels"), [(800, 6), (141.42, 0), (25, -6), (10, -6), (950, 6)])
def test_a_tilt_is_straight_in_octaves_between_its_ends(frequency, decibels):
    tone = np.sin(2 * np.pi * frequency * np.arange(20 * RATE) / RATE).astype(np.float32)
    for sign, view in ((1, "tilt+6"), (-1, "tilt-6")):
        inside = slice(2 * RATE, -2 * RATE)
        tilted = apply_view(view, tone, RATE, "aa")[inside]
        found = 20 * np.log10(np.std(tilted) / np.std(tone[inside]))
        assert found == pytest.approx(sign * decibels, abs=0.1)


def test_shift_is_circular(samples):
    shifted = apply_view("shift", samples, RATE, "aa")
    by = int(np.flatnonzero(shifted == samples[0])[0])
    assert 0.1 * len(samples) <= by <= 0.9 * len(samples)
    np.testing.assert_array_equal(np.roll(shifted, -by), samples)


def test_an_unknown_view_cannot_be_applied(samples):
    with pytest.raises(ConfigError, match="no view"):
        apply_view("reverse", samples, RATE, "aa")
