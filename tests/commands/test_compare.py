import polars as pl
import pytest

import heartfeat
from heartfeat.errors import RunError


def test_every_run_is_a_row_with_intervals(project):
    heartfeat.fit(head="lgbm", config=project)
    table = heartfeat.compare(config=project, csv=project.parent / "runs.csv")
    assert sorted(table["run"]) == ["murmur-lgbm", "murmur-logistic"]
    assert (table["weighted_accuracy_low"] <= table["weighted_accuracy"]).all()
    assert (table["weighted_accuracy"] <= table["weighted_accuracy_high"]).all()
    assert pl.read_csv(project.parent / "runs.csv").height == 2


def test_the_report_is_one_file_that_fetches_nothing(project):
    report = project.parent / "out" / "report.html"
    heartfeat.compare(config=project, report=report)
    page = report.read_text()
    assert "murmur-logistic" in page
    assert "<script" not in page
    assert "src=" not in page
    assert [path.name for path in report.parent.iterdir()] == ["report.html"]


def test_naming_runs_leaves_the_others_out(project):
    heartfeat.fit(head="logistic", name="other", config=project)
    assert heartfeat.compare(run=["other"], config=project)["run"].to_list() == ["other"]


def test_runs_of_other_tasks_are_left_out_and_other_splits_told_apart(project):
    other = project.parent / "other.json"
    changes = ["split.seed=9", f"split.file={other}"]
    heartfeat.fit(head="logistic", name="outcome", config=project, set=["task=outcome", *changes])
    heartfeat.fit(
        head="logistic", name="elsewhere", config=project, set=["split.seed=9", f"split.file={other}.2"]
    )
    table = heartfeat.compare(config=project)
    assert sorted(table["run"]) == ["elsewhere", "murmur-logistic"]
    assert table["split"].n_unique() == 2


def test_no_runs_at_all_names_the_command_that_makes_one(project):
    with pytest.raises(RunError, match="heartfeat fit"):
        heartfeat.compare(config=project, set=[f"runs={project.parent / 'empty'}"])
