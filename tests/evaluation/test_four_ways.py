import numpy as np
import polars as pl
import pytest

from heartfeat.evaluation.calibrators import Calibrator
from heartfeat.evaluation.four_ways import FourWays
from heartfeat.evaluation.run_calibration import FoldCalibration
from heartfeat.tasks import MURMUR

VIEWS = ("clean", "gain-6", "bandstop")
SOFT, SHARP = Calibrator("temperature", 40, 2.0), Calibrator("temperature", 40, 0.5)


@pytest.fixture
def said():
    return np.random.default_rng(0).dirichlet([1, 1, 1], (3, 5))


def test_the_mean_over_views_is_calibrated_not_each_view(said):
    ways = FourWays.of(said, VIEWS, FoldCalibration(SOFT, SHARP))
    assert (ways.raw == said[:2].mean(axis=0)).all()
    assert (ways.calibrated == SOFT.apply(said[:2].mean(axis=0))).all()
    assert (ways.clean_raw == said[0]).all()
    assert (ways.clean == SHARP.apply(said[0])).all()


def test_columns_read_back(said):
    ways = FourWays.of(said, VIEWS, FoldCalibration(SOFT, SHARP))
    again = FourWays.from_table(pl.DataFrame(ways.columns(MURMUR)), MURMUR)
    for field in ("calibrated", "raw", "clean", "clean_raw"):
        assert (getattr(again, field) == getattr(ways, field)).all()


def test_older_tables_are_the_same_with_and_without_calibration(said):
    ways = FourWays.of(said, VIEWS, FoldCalibration(SOFT, SHARP))
    older = pl.DataFrame([column for column in ways.columns(MURMUR) if "raw" not in column.name])
    read = FourWays.from_table(older, MURMUR)
    assert (read.raw == ways.calibrated).all()
    assert (read.clean_raw == ways.clean).all()


def test_heads_count_by_their_weight_per_patient(said):
    heads = [FourWays.of(views[None], ["clean"], FoldCalibration()) for views in said[:2]]
    weights = np.array([[1, 0, 0.5, 0.5, 0.5], [0, 1, 0.5, 0.5, 0.5]])
    mean = FourWays.mean(heads, weights)
    assert mean.raw[0] == pytest.approx(said[0, 0])
    assert mean.raw[1] == pytest.approx(said[1, 1])
    assert mean.clean[2] == pytest.approx(said[:2, 2].mean(axis=0))
