import os
import sys

import pytest

from heartfeat.errors import ConfigError
from heartfeat.heads.monitor import Epoch
from heartfeat.training.trackers import TRACKERS, TrackedRun, check_trackers, tracking

SCORES = {"uar": 0.7, "auroc": float("nan")}


def run_in(folder):
    return TrackedRun("my-run", "murmur", "mlp", {"epochs": 2, "class_weights": [4, 3, 1]}, folder)


def log(name, folder):
    with tracking([name], run_in(folder)) as trackers:
        for fold in (0, 1):
            for epoch in (1, 2):
                values = {"loss": 1.0 / epoch + fold, "valid_loss": float("nan")}
                for tracker in trackers:
                    tracker(Epoch("mlp", fold, epoch, 2, values, 0.01, 0.5))
        trackers.finish(SCORES)


def test_tensorboard_has_a_curve_per_fold_and_the_scores(tmp_path):
    pytest.importorskip("tensorboard", reason="needs pip install 'heartfeat[tensorboard]'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log("tensorboard", tmp_path)
    folds = [EventAccumulator(str(tmp_path / "tensorboard/my-run" / fold)).Reload() for fold in ("fold1", "")]
    assert [(event.step, event.value) for event in folds[0].Scalars("loss")] == [(1, 2.0), (2, 1.5)]
    assert "valid_loss" not in folds[0].Tags()["scalars"]
    assert folds[1].Scalars("scores/uar")[0].value == pytest.approx(0.7)
    assert folds[1].Tags()["scalars"] == ["scores/uar"]
    assert folds[1].Tags()["tensors"] == ["settings/text_summary"]


def test_mlflow_has_settings_curves_and_scores_in_a_local_file(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="needs pip install 'heartfeat[mlflow]'")
    pytest.importorskip("alembic", reason="needs pip install 'heartfeat[mlflow]'")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    log("mlflow", tmp_path)
    with pytest.raises(KeyboardInterrupt), tracking(["mlflow"], run_in(tmp_path)):
        raise KeyboardInterrupt
    client = mlflow.tracking.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("heartfeat-murmur")
    interrupted, run = client.search_runs([experiment.experiment_id])
    assert interrupted.info.status == "FAILED"
    assert (run.info.run_name, run.info.status) == ("my-run", "FINISHED")
    assert run.data.params == {"epochs": "2", "class_weights": "[4, 3, 1]"}
    assert run.data.metrics["uar"] == 0.7
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    curve = client.get_metric_history(run.info.run_id, "fold1/loss")
    assert [(point.step, point.value) for point in curve] == [(1, 2.0), (2, 1.5)]


def test_wandb_works_offline(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb", reason="needs pip install 'heartfeat[wandb]'")
    monkeypatch.setenv("WANDB_MODE", "offline")
    log("wandb", tmp_path)
    wandb.teardown()  # its own process writes, and is done when it is gone
    (written,) = (tmp_path / "wandb").glob("offline-run-*/run-*.wandb")
    raw = written.read_bytes()
    for text in (b"my-run", b"fold1/", b"uar", b"class_weights"):
        assert text in raw


@pytest.mark.parametrize("name", TRACKERS)
def test_a_missing_package_names_the_extra(name, tmp_path, monkeypatch):
    module, _ = TRACKERS[name]
    monkeypatch.delitem(sys.modules, module, raising=False)
    for package in (name, f"{name}.tracking", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=rf"heartfeat\[{name}\]"):
        check_trackers([name])
    with pytest.raises(ConfigError, match=rf"heartfeat\[{name}\]"), tracking([name], run_in(tmp_path)):
        pass


def test_an_unknown_tracker_is_refused(tmp_path):
    with (
        pytest.raises(ConfigError, match="choose tensorboard, wandb, mlflow"),
        tracking(["excel"], run_in(tmp_path)),
    ):
        pass
