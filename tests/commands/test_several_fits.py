"""Few shots, linear evaluation, sites left out, seeds: what `fit` makes of them."""

import json
import shutil

import polars as pl
import pytest

import heartfeat
from heartfeat.cli import app
from heartfeat.commands import show
from heartfeat.errors import ConfigError, FeatureKeyError, RunError

from .conftest import write_config


def sides(project):
    return json.loads((project.parent / "split.json").read_text())["folds"]


def stored(project):
    with heartfeat.open_store(project.parent / "store.zarr") as store:
        return store.patients, store.recordings


@pytest.mark.parametrize("head", ["logistic", "lgbm", "mlp", "mambaformer"])
def test_few_shots_leave_the_tested_patients_as_they_are(project, head):
    fitted = heartfeat.fit(head=head, few_shot=0.1, config=project)
    assert fitted.folder.name == f"murmur-{head}-few0.1"
    assert fitted.record.protocol == {"few_shot": 0.1, "few_shot_seed": 0}
    everyone = heartfeat.fit(head="logistic", name="all", config=project)
    for few, whole in zip(fitted.record.trained_on, everyone.record.trained_on, strict=True):
        assert 2 <= few["persons"] <= 4 < whole["persons"]
    tables = [pl.read_parquet(run.folder / "predictions.parquet") for run in (fitted, everyone)]
    assert tables[0]["patient"].to_list() == tables[1]["patient"].to_list()


def test_persons_that_few_shots_left_out_count_as_unseen(project):
    fitted = heartfeat.fit(head="logistic", few_shot=0.1, config=project)
    valid = pl.read_parquet(fitted.folder / "valid_predictions.parquet")
    for number, seen in enumerate(fitted.record.seen):
        validated = set(valid.filter(pl.col("fold") == number)["person"])
        assert validated < set(seen)
        assert len(set(seen) - validated) == fitted.record.trained_on[number]["persons"]


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(project, share):
    with pytest.raises(ConfigError, match="--few-shot"):
        heartfeat.fit(head="logistic", few_shot=share, config=project)


def test_linear_evaluation_sees_the_features_alone(project):
    fitted = heartfeat.fit(linear_eval=True, config=project)
    assert (fitted.folder.name, fitted.record.head) == ("murmur-linear-eval", "linear")
    assert fitted.record.protocol == {"linear_eval": True}
    assert (fitted.record.settings["metadata"], fitted.record.settings["quality"]) == (False, False)
    encoder = json.loads((fitted.folder / "fold0" / "head.json").read_text())["encoder"]
    assert (encoder["sites"], encoder["metadata"], encoder["quality"]) == ([], None, {})
    again = heartfeat.predict(run=fitted.folder.name, config=project).sort("patient")
    table = pl.read_parquet(fitted.folder / "predictions.parquet").sort("patient")
    assert again["p_Present"].to_list() == pytest.approx(table["p_Present"].to_list(), abs=1e-9)


def test_linear_evaluation_with_another_head_is_refused(project):
    with pytest.raises(ConfigError, match="leave --head lgbm out"):
        heartfeat.fit(head="lgbm", linear_eval=True, config=project)
    with pytest.raises(ConfigError, match="name a head"):
        heartfeat.fit(config=project)


def test_a_site_left_out_is_tested_alone_and_never_trained_on(project):
    fitted = heartfeat.fit(head="logistic", leave_out_site="AV", config=project)
    assert (fitted.folder.name, fitted.record.protocol) == ("murmur-logistic-AV", {"leave_out_site": "AV"})
    patients, recordings = stored(project)
    there = set(recordings.filter(pl.col("site") == "AV")["patient"])
    table = pl.read_parquet(fitted.folder / "predictions.parquet")
    assert set(table["patient"]) == there
    assert set(fitted.record.left_out) == set(patients["patient"]) - there
    assert set(pl.read_parquet(fitted.folder / "recording_predictions.parquet")["site"]) == {"AV"}
    encoder = json.loads((fitted.folder / "fold0" / "head.json").read_text())
    assert "AV" not in json.dumps(encoder["encoder"]["sites"])
    again = heartfeat.predict(run=fitted.folder.name, config=project).drop_nulls("decision").sort("patient")
    assert again["p_Present"].to_list() == pytest.approx(
        table.sort("patient")["p_Present"].to_list(), abs=1e-9
    )


def test_an_unknown_site_names_the_sites(project):
    with pytest.raises(ConfigError, match=r"'Aortic'.*AV"):
        heartfeat.fit(head="logistic", leave_out_site="Aortic", config=project)


def test_every_site_in_turn_and_their_mean(project, capsys):
    fitted = heartfeat.fit(head="logistic", leave_out_site="all", name="sites", config=project)
    sites = [member.record.protocol["leave_out_site"] for member in fitted.members]
    assert {"AV", "MV"} <= set(sites)
    assert [member.folder.name for member in fitted.members] == [f"sites-{site}" for site in sites]
    patients, _ = stored(project)
    assert pl.read_parquet(fitted.folder / "predictions.parquet").height == patients.height
    assert show.fitted(fitted) == 0
    assert "mean ± sd" in capsys.readouterr().out


