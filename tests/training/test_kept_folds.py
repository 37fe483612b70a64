import numpy as np
import pytest

from heartfeat.errors import RunError
from heartfeat.heads.head import HeadState, Prediction
from heartfeat.training.kept_folds import KeptFold, KeptFolds, is_being_fitted, keeping_folds, unfinished
from heartfeat.training.runs import new_run_name

MADE_OF = {"settings": {"seed": 0}}


def kept_fold():
    said = Prediction(np.random.default_rng(0).random((2, 3, 3)), None)
    state = HeadState({"kind": "x"}, {"weights": np.arange(3.0)}, {"trees": "text"})
    return KeptFold(
        state,
        said,
        Prediction(said.patients + 1, said.patients, {"outcome": said.patients}),
        [{"loss": 0.1 + 0.2}],
        1.5,
    )


def test_a_kept_fold_comes_back_as_it_was(tmp_path):
    kept, fold = KeptFolds(tmp_path), kept_fold()
    kept.checkpoint(1).touch()
    assert kept.load(1, MADE_OF) is None
    kept.save(1, fold, MADE_OF)
    found = kept.load(1, MADE_OF)
    assert (found.history, found.seconds) == (fold.history, fold.seconds)
    np.testing.assert_array_equal(found.prediction.patients, fold.prediction.patients)
    np.testing.assert_array_equal(found.prediction.recordings, fold.prediction.recordings)
    np.testing.assert_array_equal(found.prediction.extra["outcome"], fold.prediction.extra["outcome"])
    assert found.valid_prediction.recordings is None
    assert found.valid_prediction.extra == {}
    assert found.state.texts == fold.state.texts
    assert not kept.checkpoint(1).exists(), "a finished fold needs no checkpoint"


def test_a_half_written_fold_does_not_count(tmp_path):
    (tmp_path / "fold0.new").mkdir()
    assert not KeptFolds(tmp_path).has(0)


def test_what_is_kept_goes_with_the_end_of_the_run(tmp_path):
    with keeping_folds(tmp_path / "run", resume=False) as kept:
        kept.save(0, kept_fold(), MADE_OF)
    assert list(tmp_path.iterdir()) == []


def interrupted(folder):
    with keeping_folds(folder, resume=False) as kept:
        kept.save(0, kept_fold(), MADE_OF)
        raise KeyboardInterrupt


def test_an_interrupted_run_is_kept_and_says_how_to_go_on(tmp_path):
    with pytest.raises(KeyboardInterrupt, match="--name run --resume"):
        interrupted(tmp_path / "run")
    with keeping_folds(tmp_path / "run", resume=True) as kept:
        assert kept.has(0)


def test_a_run_that_failed_before_anything_was_done_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), keeping_folds(tmp_path / "run", False):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_begun_run_is_neither_gone_on_with_nor_thrown_away_unasked(tmp_path):
    folder = unfinished(tmp_path / "run")
    folder.mkdir()
    KeptFolds(folder).save(0, kept_fold(), MADE_OF)
    KeptFolds(folder).checkpoint(1).touch()
    with (
        pytest.raises(RunError, match="run is kept: 1 finished fold and a checkpoint; --resume goes on"),
        keeping_folds(tmp_path / "run", resume=False),
    ):
        pass
    assert KeptFolds(folder).has(0)
    with keeping_folds(tmp_path / "run", resume=False, overwrite=True) as kept:
        assert not kept.has(0)
        assert not kept.checkpoint(1).exists()


def test_one_name_is_fitted_once_at_a_time(tmp_path):
    with keeping_folds(tmp_path / "run", resume=False):
        assert is_being_fitted(tmp_path / "run")
        assert new_run_name(tmp_path, "run") == "run-2"
        with (
            pytest.raises(RunError, match="another process is fitting"),
            keeping_folds(tmp_path / "run", True),
        ):
            pass
        assert unfinished(tmp_path / "run").exists()
    assert not is_being_fitted(tmp_path / "run")
