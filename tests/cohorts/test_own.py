import re
from pathlib import Path

import polars as pl
import pytest

from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.own import read_own
from heartfeat.cohorts.own_fields import COLUMNS
from heartfeat.cohorts.tables import export_cohort
from heartfeat.errors import CohortError

PAGE = Path(__file__).parents[2] / "docs/cohorts.md"


@pytest.fixture
def table(tmp_path):
    """Writes a table; there is no audio, since readers look at names only."""

    def write(*lines):
        path = tmp_path / "recordings.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_two_columns_are_enough(table):
    cohort = read_own(table("path,patient", "a/1.wav,p1", "a/2.wav,p1", "/b/3.flac,p2"))
    assert cohort.name == "own"
    assert cohort.patients.to_dicts() == [{"patient": name, "person": name} for name in ("p1", "p2")]
    recordings = cohort.recordings
    assert recordings["recording"].to_list() == ["1", "2", "3"]
    assert recordings["site"].to_list() == ["unknown"] * 3
    folder = table("").parent
    assert recordings["path"].to_list() == [str(folder / "a/1.wav"), str(folder / "a/2.wav"), "/b/3.flac"]


def test_labels_and_metadata_are_read_as_those_of_circor(table):
    cohort = read_own(
        table(
            "patient,murmur,outcome,age,sex,pregnant,height,weight,path,site,recording_murmur",
            "p1,Present,Abnormal,Child,Female,False,120,25.5,1.wav,AV,Present",
            "p1,Present,Abnormal,Child,Female,False,120,25.5,2.wav,MV,Absent",
        )
    )
    (patient,) = cohort.patients.to_dicts()
    assert patient == {
        "patient": "p1",
        "person": "p1",
        "age": "Child",
        "sex": "Female",
        "pregnant": False,
        "murmur": "Present",
        "outcome": "Abnormal",
        "height": 120.0,
        "weight": 25.5,
    }
    assert cohort.recordings["murmur"].to_list() == ["Present", "Absent"]
    assert cohort.recordings["site"].to_list() == ["AV", "MV"]


def test_what_circor_exports_is_read_back(circor, tmp_path):
    circor.add(1, Murmur="Present", Age="Child", Height="98.5", Pregnancy_status="False").add(2, ("AV",))
    cohort = read_circor(circor.write())
    path = export_cohort(cohort, tmp_path / "cohort.csv")
    exported = pl.read_csv(path, infer_schema=False).drop("murmur_locations", "annotation")
    exported.write_csv(path)
    again = read_own(path)
    assert again.patients.select(sorted(again.patients.columns)).equals(
        cohort.patients.select(sorted(again.patients.columns))
    )
    assert again.recordings.equals(cohort.recordings)


def test_rows_of_a_patient_need_not_stand_together_nor_repeat_its_labels(table):
    cohort = read_own(table("path,patient,murmur", "1.wav,p1,", "2.wav,p2,Absent", "3.wav,p1,Present"))
    assert cohort.recordings["recording"].to_list() == ["1", "3", "2"]
    assert cohort.patients["murmur"].to_list() == ["Present", "Absent"]


def test_patients_of_one_person_are_kept_together(table):
    cohort = read_own(table("path,patient,person", "1.wav,7,", "2.wav,8,7.0", "3.wav,9,nan"))
    assert cohort.patients["person"].to_list() == cohort.recordings["person"].to_list() == ["7", "7", "9"]


def test_an_age_in_years_becomes_a_band_where_none_is_given(table):
    cohort = read_own(table("path,patient,age_years", "1.wav,p1,7", "2.wav,p2,", "3.wav,p3,40"))
    assert cohort.patients["age"].to_list() == ["Child", None, "Adult"]
    cohort = read_own(table("path,patient,age_years,age", "1.wav,p1,7,Infant", "2.wav,p2,7,"))
    assert cohort.patients["age"].to_list() == ["Infant", "Child"]


