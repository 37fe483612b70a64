from pathlib import Path

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.engine import run_extraction
from heartfeat.extraction.feature_sets import plan_sets
from heartfeat.extraction.plan import make_plan

from .small_cohorts import make_cohort

SETS = plan_sets([LogMelSettings()], ["clean", "gain-6"])


def test_without_a_store_every_recording_is_a_unit_the_longest_first(cohort: Cohort, uri: Path) -> None:
    plan = make_plan(cohort, uri, SETS)
    assert [unit.recording for unit in plan.units] == cohort.recordings["recording"].to_list()[::-1]
    assert (plan.store, plan.facts, dict(plan.blocks)) == (None, {}, {})


def test_a_full_store_leaves_no_unit(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LogMelSettings()], ["clean", "gain-6"])
    plan = make_plan(cohort, uri, SETS)
    assert plan.units == ()
    assert len(plan.facts) == 8
    assert len(plan.blocks) == 16


def test_a_moved_folder_is_the_same_cohort(cohort: Cohort, uri: Path, tmp_path: Path) -> None:
    run_extraction(cohort, uri, [LogMelSettings()], ["clean"])
    (tmp_path / "elsewhere").mkdir()
    moved = make_cohort(tmp_path / "elsewhere")
    assert moved.digest() == cohort.digest()
    assert run_extraction(moved, uri, [LogMelSettings()], ["clean"]).encoded == 0


def test_the_key_of_a_set_is_made_of_content_alone() -> None:
    (named,) = plan_sets([LogMelSettings(name="other")], ["clean"])
    (finer,) = plan_sets([LogMelSettings(bands=65)], ["clean"])
    assert named.core_key == SETS[0].core_key != finer.core_key
    assert SETS[0].core["revisions"].keys() == {"preprocessing", "windows", "logmel", "views", "pooling"}