def test_seeds_are_fitted_one_by_one_and_averaged(project):
    fitted = heartfeat.fit(head="mlp", seeds="0,1", config=project, set=["heads.mlp.epochs=2"])
    assert [member.folder.name for member in fitted.members] == ["murmur-mlp-seed0", "murmur-mlp-seed1"]
    alone = heartfeat.fit(head="mlp", seed=1, name="alone", config=project, set=["heads.mlp.epochs=2"])
    tables = [
        pl.read_parquet(folder / "predictions.parquet") for folder in (alone.folder, fitted.members[1].folder)
    ]
    assert tables[0].equals(tables[1])
    assert fitted.record.members.keys() == {"../murmur-mlp-seed0", "../murmur-mlp-seed1"}


def test_finished_seeds_are_kept_when_the_rest_is_resumed(project):
    options = {"head": "logistic", "name": "mine", "config": project}
    first = heartfeat.fit(**{**options, "name": "mine-seed0"}, seed=0)
    before = (first.folder / "run.json").read_bytes()
    with pytest.raises(RunError, match="--resume"):
        heartfeat.fit(**options, seeds="0,1")
    fitted = heartfeat.fit(**options, seeds="0,1", resume=True)
    assert (first.folder / "run.json").read_bytes() == before
    assert len(fitted.members) == 2


@pytest.mark.parametrize(
    ("begun", "gone_on", "differs"),
    [
        ({}, {"set": ["heads.mlp.width=8"]}, r"settings\.width was \d+ and is 8"),
        ({}, {"set": ["views=clean"]}, r"views was \['clean', 'gain-6'\] and is \['clean'\]"),
        ({}, {"set": ["task=outcome"]}, "task was murmur and is outcome"),
        ({}, {"set": ["split={folds: 2, seed: 9, file: other.json}"]}, "split_digest"),
        ({"few_shot": 0.5}, {}, r"protocol\.few_shot was 0\.5 and is None"),
        ({"precision": "bf16"}, {}, r"computed\.precision was bf16 and is fp32"),
    ],
)
def test_a_finished_seed_of_something_else_is_refused_by_name(project, monkeypatch, begun, gone_on, differs):
    monkeypatch.chdir(project.parent)
    options = {"head": "mlp", "config": project, "device": "cpu"}
    quick = ["heads.mlp.epochs=1"]
    # The last of the seeds, and still nothing is fitted before it is refused.
    heartfeat.fit(**options, **begun, name="mine-seed1", seed=1, set=quick)
    gone_on = {**gone_on, "set": quick + gone_on.get("set", [])}
    with pytest.raises(RunError, match=rf"mine-seed1 was fitted on something else: .*{differs}.*--overwrite"):
        heartfeat.fit(**options, **gone_on, name="mine", seeds="0,1", resume=True)
    assert not (project.parent / "runs" / "mine-seed0").exists()


def test_a_finished_seed_of_other_features_is_refused_by_name(project):
    options = {"head": "logistic", "config": project}
    heartfeat.fit(**options, name="mine-seed0", seed=0)
    again = {**options, "name": "mine", "seeds": "0,1", "resume": True}

    more = ["backbones.fine.bands=24", "backbones.fine.token_rate=10"]
    heartfeat.extract(config=project, set=more, device="cpu", workers=1)
    with pytest.raises(RunError, match=r"features was \['logmel'\] and is \['fine', 'logmel'\]"):
        heartfeat.fit(**again, set=more)

    other, wider = str(project.parent / "other.zarr"), ["backbones.logmel.bands=24"]
    heartfeat.extract(config=project, set=wider, store=other, device="cpu", workers=1)
    with pytest.raises(FeatureKeyError, match="bands was 16 and is 24"):
        heartfeat.fit(**again, set=wider, store=other)


def test_a_finished_seed_of_another_release_is_refused_by_name(project):
    options = {"head": "logistic", "config": project}
    file = heartfeat.fit(**options, name="mine-seed0", seed=0).folder / "run.json"
    record = json.loads(file.read_text())
    record["versions"]["torch"] = "0.4"
    file.write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"versions\.torch was 0\.4 and is "):
        heartfeat.fit(**options, name="mine", seeds="0,1", resume=True)


def test_a_finished_seed_of_another_calibration_is_refused_by_name(project):
    options = {"head": "logistic", "config": project}
    plain = ["calibration=none"]
    heartfeat.fit(**options, name="mine-seed0", seed=0, set=plain)
    with pytest.raises(
        RunError, match="mine-seed0 was fitted on something else: calibration was none and is temp"
    ):
        heartfeat.fit(**options, name="mine", seeds="0,1", resume=True)
    assert len(heartfeat.fit(**options, name="mine", seeds="0,1", resume=True, set=plain).members) == 2


