import csv

import polars as pl
import pytest

from heartfeat.cohorts.physionet2016 import PATIENT_SCHEMA, RECORDING_SCHEMA, read_physionet2016
from heartfeat.cohorts.physionet2016_appendix import read_appendix
from heartfeat.errors import CohortError

APPENDIX = {
    "Challenge record name": "",
    "Database": "",
    "Diagnosis": "",
    "Gender": "",
    "Age (year)": "",
    "Height (cm)": "",
    "Weight (kg)": "",
    "Subject ID": "",
    "# Raw record": "",
    "Murmurs (2=None 3=Weak 4=Strong 6=Unclear)": "",
}


@pytest.fixture
def challenge(tmp_path):
    """Writes a small Challenge folder; audio files are empty, since readers look at names only."""

    def subset(letter, reference, files=None, suffix=".wav"):
        folder = tmp_path / f"training-{letter}"
        folder.mkdir()
        (folder / "REFERENCE.csv").write_text(reference)
        listed = [line.split(",")[0] for line in reference.split()]
        for name in listed if files is None else files:
            (folder / f"{name}{suffix}").touch()
        return tmp_path

    return subset


def write_appendix(folder, *rows):
    (folder / "annotations").mkdir(exist_ok=True)
    with (folder / "annotations" / "appendix.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, APPENDIX)
        writer.writeheader()
        writer.writerows({**APPENDIX, **row} for row in rows)


def test_one_is_abnormal_and_minus_one_normal(challenge):
    cohort = read_physionet2016(challenge("a", "a0001,1\na0002,-1\n"))
    assert cohort.patients.schema == pl.Schema(PATIENT_SCHEMA)
    assert cohort.recordings.schema == pl.Schema(RECORDING_SCHEMA)
    for table in (cohort.patients, cohort.recordings):
        assert table["normal_abnormal"].to_list() == ["Abnormal", "Normal"]
    assert cohort.patients["subset"].to_list() == ["training-a"] * 2
    assert cohort.recordings["site"].to_list() == ["unknown"] * 2


def test_listed_recordings_without_a_file_are_kept_under_the_usual_suffix(challenge):
    folder = challenge("a", "a1,1\na2,1\na3,-1\n", files=("a1", "a3"), suffix=".flac")
    paths = read_physionet2016(folder).recordings["path"].to_list()
    assert paths == [str(folder / "training-a" / f"a{number}.flac") for number in (1, 2, 3)]


def test_recordings_of_one_subject_or_of_one_raw_record_are_one_person(challenge):
    challenge("b", "b1,-1\nb2,1\nb3,-1\n")
    folder = challenge("e", "e1,-1\ne2,-1\ne3,1\ne4,-1\n")
    b, normal, ill = (
        {"Database": "training-b", "Diagnosis": "Normal"},
        {"Database": "training-e", "Diagnosis": "Normal"},
        {"Database": "training-e", "Diagnosis": "CAD"},
    )
    write_appendix(
        folder,
        {**b, "Challenge record name": "b1", "Subject ID": "98.0"},
        {**b, "Challenge record name": "b2", "Subject ID": "9"},
        {**b, "Challenge record name": "b3", "Subject ID": "98.0"},
        {**normal, "Challenge record name": "e1", "# Raw record": "147.0"},
        {**normal, "Challenge record name": "e2", "# Raw record": "147.0"},
        {**ill, "Challenge record name": "e3", "# Raw record": "147.0"},
    )
    persons = dict(read_physionet2016(folder).patients.select("patient", "person").iter_rows())
    assert persons == {
        **{"b1": "b-subject-98", "b2": "b-subject-9", "b3": "b-subject-98"},
        **{"e1": "e-raw-Normal-147", "e2": "e-raw-Normal-147", "e3": "e-raw-CAD-147", "e4": "e4"},
    }


def test_metadata_come_from_the_appendix_and_are_null_where_it_says_nothing(challenge):
    folder = challenge("c", "c1,1\nc2,-1\nc3,1\nc4,1\n")
    write_appendix(
        folder,
        {
            "Challenge record name": "c1",
            "Diagnosis": "MR ",
            "Gender": "F",
            "Age (year)": "77.0",
            "Height (cm)": "155.0",
            "Weight (kg)": "100.0",
            "Murmurs (2=None 3=Weak 4=Strong 6=Unclear)": "3.0",
        },
        {
            "Challenge record name": "c2",
            "Age (year)": "11.5",
            "Murmurs (2=None 3=Weak 4=Strong 6=Unclear)": "2.0",
        },
        {
            "Challenge record name": "c3",
            "Age (year)": "nan",
            "Murmurs (2=None 3=Weak 4=Strong 6=Unclear)": "6.0",
        },
    )
    rows = read_physionet2016(folder).patients.rows(named=True)
    wanted = ("sex", "age", "age_years", "height", "weight", "diagnosis", "murmur", "quality")
    known = [tuple(row[name] for name in wanted) for row in rows]
    assert known == [
        ("Female", "Adult", 77.0, 155.0, 100.0, "MR", "Present", None),
        (None, "Child", 11.5, None, None, None, "Absent", None),
        (None, None, None, None, None, None, "Unknown", None),
        (None,) * 8,
    ]


def test_editions_of_the_appendix_may_differ_in_blanks_capitals_and_letters(challenge):
    folder = challenge("b", "b1,-1\n")
    header = 'x,Challenge  record name,database,Diagnosis,"Subject\nID",# Raw record,Murmurs (other)'
    (folder / "annotations").mkdir()
    (folder / "annotations" / "appendix.csv").write_bytes(
        f"{header}\n\xe9,b1,training-b,,7,,4\n".encode("latin-1")
    )
    patient = read_physionet2016(folder).patients.row(0, named=True)
    assert (patient["person"], patient["murmur"], patient["age"]) == ("b-subject-7", "Present", None)


def test_an_appendix_that_does_not_say_who_was_recorded_is_refused(challenge):
    folder = challenge("b", "b1,-1\n")
    (folder / "annotations").mkdir()
    (folder / "annotations" / "appendix.csv").write_text(
        "Challenge record name,Database,Diagnosis\nb1,training-b,CAD\n"
    )
    with pytest.raises(CohortError, match="no column begins with 'subject id'"):
        read_physionet2016(folder)


@pytest.mark.parametrize(
    "place", ["training-a/REFERENCE-SQI.csv", "annotations/updated/training-a/REFERENCE_withSQI.csv"]
)
def test_quality_is_read_where_it_was_noted(challenge, place):
    folder = challenge("a", "a1,1\na2,-1\na3,1\n")
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / place).write_text("a1,1,1\na2,1,0\n")
    patients = read_physionet2016(folder).patients
    assert patients["quality"].to_list() == ["clean", "noisy", None]
    assert patients["normal_abnormal"].to_list() == ["Abnormal", "Normal", "Abnormal"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("a1,1\na2,0\n", "line 2: the label is '0'; expected 1"),
        ("a1,1\na1,1\n", "line 2: 'a1' is there twice"),
        ("a1\n", "line 1: expected '<recording>,<label>'"),
        ("a/1,1\n", "line 1: expected '<recording>,<label>'"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(challenge, reference, message):
    with pytest.raises(CohortError, match=message):
        read_physionet2016(challenge("a", reference, files=()))


def test_a_recording_without_a_label_is_refused(challenge):
    with pytest.raises(CohortError, match=r"a9\.wav is not listed"):
        read_physionet2016(challenge("a", "a1,1\n", files=("a1", "a9")))


def test_a_recording_in_two_subsets_is_refused(challenge):
    challenge("a", "x,1\n")
    with pytest.raises(CohortError, match="'x' occurs 2 times"):
        read_physionet2016(challenge("b", "x,1\n"))


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(CohortError, match="training-a"):
        read_physionet2016(tmp_path)


@pytest.mark.data
def test_the_published_training_sets(data_folder):
    folder = data_folder / "physionet2016"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    cohort = read_physionet2016(folder)
    labels = dict(cohort.patients.select("patient", "normal_abnormal").iter_rows())
    # Headers and diagnoses were written by others than the labels: they tell whether those are inverted.
    for header in (folder / "training-c").glob("*.hea"):
        assert header.read_text().splitlines()[-1] == f"# {labels[header.stem]}"
    diagnosed = cohort.patients.drop_nulls("diagnosis")
    healthy = diagnosed["diagnosis"].str.contains("Normal|Controls|Benign")
    sick = diagnosed.filter(~healthy)
    assert set(sick["normal_abnormal"]) == {"Abnormal"}
    people = cohort.patients.filter(pl.col("person") != pl.col("patient"))
    assert set(people["subset"]) == {"training-b", "training-e"}
    per_person = people.group_by("person").agg(pl.col("normal_abnormal", "sex").n_unique())
    assert (per_person["normal_abnormal"] == 1).all()
    assert (per_person["sex"] == 1).all()
    assert len(read_appendix(folder)) > 3000
