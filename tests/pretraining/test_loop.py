import pytest
import torch

from heartfeat.errors import RunError
from heartfeat.pretraining.accelerating import new_accelerator
from heartfeat.pretraining.kept import Kept, TrainingState
from heartfeat.pretraining.loop import PretrainLoop
from heartfeat.pretraining.objectives.objective import Learner
from heartfeat.pretraining.probe import Probe

from .tiny import make_drawer, make_encoder, make_settings, make_sounds


def make_loop(folder, told):
    sounds, accelerator = make_sounds(), new_accelerator("cpu", "fp32")
    kept = Kept(folder / "kept.safetensors", {}, accelerator)
    drawer, probe = make_drawer(sounds), Probe(sounds, torch.arange(2).numpy(), 1600)
    tell = lambda step, steps, detail: told.append((step, detail))  # noqa: E731
    return PretrainLoop(make_settings(), Learner(make_encoder(), []), drawer, probe, accelerator, kept, tell)


def test_figures_of_several_steps_that_are_read_together_all_count(tmp_path):
    told, progress = [], TrainingState()
    unread = [{"loss": torch.tensor(value)} for value in (1.0, 2.0, 6.0)]
    make_loop(tmp_path, told)._read(unread, progress, 7)
    assert progress.take() == {"loss": 3.0}
    assert told == [(7, "loss 6.000")]
    assert not unread


def test_the_first_step_whose_loss_is_no_number_is_named(tmp_path):
    unread = [{"loss": torch.tensor(value)} for value in (1.0, float("nan"), float("inf"))]
    with pytest.raises(RunError, match="the loss of step 6 is nan"):
        make_loop(tmp_path, [])._read(unread, TrainingState(), 7)
