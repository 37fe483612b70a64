from pathlib import Path

import pytest
import yaml

import heartfeat
from heartfeat.errors import ConfigError, RunError, StoreError

OTHER_DATA = ["data.cohort=physionet2016", "data.name=null", "split.file=null", "task=outcome"]


@pytest.mark.parametrize(
    "command",
    [
        lambda **options: heartfeat.fit(head="logistic", name="new", **options),
        lambda **options: heartfeat.fit(head="logistic", leave_out_site="all", name="new", **options),
        lambda **options: heartfeat.sweep("logistic", grid=["penalty=0.1,1"], **options),
    ],
)
def test_the_store_of_another_cohort_than_the_data_is_neither_fitted_nor_split(project, command, monkeypatch):
    monkeypatch.chdir(project.parent)
    with pytest.raises(
        StoreError, match="holds 'synthetic', the config's data is 'physionet2016'; name the store"
    ):
        command(config=project, set=OTHER_DATA)
    assert not (project.parent / "splits").exists()
    assert not (project.parent / "runs" / "new").exists()


def test_any_store_is_fitted_where_the_config_names_no_data(project):
    fitted = heartfeat.fit(head="logistic", config=project, set=["data=null"])
    assert fitted.record.cohort == "synthetic"


def test_a_run_is_named_or_given_by_the_path_that_fit_prints(project, monkeypatch):
    monkeypatch.chdir(project.parent)
    config, path = Path("heartfeat.yaml"), Path("runs") / "murmur-logistic"
    for run in (str(path), str(path.absolute()), f"{path}/"):
        assert heartfeat.evaluate(run, config=config).report.parent.samefile(path)
        assert heartfeat.predict(run, config=config).height == 30
    assert heartfeat.compare(run=[str(path)], config=config)["run"].to_list() == ["murmur-logistic"]
    with pytest.raises(ConfigError, match="each once"):
        heartfeat.ensemble([str(path), path.name], config=config)


def test_for_a_misspelt_run_the_nearest_one_is_offered(project):
    with pytest.raises(RunError, match="did you mean 'murmur-logistic'"):
        heartfeat.evaluate("murmur-logstic", config=project)


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        (lambda config: heartfeat.compare(config=config), "runs"),
        (lambda config: heartfeat.evaluate("murmur-logistic", config=config), "runs/murmur-logistic"),
        (lambda config: heartfeat.fit(head="logistic", config=config), "store.zarr"),
        (lambda config: heartfeat.store_info(config=config), "store.zarr"),
    ],
)
def test_what_lies_beside_the_config_and_not_here_is_found_by_running_there(
    project, tmp_path, monkeypatch, command, missing
):
    tree = yaml.safe_load(project.read_text())
    project.write_text(yaml.safe_dump({**tree, "store": "store.zarr", "runs": "runs"}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"there is no {tmp_path / missing}: .* run it from there"):
        command(project)


def test_what_is_nowhere_is_told_by_its_whole_path(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=f"there is no store at {tmp_path / 'no.zarr'}"):
        heartfeat.store_info("no.zarr")
    with pytest.raises(RunError, match=f"no outcome run in {tmp_path / 'empty'} yet"):
        heartfeat.compare(config=project, set=["runs=empty", "task=outcome"])