def test_a_finished_seed_of_a_store_that_was_filled_further_is_refused_by_name(tmp_path, synthetic_data):
    data = tmp_path / "data"
    shutil.copytree(synthetic_data, data)
    config = write_config(tmp_path, data)
    wav = next(data.rglob("*.wav"))
    whole = wav.read_bytes()
    wav.write_bytes(whole[:20])
    assert heartfeat.extract(config=config, device="cpu", workers=1).skipped
    fitted = heartfeat.fit(head="logistic", config=config, name="mine-seed0", seed=0)
    options = {"head": "logistic", "config": config, "name": "mine", "seeds": "0,1", "resume": True}

    wav.write_bytes(whole)
    heartfeat.extract(config=config, device="cpu", workers=1)
    count = fitted.record.recordings
    with pytest.raises(RunError, match=rf"mine-seed0 .*: recordings was {count} and is {count + 1}\."):
        heartfeat.fit(**options)


def test_finished_sites_are_kept_or_refused_by_name(project):
    options = {"head": "logistic", "name": "sites", "config": project, "leave_out_site": "all"}
    one = {**options, "name": "sites-AV", "leave_out_site": "AV"}
    first = heartfeat.fit(**one)
    before = (first.folder / "run.json").read_bytes()
    with pytest.raises(RunError, match=r"sites-AV was fitted on something else: views was"):
        heartfeat.fit(**options, resume=True, set=["views=clean"])
    heartfeat.fit(**options, resume=True)
    assert (first.folder / "run.json").read_bytes() == before

    heartfeat.fit(**{**options, "name": "swapped-AV", "leave_out_site": "MV"})
    with pytest.raises(RunError, match=r"protocol\.leave_out_site was MV and is AV"):
        heartfeat.fit(**{**options, "name": "swapped"}, resume=True)


def test_a_finished_site_of_several_seeds_is_kept_or_refused_by_name(project):
    options = {"head": "logistic", "name": "sites", "config": project, "leave_out_site": "all"}
    first = heartfeat.fit(**{**options, "name": "sites-AV", "leave_out_site": "AV"}, seeds="0,1")
    before = (first.folder / "run.json").read_bytes()
    with pytest.raises(RunError, match="sites-AV-seed0 was fitted on something else: views was"):
        heartfeat.fit(**options, seeds="0,1", resume=True, set=["views=clean"])
    with pytest.raises(RunError, match=r"members was \['sites-AV-seed0', 'sites-AV-seed1'\] and is"):
        heartfeat.fit(**options, seeds="0,2", resume=True)
    fitted = heartfeat.fit(**options, seeds="0,1", resume=True)
    assert (first.folder / "run.json").read_bytes() == before
    assert [member.folder.name for member in fitted.members[0].members] == [
        "sites-AV-seed0",
        "sites-AV-seed1",
    ]


@pytest.mark.parametrize("several", [{"seeds": "0,1"}, {"leave_out_site": "all"}])
def test_the_advice_after_an_interrupt_names_the_ensemble(project, several):
    heard = []

    def interrupt(epoch):
        heard.append(epoch)
        if len(heard) == 7:
            raise KeyboardInterrupt

    options = {"head": "mlp", "config": project, "set": ["heads.mlp.epochs=2"], **several}
    with pytest.raises(KeyboardInterrupt, match="with --name murmur-mlp --resume to go on"):
        heartfeat.fit(**options, callbacks=[interrupt])
    fitted = heartfeat.fit(**options, name="murmur-mlp", resume=True, callbacks=[heard.append])
    members = [member.folder.name for member in fitted.members]
    runs = {path.name for path in (project.parent / "runs").iterdir()}
    assert runs == {"murmur-logistic", "murmur-mlp", *members}
    # Of 2 folds with 2 epochs each, those that were finished are not trained again: the seventh epoch alone is.
    assert len(heard) == 4 * len(members) + 1


@pytest.mark.parametrize("seeds", ["", "0", "0,0", "0,a", "0,-1"])
def test_seeds_that_are_none_are_refused(project, seeds):
    with pytest.raises(ConfigError, match="--seeds"):
        heartfeat.fit(head="logistic", seeds=seeds, config=project)
    with pytest.raises(ConfigError, match="contradict"):
        heartfeat.fit(head="logistic", seeds="0,1", seed=0, config=project)


def test_leave_one_out_is_a_split_like_another(project):
    file = project.parent / "sex.json"
    change = [f"split={{kind: leave-one-out, by: sex, file: {file}}}"]
    made = heartfeat.splits(config=project, set=change)
    patients, _ = stored(project)
    assert made.left_out == tuple(sorted(patients["sex"].drop_nulls().unique()))
    assert show.splits(made) == 0
    assert len(heartfeat.fit(head="logistic", config=project, set=change).record.seen) == len(made.folds)
    with pytest.raises(ConfigError, match="go together"):
        heartfeat.splits(config=project, set=["split.by=campaign"])


def test_the_command_line_knows_them():
    assert {command.callback.__name__ for command in app.registered_commands} >= {"fit", "ensemble", "sweep"}
