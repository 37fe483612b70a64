import pytest
import typer
from typer.testing import CliRunner

import heartfeat
from heartfeat.cli import _register, app
from heartfeat.errors import ConfigError, RunError
from heartfeat.training.kept_folds import unfinished

SETTINGS = {"head": "mlp", "set": ["heads.mlp.epochs=3"]}


def interrupt(epoch):
    if (epoch.fold, epoch.epoch) == (1, 2):
        raise KeyboardInterrupt


def test_an_interrupted_fit_goes_on_to_the_very_same_run(project):
    whole = heartfeat.fit(name="whole", config=project, **SETTINGS)
    folder = whole.folder.with_name("stopped")
    with pytest.raises(KeyboardInterrupt, match="--name stopped --resume"):
        heartfeat.fit(name="stopped", config=project, callbacks=[interrupt], **SETTINGS)
    assert not folder.exists()
    with pytest.raises(RunError, match=r"settings\.seed was 0 and is 5"):
        heartfeat.fit(name="stopped", config=project, resume=True, seed=5, **SETTINGS)
    with pytest.raises(RunError, match="kept: 1 finished fold and a checkpoint"):
        heartfeat.fit(name="stopped", config=project, **SETTINGS)

    told = []
    stopped = heartfeat.fit(name="stopped", config=project, resume=True, callbacks=[told.append], **SETTINGS)
    assert [(epoch.fold, epoch.epoch) for epoch in told] == [(1, 2), (1, 3)]
    assert not unfinished(folder).exists()
    assert stopped.results.scores == whole.results.scores
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    same = {str(file): (folder / file).read_bytes() == (whole.folder / file).read_bytes() for file in files}
    assert {file for file, equal in same.items() if not equal} == {"run.json"}


def test_resuming_what_was_never_begun_begins_it(project):
    assert heartfeat.fit(head="logistic", config=project, name="new", resume=True).folder.name == "new"


def test_the_record_says_where_heads_were_computed(project):
    fitted = heartfeat.fit(config=project, precision="bf16", device="cpu", **SETTINGS)
    assert fitted.record.computed == {"device": "cpu", "precision": "bf16"}
    with pytest.raises(ConfigError, match="leave out --precision bf16"):
        heartfeat.fit(head="logistic", config=project, precision="bf16")


def test_a_tracker_hears_of_epochs_and_scores(project):
    pytest.importorskip("tensorboard", reason="needs pip install 'heartfeat[tensorboard]'")
    heartfeat.fit(name="tracked", config=project, tracker=["tensorboard"], **SETTINGS)
    folder = project.parent / "tensorboard" / "tracked"
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"fold0", "fold1"}
    with pytest.raises(ConfigError, match="there is no tracker 'excel'"):
        heartfeat.fit(config=project, tracker=["excel"], **SETTINGS)


def test_options_for_python_alone_are_not_on_the_command_line():
    shown = CliRunner().invoke(app, ["fit", "--help"]).output
    assert "--resume" in shown
    assert "callbacks" not in shown


def test_an_interrupt_prints_how_to_go_on():
    def stop() -> None:
        raise KeyboardInterrupt("run the same command with --name x --resume to go on from here")

    group = typer.Typer()
    _register(group, stop, lambda result: 0)
    done = CliRunner().invoke(group, [])
    assert done.exit_code == 130
    assert "--name x --resume" in done.output
