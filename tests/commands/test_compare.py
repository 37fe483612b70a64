import shutil

import polars as pl
import pytest

import heartfeat
from heartfeat.commands import show
from heartfeat.errors import RunError, StoreError


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


def test_runs_are_paired_with_the_best_on_the_same_persons(project):
    heartfeat.fit(head="lgbm", config=project)
    table = heartfeat.compare(config=project, csv=project.parent / "runs.csv")
    assert table["against"].to_list() == [None, table["run"][0]]
    assert table["shared"].to_list() == [None, 30]
    best, other = table["weighted_accuracy"]
    assert table["weighted_accuracy_difference"][1] == pytest.approx(other - best)
    assert 0 < table["weighted_accuracy_p"][1] <= 1
    assert table["cost_difference"][1] == pytest.approx(table["cost"][1] - table["cost"][0])
    assert "weighted_accuracy_p" in pl.read_csv(project.parent / "runs.csv").columns


def test_the_run_to_compare_with_can_be_named(project, capsys):
    heartfeat.fit(head="lgbm", config=project)
    report = project.parent / "report.html"
    table = heartfeat.compare(run=["murmur-lgbm"], against="murmur-logistic", config=project, report=report)
    against = dict(table.select("run", "against").iter_rows())
    assert against == {"murmur-lgbm": "murmur-logistic", "murmur-logistic": None}
    assert "Differences from murmur-logistic" in report.read_text()
    show.comparison(table)
    printed = capsys.readouterr().out
    assert "less murmur-logistic" in printed
    assert f"p {table.drop_nulls('against')['uar_p'][0]:.3f}" in printed


def test_without_the_store_only_the_cost_has_no_difference(project):
    heartfeat.fit(head="lgbm", config=project)
    shutil.rmtree(project.parent / "store.zarr")
    table = heartfeat.compare(config=project)
    assert table["uar_difference"].null_count() == 1
    assert "cost_difference" not in table.columns
    with pytest.raises(StoreError):
        heartfeat.compare(config=project, report=project.parent / "report.html")


def test_a_run_of_another_task_cannot_be_compared_with(project):
    split = ["split.seed=9", f"split.file={project.parent / 'other.json'}"]
    heartfeat.fit(head="logistic", name="outcome", config=project, set=["task=outcome", *split])
    with pytest.raises(RunError, match="no murmur run 'outcome'"):
        heartfeat.compare(against="outcome", config=project)
