import numpy as np
import pytest
import torch

from heartfeat.pretraining.probe import Probe, effective_rank

from .tiny import ENCODERS, make_encoder, make_sounds


@pytest.mark.parametrize("name", ENCODERS)
def test_the_figures_fall_when_an_encoder_says_the_same_of_everything(name):
    sounds = make_sounds(10, 1)
    encoder = make_encoder(name, sounds).eval()
    probe = Probe(sounds, np.arange(10), 1600)
    healthy = probe(encoder, "cpu")
    with torch.no_grad():
        last = encoder.norm if name == "pcg" else encoder.mamba.norm_f
        for p in last.parameters():
            p.zero_()
    collapsed = probe(encoder, "cpu")
    assert healthy["probe_found"] > collapsed["probe_found"] == pytest.approx(0.1)
    assert healthy["probe_rank"] > 3 > collapsed["probe_rank"] == pytest.approx(1.0)
    assert healthy["probe_spread"] > 0.1 > collapsed["probe_spread"] == 0.0
    assert all(np.isfinite(list(collapsed.values())))


def test_both_ends_of_a_recording_are_found_where_recordings_differ():
    sounds = make_sounds(6, 1)
    assert Probe(sounds, np.arange(6), 2000)(make_encoder(sounds=sounds), "cpu")["probe_found"] > 0.8


def test_nobody_held_out_gives_no_figures():
    assert Probe(make_sounds(), np.array([], int), 2000)(make_encoder(), "cpu") == {}


def test_it_always_listens_to_the_same_and_changes_nothing():
    sounds, encoder = make_sounds(), make_encoder()
    before = {name: p.clone() for name, p in encoder.state_dict().items()}
    probe, drawn = Probe(sounds, np.arange(5), 2000), torch.get_rng_state()
    assert probe(encoder, "cpu") == probe(encoder, "cpu")
    assert torch.equal(drawn, torch.get_rng_state())
    assert all(torch.equal(p, before[name]) for name, p in encoder.state_dict().items())


def test_the_effective_rank_counts_equal_directions():
    rows = torch.cat([torch.eye(5), -torch.eye(5)])
    assert effective_rank(rows) == pytest.approx(5.0)
    assert effective_rank(torch.ones(4, 3)) == pytest.approx(1.0)
