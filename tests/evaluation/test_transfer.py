import numpy as np
import polars as pl

from heartfeat.evaluation.four_ways import FourWays
from heartfeat.evaluation.results import judge, table_of
from heartfeat.evaluation.transfer import hide_unreachable, judged_by, mapped_predictions
from heartfeat.tasks import MURMUR, NORMAL_ABNORMAL, OUTCOME, PASCAL

MAP = {"Present": "Abnormal", "Unknown": "Abnormal", "Absent": "Normal"}


def predicted(probabilities):
    """What `heartfeat predict` says, its clean view and its raw numbers a little off; one patient is silent."""
    said = np.array(probabilities)
    ways = FourWays(said, np.roll(said, 1, axis=1), said[:, ::-1], said)
    patients = [f"p{number}" for number in range(len(said))]
    spread = np.linspace(0, 0.1, len(said))
    table = table_of(MURMUR, patients, patients, -1, ways, spread, spread).drop("fold", "label")
    table = table.with_columns(heads=pl.lit(2), seen=pl.lit(False))
    silent = pl.DataFrame({"patient": ["silent"], "person": ["silent"], "heads": [0], "seen": [False]})
    return pl.concat([table, silent], how="diagonal_relaxed")


def test_all_four_ways_are_mapped_and_decided_on_the_calibrated_one():
    table = mapped_predictions(MURMUR, NORMAL_ABNORMAL, MAP, predicted([[0.2, 0.1, 0.7], [0.05, 0.05, 0.9]]))
    assert table["patient"].to_list() == ["p0", "p1"]
    assert np.allclose(table["p_Abnormal"], [0.3, 0.1])
    assert np.allclose(table["clean_Abnormal"], [0.8, 0.95])
    assert np.allclose(table["raw_Normal"], [0.1, 0.05])
    # 0.3 x 2575 / 665 is more than 0.7, and 0.1 x 2575 / 665 less than 0.9.
    assert table["decision"].to_list() == ["Abnormal", "Normal"]
    assert table["view_spread"].to_list() == [0, 0.1]


def test_mapped_predictions_are_scored_by_the_other_task():
    table = mapped_predictions(MURMUR, NORMAL_ABNORMAL, MAP, predicted([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]))
    labelled = table.with_columns(label=pl.Series(["Abnormal", "Normal"]))
    results = judge(NORMAL_ABNORMAL, labelled, pl.DataFrame({"patient": ["p0", "p1"]}))
    assert results.scores["macc"] == results.scores["auroc"] == 1
    assert results.clean_scores["auroc"] == 0


def test_a_balanced_task_decides_by_the_shares_that_the_heads_were_fitted_on():
    labels = ["Present"] * 2 + ["Unknown"] + ["Absent"] * 7 + [None]
    assert np.allclose(judged_by(MURMUR, NORMAL_ABNORMAL, MAP, labels).worth, (7 / 3, 1))
    assert judged_by(MURMUR, NORMAL_ABNORMAL, MAP, [None]) is NORMAL_ABNORMAL
    assert judged_by(MURMUR, OUTCOME, MAP, labels) is OUTCOME


def test_patients_of_a_class_that_no_head_can_name_are_not_scored_and_counted():
    table = pl.DataFrame({"label": ["Murmur", "Artifact", None, "Normal", "Artifact"]})
    label_map = {"Abnormal": "Murmur", "Normal": "Normal"}
    kept, hidden = hide_unreachable(PASCAL, label_map, table)
    assert kept["label"].to_list() == ["Murmur", None, None, "Normal", None]
    assert hidden == {"Artifact": 2}
