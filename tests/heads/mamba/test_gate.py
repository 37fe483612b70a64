import pytest
import torch

from heartfeat.errors import ConfigError
from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.gate import PhaseGate, envelope, gate_source

LOGMEL = FeatureSpec("logmel", 8, 50.0, True, "a")
SPEECH = FeatureSpec("speech", 6, 10.0, False, "b")
PHASES = FeatureSpec("phases", 4, 50.0, False, "c", states=True)


def test_the_envelope_does_not_depend_on_level_and_is_on_one_scale():
    crop = torch.randn(2, 40, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(envelope(crop + 3.0), envelope(crop), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(envelope(crop).mean(1), torch.zeros(2, 1), atol=1e-5, rtol=0)
    assert torch.isfinite(envelope(torch.zeros(1, 5, 8))).all()


@pytest.mark.parametrize("source", [LOGMEL, PHASES])
def test_an_untrained_gate_lets_everything_pass(source):
    tokens, crop = torch.randn(2, 10, 32), torch.randn(2, 40, source.dim)
    torch.testing.assert_close(PhaseGate(source, 32)(tokens, crop), tokens)


def test_a_gate_can_learn_to_close_in_a_state():
    torch.manual_seed(0)
    gate = PhaseGate(PHASES, 32)
    systole = (torch.arange(40) // 10 % 2).float()
    crop = torch.stack([1 - systole, systole, 0 * systole, 0 * systole], dim=-1).expand(2, 40, 4)
    tokens, wanted = torch.ones(2, 40, 32), (2 * systole).view(1, 40, 1).expand(2, 40, 32)
    optimiser = torch.optim.Adam(gate.parameters(), lr=0.05)
    for _ in range(60):
        loss = (gate(tokens, crop) - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.1


def test_the_phase_comes_from_the_first_set_that_tells_it():
    assert gate_source("energy", (SPEECH, LOGMEL)) is LOGMEL
    assert gate_source("states", (LOGMEL, PHASES)) is PHASES
    with pytest.raises(ConfigError, match=r"family 'logmel'.*among speech; add one"):
        gate_source("energy", (SPEECH,))
    with pytest.raises(ConfigError, match="family 'states'"):
        gate_source("states", (LOGMEL,))
