import json

import numpy as np
import pytest

from heartfeat.errors import ConfigError, RunError
from heartfeat.pretraining.record import TrainingRecord
from heartfeat.pretraining.train import divide

from .tiny import CNN_MAMBA, make_settings, make_sounds
from .training import train, weights, without_seconds


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(make_settings(), tmp_path_factory.mktemp("trained") / "enc", left_out={"c": 3})


def test_losses_fall(tmp_path):
    settings = make_settings(steps=40, probe_every=10, batch=4, learning_rate=3e-3)
    history = train(settings, tmp_path / "a").record.history
    assert history[-1]["masked_loss"] < 0.9 * history[1]["masked_loss"]
    assert history[-1]["contrast_loss"] < history[1]["contrast_loss"]


def test_the_history_has_the_first_look_every_look_and_the_last(trained):
    history = trained.record.history
    assert [row["step"] for row in history] == [0, 4, 7]
    assert {"probe_found", "probe_rank", "probe_spread"} <= set(history[0])
    assert {"loss", "masked_loss", "masked_spread", "contrast_loss", "contrast_cycle"} <= set(history[1])
    assert history[1]["learning_rate"] > history[2]["learning_rate"] > 0


def test_the_record_says_who_was_heard_and_reads_back(trained):
    record = TrainingRecord.read(trained.folder)
    assert (record.kind, record.labels) == ("pretrain", None)
    assert record.recordings == 2 * len(record.seen["c"]) == 8
    assert record.settings["encoder"]["hidden_size"] == 16
    assert "nowhere" not in json.dumps(record.settings)
    (cohort,) = record.data
    assert (cohort["people"], cohort["held_out"], cohort["left_out"]) == (4, 2, 3)
    assert cohort["hours"] == pytest.approx(record.hours)
    assert without_seconds(record.history) == without_seconds(trained.record.history)


def test_another_seed_gives_other_weights_and_the_same_the_same(trained, tmp_path):
    assert weights(train(make_settings(seed=1), tmp_path / "other").folder) != weights(trained.folder)
    assert weights(train(make_settings(), tmp_path / "same").folder) == weights(trained.folder)


def test_people_are_held_out_with_all_their_recordings():
    sounds = make_sounds(10, 3)
    learned, held_out = divide(sounds, 0.3, 0)
    assert sorted([*learned, *held_out]) == list(range(30))
    assert len({sounds.sources[r].person for r in held_out}) == 3
    assert not {sounds.sources[r].person for r in held_out} & {sounds.sources[r].person for r in learned}
    assert not np.array_equal(divide(sounds, 0.3, 1)[1], held_out)


def test_too_few_people_are_refused():
    with pytest.raises(ConfigError, match="at least 2 people besides 0 held out"):
        divide(make_sounds(1, 3), 0.0, 0)


def test_a_crop_of_one_token_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"holds a single token of 0.04 s; make crops.seconds longer"):
        train(make_settings(crops={"seconds": 0.05}), tmp_path / "a")


def test_a_loss_that_is_no_number_ends_the_training_and_writes_nothing(tmp_path):
    with pytest.raises(RunError, match=r"the loss of step \d is nan; lower learning_rate"):
        train(make_settings(learning_rate=1e30, clip=1e30), tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("encoder", [None, CNN_MAMBA])
def test_bf16_works_on_the_processor(encoder, tmp_path):
    moco = [
        {"kind": "masked", "decoder_size": 16},
        {"kind": "contrast", "method": "moco", "queue": 16, "projection": 16},
    ]
    changes = {"encoder": encoder, "objectives": moco} if encoder else {}
    half = train(make_settings(**changes), tmp_path / "half", precision="bf16").record
    full = train(make_settings(**changes), tmp_path / "full").record
    assert "bf16" in half.machine
    assert half.history[-1]["loss"] == pytest.approx(full.history[-1]["loss"], rel=0.05)
    assert half.history[-1]["loss"] != full.history[-1]["loss"]


def test_one_objective_alone_works(tmp_path):
    for number, one in enumerate(
        [
            {"kind": "masked", "decoder_size": 16},
            {"kind": "contrast", "cycle_weight": 0.0},
            {"kind": "contrast", "structure_weight": 0.0},
        ]
    ):
        settings = make_settings(objectives=[one], steps=2, held_out=0.0)
        history = train(settings, tmp_path / f"{number}").record.history
        assert np.isfinite(history[-1]["loss"])
        assert "probe_found" not in history[-1]


def test_trackers_follow_every_look(tmp_path):
    pytest.importorskip("tensorboard", reason="needs pip install 'heartfeat[tensorboard]'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(make_settings(), tmp_path / "enc", trackers=["tensorboard"])
    curves = EventAccumulator(str(tmp_path / "tensorboard/enc/fold0")).Reload()
    assert [event.step for event in curves.Scalars("probe_rank")] == [0, 4, 7]
