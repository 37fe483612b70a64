import numpy as np
import pytest

from heartfeat.signals.synthetic_murmur import Murmur, murmur_carrier, murmur_envelope

TIME = np.linspace(0, 1, 1001)


def envelope(timing, shape):
    return murmur_envelope(Murmur("systolic", timing, shape, "I", "Low", "Blowing"), 0.2, 0.6, TIME)


@pytest.mark.parametrize(
    ("timing", "begin", "end"),
    [("Early", 0.2, 0.42), ("Mid", 0.28, 0.52), ("Late", 0.4, 0.6), ("Holo", 0.2, 0.6)],
)
@pytest.mark.parametrize("shape", ["Plateau", "Diamond", "Decrescendo", "Crescendo"])
def test_timing_sets_the_span(timing, begin, end, shape):
    heard = TIME[envelope(timing, shape) > 0]
    assert heard.min() == pytest.approx(begin, abs=2e-3)
    assert heard.max() == pytest.approx(end, abs=2e-3)
    assert envelope(timing, shape).max() == pytest.approx(1, abs=0.02)


def test_shapes_peak_where_their_names_say():
    peaks = {
        shape: TIME[np.argmax(envelope("Holo", shape))] for shape in ("Decrescendo", "Diamond", "Crescendo")
    }
    assert peaks["Decrescendo"] < 0.25
    assert peaks["Diamond"] == pytest.approx(0.4, abs=1e-3)
    assert peaks["Crescendo"] > 0.55
    assert (envelope("Holo", "Plateau") == 1).mean() > 0.3


@pytest.mark.parametrize("quality", ["Blowing", "Harsh", "Musical"])
def test_carriers_have_unit_level(quality):
    murmur = Murmur("systolic", "Holo", "Plateau", "I", "High", quality)
    carrier = murmur_carrier(murmur, 8000, 4000, np.random.default_rng(0))
    assert np.sqrt(np.mean(carrier**2)) == pytest.approx(1)


def test_a_musical_murmur_is_nearly_a_tone():
    widths = {}
    for quality in ("Blowing", "Musical"):
        murmur = Murmur("systolic", "Holo", "Plateau", "I", "Medium", quality)
        power = np.abs(np.fft.rfft(murmur_carrier(murmur, 16000, 4000, np.random.default_rng(0)))) ** 2
        frequency = np.fft.rfftfreq(16000, 1 / 4000)
        centre = (power * frequency).sum() / power.sum()
        widths[quality] = np.sqrt((power * (frequency - centre) ** 2).sum() / power.sum())
    assert widths["Musical"] < 0.6 * widths["Blowing"]
