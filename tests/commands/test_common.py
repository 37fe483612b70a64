import pytest

import heartfeat
from heartfeat.errors import StoreError

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