def test_capitals_do_not_matter_and_sites_may_be_any_text(table):
    cohort = read_own(table("path,patient,site,pregnant,sex", "1.wav,p1,mv,TRUE,female", "2.wav,p1,neck,,"))
    assert cohort.recordings["site"].to_list() == ["MV", "neck"]
    assert cohort.patients.select("sex", "pregnant").row(0) == ("Female", True)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["path", "1.wav"], "line 1: the column 'patient' is missing"),
        (
            ["path,patient,murmr", "1.wav,p1,x"],
            "line 1: the column 'murmr' is not known; did you mean 'murmur'",
        ),
        (
            ["path,patient,murmur", "1.wav,p1,Maybe"],
            "line 2: murmur is 'Maybe'; expected Present, Unknown, Absent",
        ),
        (["path,patient,recording_pascal", "1.wav,p1,x"], "line 2: recording_pascal is 'x'; expected Murmur"),
        (["path,patient,weight", "1.wav,p1,heavy"], "line 2: weight is 'heavy'; expected a number above 0"),
        (
            ["path,patient,murmur", "1.wav,p1,Present", "2.wav,p1,", "3.wav,p1,Absent"],
            "line 4: murmur is 'Absent', but 'Present' in line 2, of the same patient 'p1'; correct one",
        ),
        (
            ["path,patient,person", "1.wav,p1,a", "2.wav,p1,b"],
            "line 3: person is 'b', but 'a' in line 2",
        ),
        (
            ["path,patient", "a/1.wav,p1", "b/1.wav,p2"],
            "line 3: recording '1' is there twice; the first is in line 2",
        ),
        (["path,patient", "1.wav,"], "line 2: patient is empty"),
        (["path,patient", ",p1"], "line 2: path is ''; expected a wav or FLAC file"),
        (["path,patient", "1.wav,p\x01"], "line 2: patient is .*characters that can be seen"),
        (["path,patient", "1.wav"], "line 2: 1 values where the header has 2"),
        (["path,patient,path", "1.wav,p1,2.wav"], "line 1: the column 'path' is there 2 times"),
        (["path,patient"], "lists no recordings"),
        ([], "line 1: the column 'path' is missing"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_with_file_and_line(table, lines, message):
    with pytest.raises(CohortError, match=rf"recordings\.csv(, | ){message}"):
        read_own(table(*lines))


def test_an_id_of_its_own_tells_files_of_one_name_apart(table):
    cohort = read_own(table("path,patient,recording", "a/1.wav,p1,a1", "b/1.wav,p2,b1"))
    assert cohort.recordings["recording"].to_list() == ["a1", "b1"]


def test_every_file_of_a_bare_folder_is_a_patient(tmp_path):
    for name in ("b.flac", "a 1.wav", "notes.txt"):
        (tmp_path / name).touch()
    cohort = read_own(tmp_path, "ward")
    assert cohort.name == "ward"
    assert cohort.patients.to_dicts() == [{"patient": name, "person": name} for name in ("a 1", "b")]
    assert cohort.recordings["path"].to_list() == [str(tmp_path / "a 1.wav"), str(tmp_path / "b.flac")]


def test_a_folder_without_audio_is_refused(tmp_path):
    with pytest.raises(CohortError, match="holds no wav or FLAC files; give the folder"):
        read_own(tmp_path)


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CohortError, match=r"there is no .*; give a csv table"):
        read_own(tmp_path / "absent.csv")


def test_a_folder_that_is_not_circor_is_told_of_this_reader(tmp_path):
    with pytest.raises(CohortError, match="heartfeat init --own PATH"):
        read_circor(tmp_path)
    with pytest.raises(CohortError, match="heartfeat init --own PATH"):
        read_circor(tmp_path / "recordings.csv")


def test_the_table_in_the_docs_is_read(table):
    (text,) = re.findall(r"^```csv\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    cohort = read_own(table(*text.splitlines()))
    assert cohort.patients.height > 1
    assert cohort.patients["murmur"].null_count() == 0


def test_every_column_stands_in_the_docs():
    section = PAGE.read_text().split("## Your own recordings")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", section))
    characters = {name for name in COLUMNS if name.startswith(("systolic_", "diastolic_"))}
    assert set(COLUMNS) - characters <= named
