import numpy as np
import pytest
import torch

from heartfeat.backbones.load import describe_backbone, load_backbone
from heartfeat.backbones.logmel_spec import FLOOR
from heartfeat.backbones.settings import LogMelSettings
from heartfeat.backbones.windows import cut_windows, stitch, token_count
from heartfeat.errors import ConfigError

from .encoding import encode_exactly

LEVEL = 10 ** (-26 / 20)


def encode(samples: np.ndarray, settings: LogMelSettings, batch_size: int = 4) -> np.ndarray:
    backbone = load_backbone(settings)
    window = backbone.spec.window
    encoded = encode_exactly(backbone, cut_windows(samples, window), batch_size=batch_size)
    return stitch(encoded, token_count(len(samples), window.hop), window)


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (LEVEL * rng.standard_normal(int(seconds * 2000))).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.01, 0.5, 4.99, 5.0, 5.03, 17.77])
def test_tokens_are_floor_of_duration_times_rate(seconds: float) -> None:
    samples = noise(seconds)
    assert encode(samples, LogMelSettings()).shape == (max(1, len(samples) // 40), 64)


def test_a_tone_lights_up_the_band_around_its_frequency_and_reads_its_power() -> None:
    settings = LogMelSettings()
    time = np.arange(10 * 2000) / 2000
    tone = (np.sqrt(2) * LEVEL * np.sin(2 * np.pi * 300 * time)).astype(np.float32)

    tokens = encode(tone, settings)[10:-10]

    edges = 700 * (10 ** (np.linspace(*_mel(np.array([20.0, 800.0])), 66) / 2595) - 1)
    loudest = tokens.mean(axis=0).argmax()
    assert edges[loudest] <= 300 <= edges[loudest + 2]
    # The tone has just the normalised power, so all bands together read 1 (0 nat).
    np.testing.assert_allclose(np.exp(tokens).sum(axis=1), 1, rtol=0.02)


def _mel(frequency: np.ndarray) -> np.ndarray:
    return 2595 * np.log10(1 + frequency / 700)


def test_gain_is_an_additive_shift() -> None:
    samples = noise(7)
    shift = encode(samples * np.float32(10 ** (-6 / 20)), LogMelSettings()) - encode(
        samples, LogMelSettings()
    )
    np.testing.assert_allclose(shift, -6 * np.log(10) / 10, atol=1e-3)


def test_silence_reads_the_floor() -> None:
    np.testing.assert_allclose(encode(np.zeros(4000, np.float32), LogMelSettings()), np.log(FLOOR), rtol=1e-6)


def test_a_click_is_centred_on_the_token_that_covers_it() -> None:
    samples = np.zeros(8000, np.float32)
    samples[40 * 77 + 20] = 1.0
    power = np.exp(encode(samples, LogMelSettings())).sum(axis=1)
    assert power.argmax() == 77
    np.testing.assert_allclose(power[76], power[78], rtol=0.05)


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_bits_do_not_depend_on_the_batch(batch_size: int) -> None:
    samples = noise(33)
    np.testing.assert_array_equal(
        encode(samples, LogMelSettings(), batch_size), encode(samples, LogMelSettings(), 7)
    )


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    samples, threads = noise(33), torch.get_num_threads()
    one_thread = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            one_thread.append(encode(samples, LogMelSettings(), 7))
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(*one_thread)


def test_the_window_length_bears_on_speed_only() -> None:
    samples = noise(12)
    other = encode(samples, LogMelSettings(window_seconds=2.5))
    np.testing.assert_allclose(encode(samples, LogMelSettings()), other, atol=1e-5)


def test_a_second_resolution_is_possible() -> None:
    settings = LogMelSettings(name="fine", bands=128, frame_seconds=0.25, token_rate=20, high=600)
    assert encode(noise(3), settings).shape == (60, 128)
    assert describe_backbone(settings).core() != describe_backbone(LogMelSettings()).core()


def test_bands_narrower_than_the_resolution_are_refused() -> None:
    with pytest.raises(ConfigError, match="use fewer bands or longer frame_seconds"):
        load_backbone(LogMelSettings(bands=128, frame_seconds=0.025))


def test_the_core_holds_no_name() -> None:
    assert (
        describe_backbone(LogMelSettings(name="other")).core() == describe_backbone(LogMelSettings()).core()
    )
