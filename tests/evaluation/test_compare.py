import dataclasses

import pytest

from heartfeat.errors import RunError
from heartfeat.evaluation.compare import compare_runs, compare_with
from heartfeat.tasks import MURMUR, OUTCOME


def test_the_best_run_comes_first_with_its_interval(make_run):
    runs = [make_run("weak", 0.3), make_run("strong", 3.0)]
    table = compare_runs(runs)
    assert table["run"].to_list() == ["strong", "weak"]
    assert table["weighted_accuracy"][0] == runs[1].scores["weighted_accuracy"]
    assert (table["uar_low"] < table["uar"]).all()
    assert (table["uar"] <= table["uar_high"]).all()
    assert table["features"].to_list() == ["logmel+ast"] * 2


def test_the_lowest_cost_is_the_best(make_run):
    runs = [
        dataclasses.replace(make_run(name), scores={"cost": cost}) for name, cost in (("a", 3.0), ("b", 2.0))
    ]
    assert compare_runs(runs)["run"].to_list() == ["b", "a"]


def test_runs_of_a_balanced_task_are_ranked_by_its_macc(make_run):
    runs = [
        dataclasses.replace(make_run(name), scores={"weighted_accuracy": accuracy, "macc": macc})
        for name, accuracy, macc in (("a", 0.8, 0.7), ("b", 0.7, 0.8))
    ]
    assert compare_runs(runs)["run"].to_list() == ["b", "a"]


def test_a_score_that_no_run_has_gets_no_column_and_one_that_some_lack_is_null(make_run):
    with_cost = make_run("with")
    with_cost = dataclasses.replace(with_cost, scores={**with_cost.scores, "cost": 9000.0})
    table = compare_runs([with_cost, make_run("without")])
    assert "cost" not in compare_runs([make_run("without")]).columns
    assert dict(zip(table["run"], table["cost"], strict=True)) == {"with": 9000.0, "without": None}
    assert table["cost_low"].null_count() == 2


def test_only_patients_with_a_label_are_counted(make_run):
    assert compare_runs([make_run(unlabelled=4)])["patients"].to_list() == [36]


def test_no_runs_give_an_empty_table():
    assert compare_runs([]).height == 0


def test_the_table_has_a_row_per_run_and_nulls_for_the_reference(make_run):
    table = compare_with(MURMUR, [make_run("a", 2.0), make_run("b", 0.5)], "a")
    assert table["run"].to_list() == ["a", "b"]
    assert table["against"].to_list() == [None, "a"]
    assert table["shared"].to_list() == [None, 40]
    assert table["uar_difference"].null_count() == 1
    assert table.columns[7:11] == ["uar_difference", "uar_difference_low", "uar_difference_high", "uar_p"]
    assert "cost_p" not in table.columns


def test_a_run_that_is_not_there_is_named(make_run):
    with pytest.raises(RunError, match="'c' to compare with; runs are: a, b"):
        compare_with(MURMUR, [make_run("a"), make_run("b")], "c")


def test_predictions_of_another_task_are_refused(make_run):
    with pytest.raises(RunError, match="'outcome'"):
        compare_with(OUTCOME, [make_run("a"), make_run("b")], "a")
