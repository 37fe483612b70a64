"""What `mambaformer` says of other tasks than the main one: written, scored and predicted."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

import heartfeat
from heartfeat.commands import show
from heartfeat.evaluation.results import load_results
from heartfeat.training.extra_labels import CLASSES, patient_classes

from .conftest import write_config

TASKS = ("grade", "outcome", "timing")
SETTINGS = {"head": "mambaformer", "set": [f"heads.mambaformer.tasks=[{','.join(reversed(TASKS))}]"]}


@pytest.fixture(scope="module")
def several(tmp_path_factory, extracted, synthetic_data):
    """The config of a copy of ``extracted``, and a run that learned three tasks beside murmur."""
    folder = tmp_path_factory.mktemp("several") / "project"
    shutil.copytree(extracted.parent, folder)
    config = write_config(folder, synthetic_data)
    return config, heartfeat.fit(name="several", config=config, **SETTINGS)


def tables_of(folder):
    return {name: pl.read_parquet(folder / f"predictions_{name}.parquet") for name in TASKS}


def chances(table):
    return table.select(pl.selectors.starts_with("p_")).to_numpy()


def test_every_other_task_has_a_table_of_all_test_patients_with_their_labels(several):
    config, fitted = several
    main = pl.read_parquet(fitted.folder / "predictions.parquet")
    with heartfeat.open_store(config.parent / "store.zarr") as store:
        known = patient_classes(store)
    files = {path.stem for path in fitted.folder.glob("predictions*")}
    assert files == {"predictions", *(f"predictions_{name}" for name in TASKS)}
    for name, table in tables_of(fitted.folder).items():
        assert table.columns == ["patient", "person", "fold", "label", *(f"p_{one}" for one in CLASSES[name])]
        assert table.select("patient", "person", "fold").equals(main.select("patient", "person", "fold"))
        labels = dict(known.select("patient", name).iter_rows())
        assert table["label"].to_list() == [labels[patient] for patient in table["patient"]]
        assert chances(table).sum(axis=1) == pytest.approx(1)
        assert pl.read_csv(fitted.folder / f"predictions_{name}.csv").height == table.height
    timings = tables_of(fitted.folder)["timing"]["label"]
    assert 0 < timings.null_count() < len(timings)


def test_each_is_scored_and_the_scores_are_shown(several, capsys):
    fitted = several[1]
    tasks = json.loads((fitted.folder / "scores.json").read_text())["tasks"]
    assert list(tasks) == sorted(TASKS)
    for name, table in tables_of(fitted.folder).items():
        assert tasks[name]["patients"] == len(table) - table["label"].null_count()
    labelled = tables_of(fitted.folder)["grade"].drop_nulls("label")
    right = np.array(CLASSES["grade"])[chances(labelled).argmax(axis=1)] == labelled["label"].to_numpy()
    found = [right[(labelled["label"] == one).to_numpy()].mean() for one in labelled["label"].unique()]
    assert tasks["grade"]["uar"] == pytest.approx(np.mean(found))
    assert load_results(fitted.folder).tasks == fitted.results.tasks
    show.fitted(fitted)
    assert f"grade, learned beside: UAR {tasks['grade']['uar']:.3f}" in capsys.readouterr().out


def test_evaluating_again_gives_the_same_files(several):
    config, fitted = several
    files = [*fitted.folder.glob("predictions_*"), fitted.folder / "scores.json"]
    before = {path: path.read_bytes() for path in files}
    assert len(files) == 7
    (fitted.folder / "scores.json").unlink()
    heartfeat.evaluate(run="several", config=config)
    assert {path: path.read_bytes() for path in files} == before


def test_predict_has_a_column_per_class(several, tmp_path):
    config, fitted = several
    table = heartfeat.predict(run="several", config=config, out=tmp_path / "said.csv")
    assert pl.read_csv(tmp_path / "said.csv").columns == table.columns
    for name, stored in tables_of(fitted.folder).items():
        said = stored.select("patient").join(table, on="patient", how="left", maintain_order="left")
        columns = said.select(f"{name}:{one}" for one in CLASSES[name]).to_numpy()
        np.testing.assert_allclose(columns, chances(stored), atol=1e-12)


def test_heads_that_all_saw_a_person_are_averaged(several):
    config, fitted = several
    run = fitted.folder.with_name("everyone")
    shutil.copytree(fitted.folder, run)
    record = json.loads((run / "run.json").read_text())
    everyone = sorted({person for seen in record["seen"] for person in seen})
    alone = []
    for spoken in range(2):
        seen = [[] if fold == spoken else everyone for fold in range(2)]
        (run / "run.json").write_text(json.dumps({**record, "seen": seen}))
        alone.append(heartfeat.predict(run="everyone", config=config)["grade:none"].to_numpy())
    (run / "run.json").write_text(json.dumps({**record, "seen": [[], []]}))
    both = heartfeat.predict(run="everyone", config=config)["grade:none"].to_numpy()
    assert not np.allclose(alone[0], alone[1], atol=1e-6)
    np.testing.assert_allclose(both, np.mean(alone, axis=0), atol=1e-12)


def test_an_ensemble_leaves_them_out(several):
    config, _ = several
    both = heartfeat.ensemble(["several", "murmur-logistic"], name="both", config=config)
    assert not list(both.folder.glob("predictions_*"))
    assert "tasks" not in json.loads((both.folder / "scores.json").read_text())
    assert not [name for name in heartfeat.predict(run="both", config=config).columns if ":" in name]


def test_they_are_kept_when_a_fit_is_stopped(several):
    config, fitted = several

    def interrupt(epoch):
        if epoch.fold == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        heartfeat.fit(name="stopped", config=config, callbacks=[interrupt], **SETTINGS)
    stopped = heartfeat.fit(name="stopped", config=config, resume=True, **SETTINGS)
    for path in [*fitted.folder.glob("predictions_*.csv"), fitted.folder / "scores.json"]:
        assert (stopped.folder / path.name).read_bytes() == path.read_bytes()
