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
    assert set(groups["by"]) == {"sex", "age", "campaign", "site"}
    of_patients = groups.filter(pl.col("by") != "site")
    assert of_patients.group_by("by").agg(pl.col("patients").sum())["patients"].to_list() == [30] * 3
    name = f"{groups['by'][0]}: {groups['group'][0]}"
    assert name in result.report.read_text()
    show.evaluation(result)
    assert name in capsys.readouterr().out


def test_abstaining_writes_who_is_answered_and_says_what_came_of_it(project, capsys):
    result = heartfeat.evaluate(run="murmur-logistic", abstain=0.3, config=project)
    folder = project.parent / "runs/murmur-logistic"
    written = json.loads((folder / "selective.json").read_text())
    table = pl.read_csv(folder / "selective.csv")
    assert written["scores"]["coverage"] == pytest.approx(table["answered"].mean())
    assert written["rate"] == result.abstention.rate == 0.3
    assert "Wrong answers when only the surest are given" in result.report.read_text()
    show.evaluation(result)
    said = capsys.readouterr().out
    assert "AURC" in said
    assert "abstaining at 0.3" in said


def test_a_rate_that_cannot_be_promised_abstains_on_all_and_says_so(project, capsys):
    result = heartfeat.evaluate(run="murmur-logistic", abstain=0.01, config=project)
    assert result.abstention.scores == {"coverage": 0.0, "wrong": 0.0, "error": None}
    assert not result.abstention.guaranteed
    show.evaluation(result)
    assert "2 of 2 folds abstain on every patient" in capsys.readouterr().out


def two_sided(project):
    """A split with one person, who has two ids, both trained on and tested."""
    with heartfeat.open_store(project.parent / "store.zarr") as store:
        people = store.patients.group_by("person", maintain_order=True).agg("patient")["patient"].to_list()
    first, second = max(people, key=len)[:2]
    others = [patient for patients in people for patient in patients if patient not in (first, second)]
    sides = {"train": [first, *others[:10]], "valid": others[10:15], "test": [second, *others[15:]]}
    file = project.parent / "two-sided.json"
    file.write_text(json.dumps({"patients": sides}))
    return {"split": file, "allow_shared_persons": True}


def by_sex(project):
    return {"set": [f"split={{kind: leave-one-out, by: sex, file: {project.parent / 'sex.json'}}}"]}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (lambda project: {"leave_out_site": "AV"}, "the site AV was left out"),
        (by_sex, "every fold tests a sex that it does not validate on"),
        (two_sided, "1 persons are on two sides of the split"),
    ],
)
def test_no_rate_is_promised_where_test_patients_are_of_another_kind(project, capsys, options, why):
    heartfeat.fit(head="logistic", name="other", config=project, **options(project))
    result = heartfeat.evaluate(run="other", abstain=0.9, config=project)
    assert capsys.readouterr().err.count("WARNING: abstaining at 0.9 promises nothing here") == 1
    written = json.loads((project.parent / "runs/other/selective.json").read_text())
    assert not written["guaranteed"]
    assert why in written["doubts"][0]
    assert result.abstention.doubts == written["doubts"]


def test_an_ensemble_promises_no_rate_that_its_members_do_not(project, capsys):
    heartfeat.fit(head="logistic", leave_out_site="AV", name="site", config=project)
    heartfeat.ensemble(["murmur-logistic", "site"], name="mean", config=project)
    heartfeat.ensemble(["mean", "murmur-logistic"], name="mean-of-means", config=project)
    found = heartfeat.evaluate(run="mean-of-means", abstain=0.9, config=project).abstention
    assert not found.guaranteed
    assert len(found.doubts) == 1
    assert "the site AV was left out" in capsys.readouterr().err


def test_a_rate_is_promised_where_test_and_validation_patients_are_of_one_kind(project, capsys):
    heartfeat.fit(head="logistic", few_shot=0.5, name="few", config=project)
    found = heartfeat.evaluate(run="few", abstain=0.9, config=project).abstention
    assert found.guaranteed
    assert found.doubts == []
    assert "promises nothing" not in capsys.readouterr().err


def test_views_calibration_and_rules_are_shown_side_by_side(project, capsys):
    result = heartfeat.evaluate(run="murmur-logistic", config=project)
    scores = json.loads((project.parent / "runs/murmur-logistic/scores.json").read_text())
    assert list(scores["rules"]) == list(scores["clean_rules"]) == ["worth", "argmax", "any_present"]
    assert {"uncalibrated_scores", "clean_uncalibrated_scores"} <= scores.keys()
    show.evaluation(result)
    said = capsys.readouterr().out
    for expected in ("any_present", "calibration alone", "brier", "site: "):
        assert expected in said
    report = result.report.read_text()
    for expected in ("any present", "Averaged views, calibration", "site: "):
        assert expected in report


def test_a_run_from_before_calibration_is_scored_without_it(project):
    folder = project.parent / "runs/murmur-logistic"
    table = pl.read_parquet(folder / "predictions.parquet")
    later = [name for name in table.columns if "raw_" in name or name == "fold_spread"]
    table.drop(later).write_parquet(folder / "predictions.parquet")
    for name in ("calibration.json", "valid_predictions.parquet", "recording_predictions.parquet"):
        (folder / name).unlink()
    result = heartfeat.evaluate(run="murmur-logistic", config=project)
    assert result.results.uncalibrated_scores == pytest.approx(result.results.scores, nan_ok=True)
    assert heartfeat.predict(run="murmur-logistic", config=project).height == 30
    with pytest.raises(RunError, match="valid_predictions"):
        heartfeat.evaluate(run="murmur-logistic", abstain=0.1, config=project)
