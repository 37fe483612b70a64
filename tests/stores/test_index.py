import polars as pl
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores.container import open_container
from heartfeat.stores.index import Index
from heartfeat.stores.location import locate


@pytest.fixture
def index(ward, path):
    return Index(open_container(locate(ward.write(path))))


def found(index, **names):
    places = index.find(**names)
    return places.patients.tolist(), places.offsets.tolist(), places.recordings.tolist()


def test_nothing_asked_for_is_everything(index):
    assert found(index) == ([0, 1, 2, 3], [0, 2, 5, 5, 6], [0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    "names", [["103", "100"], ("103", "100"), pl.Series(["103", "100"]), {"103": 1, "100": 2}.keys()]
)
def test_patients_come_in_the_order_asked_for(index, names):
    assert found(index, patient=names) == ([3, 0], [0, 1, 3], [5, 0, 1])


def test_a_site_leaves_recordings_out_and_no_patient(index):
    assert found(index, site="AV") == ([0, 1, 2, 3], [0, 1, 1, 1, 2], [0, 5])
    assert found(index, patient=["101", "100"], site=["PV", "MV"]) == ([1, 0], [0, 1, 2], [3, 1])


def test_recordings_bring_their_patients(index):
    assert found(index, recording=["101_2", "103_0", "100_0"]) == ([1, 3, 0], [0, 1, 2, 3], [4, 5, 0])
    assert found(index, recording="101_2") == ([1], [0, 1], [4])


def test_no_names_are_nothing(index):
    assert found(index, patient=[]) == ([], [0], [])
    assert found(index, recording=[]) == ([], [0], [])
    assert found(index, site=[])[2] == []


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"patient": ["100", "999"]}, "no patient '999'"),
        ({"patient": 101}, "no patient 101; did you mean '101'"),
        ({"site": "AB"}, "no site 'AB'; .*It holds: AV, MV, PV, Phc, TV"),
        ({"recording": ["100_0", "100_9"]}, "no recording '100_9'; did you mean '100_"),
        ({"patient": ["100", "101", "100"]}, "patient '100' is asked for twice"),
        ({"recording": "100_0", "patient": "100"}, "a recording or a patient, not both"),
        ({"recording": "100_0", "site": "AV"}, "a recording or a site, not both"),
    ],
)
def test_what_cannot_be_found_is_an_error(index, names, message):
    with pytest.raises(StoreError, match=message):
        index.find(**names)


def test_a_patient_whose_name_begins_like_anothers_is_another(make_ward, path):
    ward = make_ward(((1,),) * 12)
    index = Index(open_container(locate(ward.write(path))))
    assert [index.patient(str(100 + place)) for place in range(12)] == list(range(12))
