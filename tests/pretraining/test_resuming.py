import re

import pytest

from heartfeat.errors import RunError

from .tiny import CNN_MAMBA, PCG, make_settings, make_sounds
from .training import Stopped, train, weights, without_seconds

MOCO = [{"kind": "contrast", "method": "moco", "queue": 16, "projection": 16}]
BOTH = [{"kind": "masked", "decoder_size": 16}, *MOCO]
CASES = {"pcg, simclr and masked": {}, "cnn_mamba, moco": {"encoder": CNN_MAMBA, "objectives": MOCO}}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("stop_at", [4, 7])
def test_a_stopped_training_goes_on_to_the_same_bits(case, stop_at, tmp_path):
    # Kept after steps 3 and 6, looked at after step 4: figures are under way at each.
    settings = make_settings(**CASES[case])
    whole = train(settings, tmp_path / "whole")
    with pytest.raises(Stopped):
        train(settings, tmp_path / "parts", stop_at=stop_at)
    assert not (tmp_path / "parts").exists()
    parts = train(settings, tmp_path / "parts", told=(told := []))
    assert told[0] == stop_at, "the step in which it was stopped was not kept, and is made again"
    assert weights(parts.folder) == weights(whole.folder)
    assert without_seconds(parts.record.history) == without_seconds(whole.record.history)
    assert not (tmp_path / "parts.unfinished").exists()


def test_a_training_that_was_stopped_again_and_again_ends_the_same(tmp_path):
    settings = make_settings(objectives=BOTH, steps=5, keep_every=1)
    whole = train(settings, tmp_path / "whole")
    for stop_at in (2, 3, 4, 5):
        with pytest.raises(Stopped):
            train(settings, tmp_path / "parts", stop_at=stop_at)
    parts = train(settings, tmp_path / "parts", told=(told := []))
    assert told == [5]
    assert weights(parts.folder) == weights(whole.folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0.5}, "settings.learning_rate was 0.001 and is 0.5"),
        ({"crops": {"seconds": 0.9}}, "settings.crops.seconds was 0.8 and is 0.9"),
        ({"encoder": {**PCG, "bands": 9}}, "settings.encoder.bands was 8 and is 9"),
        ({"seed": 1}, "settings.seed was 0 and is 1"),
    ],
)
def test_what_was_kept_of_another_recipe_is_refused_naming_what_differs(changes, message, tmp_path):
    with pytest.raises(Stopped):
        train(make_settings(), tmp_path / "a", stop_at=4)
    with pytest.raises(RunError, match=re.escape(message)):
        train(make_settings(**changes), tmp_path / "a")
    assert (tmp_path / "a.unfinished/resume.safetensors").exists()


def test_what_was_kept_with_other_recordings_or_precision_is_refused(tmp_path):
    with pytest.raises(Stopped):
        train(make_settings(), tmp_path / "a", stop_at=4)
    with pytest.raises(RunError, match="recordings was digest "):
        train(make_settings(), tmp_path / "a", sounds=make_sounds(people=7))
    louder = make_sounds()
    louder.samples[5] *= 2
    with pytest.raises(RunError, match="sounds") as refused:
        train(make_settings(), tmp_path / "a", sounds=louder)
    assert "recordings" not in str(refused.value)
    with pytest.raises(RunError, match="precision was no and is bf16"):
        train(make_settings(), tmp_path / "a", precision="bf16")


def test_how_often_to_keep_may_change_meanwhile(tmp_path):
    whole = train(make_settings(), tmp_path / "whole")
    with pytest.raises(Stopped):
        train(make_settings(), tmp_path / "parts", stop_at=5)
    parts = train(make_settings(keep_every=100), tmp_path / "parts", told=(told := []))
    assert told[0] == 4
    assert weights(parts.folder) == weights(whole.folder)


def test_a_damaged_file_is_refused_with_a_remedy(tmp_path):
    with pytest.raises(Stopped):
        train(make_settings(), tmp_path / "a", stop_at=4)
    kept = tmp_path / "a.unfinished/resume.safetensors"
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(RunError, match=r"cannot be read .* remove it"):
        train(make_settings(), tmp_path / "a")
