import numpy as np
import pytest

from heartfeat.errors import ConfigError, RunError
from heartfeat.finetuning.crops import judge

from .small import changed, weights_of

HEAD = {"train": "head", "epochs": 2}
TOP = {"train": "top", "layers": 1, "epochs": 2}
ALL = {"train": "all", "epochs": 2}


def encoder(names):
    return {name.removeprefix("backbone.encoder.model.") for name in names if name.startswith("backbone.")}


def test_the_first_stage_changes_the_head_alone(small):
    stages = small([HEAD]).build()
    before = weights_of(stages.net)
    stages.run()
    moved = changed(before, weights_of(stages.net))
    assert moved == {name for name in before if name.startswith("head.")}


def test_the_second_stage_changes_the_top_layer_and_the_head_alone(small):
    stages = small([TOP]).build()
    before = weights_of(stages.net)
    stages.run()
    moved = encoder(changed(before, weights_of(stages.net)))
    assert moved
    assert all(name.startswith(("blocks.2.", "norm.")) for name in moved)


def test_the_last_stage_changes_every_layer(small):
    stages = small([ALL]).build()
    before = weights_of(stages.net)
    stages.run()
    parameters = {name for name, _ in stages.net.named_parameters()}
    assert parameters <= changed(before, weights_of(stages.net))


def test_what_is_told_apart_by_ear_is_learned(small):
    stages = small(
        [{"train": "head", "epochs": 4}, {"train": "all", "epochs": 16}], learning_rate=3e-3
    ).build()
    history = stages.run()
    best = next(row for row in history if row["best"])
    assert best["valid_loss"] < 0.4 < history[0]["valid_loss"]


def test_the_weights_of_the_best_epoch_are_kept(small):
    # So high a rate in the last stage that what was learned before is lost.
    stages = small([HEAD, {"train": "all", "epochs": 2}], learning_rate=10.0).build()
    history = stages.run()
    losses = [row["valid_loss"] for row in history]
    (best,) = [number for number, row in enumerate(history) if row["best"]]
    assert best == int(np.argmin(losses)) < 2
    said = judge(stages.net, stages.crops.sounds, stages.valid, stages.window, 4)
    loss = -np.log(said[np.arange(len(said)), stages.valid_labels]).mean()
    assert loss == pytest.approx(losses[best], abs=1e-6)


def test_each_stage_begins_with_the_best_weights_so_far(small):
    # The second stage spoils the encoder; the third betters the head on the encoder as it was before.
    more = {"train": "head", "epochs": 8}
    stages = small([HEAD, {"train": "all", "epochs": 1}, more], learning_rate=10.0).build()
    before = weights_of(stages.net)
    history = stages.run()
    assert [row["stage"] for row in history if row["best"]] == [3.0]
    assert not encoder(changed(before, weights_of(stages.net)))


class KilledError(Exception):
    pass


@pytest.mark.parametrize("at", [2, 3, 4])
def test_an_interrupted_training_goes_on_and_ends_with_the_same_bits(small, at):
    wanted = [HEAD, ALL]
    whole = small(wanted, "whole", mixup=0.4).build()
    history = whole.run()

    told, told_again = [], []

    def tell(*epoch):
        told.append(epoch)
        if len(told) == at:
            raise KilledError

    stopped = small(wanted, "stopped", mixup=0.4)
    with pytest.raises(KilledError):
        stopped.build(tell).run()
    again = stopped.build(lambda *epoch: told_again.append(epoch))
    assert again.run() == history
    assert told_again[0] == told[-1], "the epoch in which it was stopped was not kept, and is made again"
    assert not changed(weights_of(whole.net), weights_of(again.net))


def test_what_is_kept_of_another_training_is_refused(small):
    def tell(what, done, total):
        if done == 2:
            raise KilledError

    with pytest.raises(KilledError):
        small([HEAD]).build(tell).run()
    with pytest.raises(RunError, match="another fit"):
        small([HEAD], learning_rate=0.5).build().run()


def test_a_training_that_diverges_names_the_rates_to_lower(small):
    with pytest.raises(ConfigError, match=r"lower finetune\.learning_rate"):
        small([ALL], learning_rate=1e9).build().run()


def test_where_validation_has_no_figure_the_last_epoch_is_kept(small):
    stages = small([HEAD], stop_on="auroc").build()
    stages.valid_labels = np.zeros_like(stages.valid_labels)
    history = stages.run()
    assert "valid_auroc" not in history[0]
    assert [row["best"] for row in history] == [0.0, 1.0]
