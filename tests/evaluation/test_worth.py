import numpy as np
import polars as pl
import pytest

from heartfeat.evaluation.decisions import decide
from heartfeat.evaluation.results import judge, tabulate
from heartfeat.evaluation.worth import deciding, worth_columns, worth_of
from heartfeat.tasks import MURMUR, NORMAL_ABNORMAL


def test_a_balanced_task_decides_by_the_shares_of_a_heads_own_patients():
    assert deciding(NORMAL_ABNORMAL, np.array([0, 1, 1, -1, 1])).worth == (3, 1)
    assert deciding(NORMAL_ABNORMAL, np.array([-1])) is NORMAL_ABNORMAL
    assert deciding(MURMUR, np.array([0, 1, 2, 2])) is MURMUR


def test_a_table_remembers_by_what_each_row_was_decided():
    table = pl.concat(
        tabulate(
            deciding(NORMAL_ABNORMAL, np.array(labels)),
            [patient],
            [patient],
            0,
            np.array([[[0.3, 0.7]]]),
            ["clean"],
        )
        for patient, labels in (("a", [0, 1, 1, 1]), ("b", [0, 1]))
    )
    assert worth_of(NORMAL_ABNORMAL, table).tolist() == [[3, 1], [1, 1]]
    assert table["decision"].to_list() == ["Abnormal", "Normal"]
    labelled = table.with_columns(label=table["decision"])
    results = judge(NORMAL_ABNORMAL, labelled, labelled.select("patient"))
    assert [scores["macc"] for scores in results.variants().values()] == [1] * 4
    assert results.rules["worth"]["sensitivity_Abnormal"] == 1


def test_a_table_that_does_not_say_was_decided_by_the_tasks_own_worth():
    table = pl.DataFrame({"patient": ["a", "b"]})
    assert worth_of(MURMUR, table).tolist() == [[5, 3, 1]] * 2
    assert worth_columns(MURMUR, 2) == []


def test_worth_per_patient_takes_the_place_of_the_tasks():
    said = np.array([[0.4, 0.6], [0.4, 0.6]])
    assert decide(NORMAL_ABNORMAL, said, worth=np.array([[1, 1], [2, 1]])).tolist() == [1, 0]
    with pytest.raises(ValueError, match="finite"):
        decide(NORMAL_ABNORMAL, said * np.nan, worth=np.ones((2, 2)))
