import json
import shutil

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import heartfeat
from heartfeat.cli import app
from heartfeat.cohorts.synthetic import write_synthetic_cohort
from heartfeat.commands import show
from heartfeat.errors import ConfigError, FeatureKeyError, RunError


def test_patients_of_the_run_are_predicted_by_the_head_that_never_saw_them(project):
    stored = pl.read_parquet(project.parent / "runs/murmur-logistic/predictions.parquet").sort("patient")
    table = heartfeat.predict(run="murmur-logistic", config=project).sort("patient")
    assert (table["heads"] == 1).all()
    assert not table["seen"].any()
    assert np.allclose(table["p_Present"], stored["p_Present"], atol=1e-12)


def test_outcomes_are_decided_by_cost_as_well_in_runs_and_predictions(project):
    split = [f"split.file={project.parent / 'outcome.json'}", "task=outcome"]
    fitted = heartfeat.fit(head="logistic", name="outcome", config=project, set=split)
    stored = pl.read_parquet(fitted.folder / "predictions.parquet")
    abnormal = stored.filter(label="Abnormal")
    sensitivity = (abnormal["decision_cost"] == "Abnormal").mean()
    assert sensitivity == pytest.approx(fitted.results.rules["cost"]["sensitivity_Abnormal"])
    said = heartfeat.predict(run="outcome", config=project)
    assert set(said["decision_cost"]) <= {"Abnormal", "Normal"}
    assert "decision_cost" not in heartfeat.predict(run="murmur-logistic", config=project).columns


def test_every_head_that_never_saw_a_person_speaks(project, tmp_path):
    data = write_synthetic_cohort(tmp_path / "grown", patients=33, seed=3, seconds=(3, 4))
    store = str(tmp_path / "grown.h5")
    heartfeat.extract(config=project, set=[f"data.path={data}"], store=store, device="cpu", workers=1)
    table = heartfeat.predict(run="murmur-logistic", store=store, out=tmp_path / "new.csv", config=project)
    with heartfeat.open_store(project.parent / "store.zarr") as known:
        old = set(known.patients["person"])
    heads = {
        is_old: set(table.filter(pl.col("person").is_in(old) == is_old)["heads"]) for is_old in (True, False)
    }
    assert heads == {True: {1}, False: {2}}
    assert (table["fold_spread"].is_null() == (table["heads"] == 1)).all()
    assert (table["fold_spread"].drop_nulls() > 0).all()
    assert pl.read_csv(tmp_path / "new.csv").height == 33


def test_patients_whom_every_head_saw_are_marked(project):
    run = project.parent / "runs/murmur-logistic/run.json"
    record = json.loads(run.read_text())
    everyone = sorted({person for fold in record["seen"] for person in fold})
    run.write_text(json.dumps({**record, "seen": [everyone] * len(record["seen"])}))
    table = heartfeat.predict(run="murmur-logistic", config=project)
    assert table["seen"].all()
    assert (table["heads"] == 2).all()


def test_other_features_are_refused_and_the_difference_named(project, tmp_path):
    store = str(tmp_path / "other.zarr")
    heartfeat.extract(config=project, set=["backbones.logmel.bands=24"], store=store, device="cpu", workers=1)
    with pytest.raises(FeatureKeyError, match="dim was 16 and is 24"):
        heartfeat.predict(run="murmur-logistic", store=store, config=project)


def test_a_damaged_head_is_an_error_that_names_it(project):
    (project.parent / "runs/murmur-logistic/fold1/head.json").write_text("{}")
    with pytest.raises(RunError, match="fold1"):
        heartfeat.predict(run="murmur-logistic", config=project)


def test_an_unknown_run_names_the_runs(project):
    with pytest.raises(RunError, match="murmur-logistic"):
        heartfeat.predict(run="absent", config=project)


def test_an_output_of_unknown_kind_is_refused(project):
    with pytest.raises(ConfigError, match=r"\.csv or \.parquet"):
        heartfeat.predict(run="murmur-logistic", out=project.parent / "table.xlsx", config=project)


def test_a_bare_folder_of_recordings_is_predicted_by_a_run_of_another_cohort(project, tmp_path):
    data = write_synthetic_cohort(tmp_path / "others", patients=3, seed=8, seconds=(3, 4))
    folder = tmp_path / "recordings"
    folder.mkdir()
    for path in sorted(data.glob("training_data/*.wav"))[:4]:
        shutil.copy(path, folder / f"ward {path.stem}.wav")
    own = [f"data={{cohort: own, path: '{folder}'}}", f"store={tmp_path / 'own.zarr'}"]
    heartfeat.extract(config=project, set=own, device="cpu", workers=1)
    table = heartfeat.predict(run="murmur-logistic", config=project, set=own)
    assert table["patient"].to_list() == sorted(path.stem for path in folder.iterdir())
    assert table["decision"].null_count() == 0
    assert set(table["heads"]) == {2}
    command = ["predict", "--run", "murmur-logistic", "--config", str(project)]
    command += [word for one in own for word in ("--set", one)]
    shown = CliRunner().invoke(app, command).output
    for patient, probability in table.select("patient", "p_Present").iter_rows():
        assert patient in shown
        assert f"{probability:.3f}" in shown
    out = tmp_path / "said.csv"
    assert f"probabilities: {out}" in CliRunner().invoke(app, [*command, "--out", str(out)]).output
    assert pl.read_csv(out)["p_Present"].to_list() == pytest.approx(table["p_Present"].to_list())


def test_runs_are_fitted_on_a_table_of_own_recordings(project, synthetic_data, tmp_path):
    described = heartfeat.cohort(config=project)
    audio = described.recordings.select("path", "patient", "site", recording_murmur="murmur")
    labels = described.patients.select(
        "patient", "person", "murmur", "age", "sex", "pregnant", "height", "weight"
    )
    audio.join(labels, on="patient").write_csv(tmp_path / "recordings.csv")
    own = [
        f"data={{cohort: own, path: '{tmp_path / 'recordings.csv'}'}}",
        f"store={tmp_path / 'own.zarr'}",
        f"split.file={tmp_path / 'own.json'}",
    ]
    heartfeat.extract(config=project, set=own, device="cpu", workers=1)
    fitted = heartfeat.fit(head="logistic", name="own", config=project, set=own)
    same = pl.read_parquet(project.parent / "runs/murmur-logistic/predictions.parquet")
    assert pl.read_parquet(fitted.folder / "predictions.parquet")["p_Present"].to_list() == pytest.approx(
        same["p_Present"].to_list(), abs=1e-6
    )


def test_the_first_patients_are_shown_and_the_others_counted(capsys):
    rows = 23
    table = pl.DataFrame(
        {
            "patient": [f"p{number}" for number in range(rows)],
            "decision": ["Absent"] * (rows - 1) + [None],
            "p_Present": [0.25] * (rows - 1) + [None],
            "seen": [False] * rows,
        }
    )
    show.predictions(table)
    said = capsys.readouterr().out
    assert "p19 " in said
    assert "p20 " not in said
    assert "2 more: --out FILE writes all" in said
    assert "1 patients have no usable recording" in said
