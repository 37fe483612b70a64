import json

import polars as pl
import pytest

import heartfeat
from heartfeat.cohorts.synthetic import write_synthetic_cohort
from heartfeat.commands import show
from heartfeat.errors import RunError


def test_evaluating_again_gives_the_scores_of_the_fit(project):
    scores = project.parent / "runs/murmur-logistic/scores.json"
    before = json.loads(scores.read_text())
    scores.unlink()
    result = heartfeat.evaluate(run="murmur-logistic", config=project)
    assert json.loads(scores.read_text()) == before
    assert "murmur-logistic" in result.report.read_text()


def test_labels_of_another_cohort_are_refused_and_the_scores_stay(project, tmp_path):
    data = write_synthetic_cohort(tmp_path / "other", patients=30, seed=4, seconds=(2, 3))
    store = str(tmp_path / "other.zarr")
    heartfeat.extract(config=project, set=[f"data.path={data}"], store=store, device="cpu", workers=1)
    scores = project.parent / "runs/murmur-logistic/scores.json"
    before = scores.read_bytes()
    with pytest.raises(RunError, match="another cohort"):
        heartfeat.evaluate(run="murmur-logistic", store=store, config=project)
    assert scores.read_bytes() == before


def test_a_missing_run_is_named(project):
    with pytest.raises(RunError, match="absent"):
        heartfeat.evaluate(run="absent", config=project)


def test_scores_per_group_lie_beside_the_results_and_in_the_report(project, capsys):
    result = heartfeat.evaluate(run="murmur-logistic", config=project)
    folder = project.parent / "runs/murmur-logistic"
    groups = pl.read_parquet(folder / "groups.parquet")
    assert groups.equals(result.groups)
    assert pl.read_csv(folder / "groups.csv").height == groups.height
    assert set(groups["by"]) == {"sex", "age", "campaign"}
    assert groups.group_by("by").agg(pl.col("patients").sum())["patients"].to_list() == [30] * 3
    name = f"{groups['by'][0]}: {groups['group'][0]}"
    assert name in result.report.read_text()
    show.evaluation(result)
    assert name in capsys.readouterr().out
