import re

import polars as pl
import pytest

from heartfeat.cohorts.circor import PATIENT_SCHEMA, RECORDING_SCHEMA, read_circor
from heartfeat.errors import CohortError


def test_columns_and_types(circor):
    cohort = read_circor(
        circor.add(1, Age="Child", Height="98.0", Weight="15.9", Pregnancy_status="False").write()
    )
    assert cohort.patients.schema == pl.Schema(PATIENT_SCHEMA)
    assert cohort.recordings.schema == pl.Schema(RECORDING_SCHEMA)
    patient = cohort.patients.row(0, named=True)
    assert (patient["age"], patient["height"], patient["weight"], patient["pregnant"]) == (
        "Child",
        98.0,
        15.9,
        False,
    )
    assert patient["systolic_timing"] is None


def test_recordings_are_ordered_by_site_and_number(circor):
    circor.add(2, files=("MV", "Phc", "AV_2", "AV_10", "AV_1", "TV", "PV"))
    circor.add(1, files=("MV",))
    cohort = read_circor(circor.write())
    assert cohort.recordings["recording"].to_list() == [
        *("2_AV_1", "2_AV_2", "2_AV_10", "2_PV", "2_TV", "2_MV", "2_Phc"),
        "1_MV",
    ]
    assert cohort.patients["patient"].to_list() == ["2", "1"]


def test_murmur_is_present_only_where_it_is_heard(circor):
    circor.add(1, files=("AV_1", "AV_2", "PV"), Murmur="Present", Murmur_locations="AV+TV")
    circor.add(2, files=("AV",), Murmur="Unknown")
    circor.add(3, files=("AV",), Murmur="Absent")
    circor.add(4, files=("AV",), Murmur="Present")
    circor.add(5, files=("AV",), Murmur="nan")
    murmur = dict(read_circor(circor.write()).recordings.select("recording", "murmur").iter_rows())
    assert murmur == {
        "1_AV_1": "Present",
        "1_AV_2": "Present",
        "1_PV": "Absent",
        "2_AV": "Unknown",
        "3_AV": "Absent",
        "4_AV": None,
        "5_AV": None,
    }


def test_listed_recordings_without_a_file_are_kept(circor):
    circor.add(1, files=("AV",), suffix=".flac", Recording_locations="AV+PV+MV+MV")
    circor.add(2, files=("AV_1",), suffix=".flac", Recording_locations="AV+AV")
    circor.add(3, files=(), Recording_locations="nan")
    cohort = read_circor(circor.write())
    assert cohort.recordings["recording"].to_list() == [
        "1_AV",
        "1_PV",
        "1_MV_1",
        "1_MV_2",
        "2_AV_1",
        "2_AV_2",
    ]
    assert cohort.recordings["path"].to_list()[1] == str(circor.audio / "1_PV.flac")
    assert cohort.patients["patient"].to_list() == ["1", "2", "3"]


def test_ids_that_additional_id_links_are_one_person(circor):
    circor.add(900, Additional_ID="85").add(85, Additional_ID="900").add(7).add(8, Additional_ID="5000")
    cohort = read_circor(circor.write())
    assert dict(cohort.patients.select("patient", "person").iter_rows()) == {
        "900": "85",
        "85": "85",
        "7": "7",
        "8": "8",
    }
    assert set(cohort.recordings.filter(pl.col("patient") == "900")["person"]) == {"85"}


def test_ids_that_pandas_saved_as_floats_are_the_same_ids(circor):
    circor.add(900, Additional_ID="85.0").add(85, Additional_ID="900.0").add(7, Additional_ID="")
    plain = read_circor(circor.write())
    for row in circor.rows:
        row["Patient ID"] += ".0"
    saved = read_circor(circor.write())
    assert dict(plain.patients.select("patient", "person").iter_rows()) == {"900": "85", "85": "85", "7": "7"}
    assert saved.patients.equals(plain.patients)
    assert saved.recordings.equals(plain.recordings)


@pytest.mark.parametrize("value", ["50379.5", "1e+16", ".5", "+7"])
@pytest.mark.parametrize("field", ["Patient ID", "Additional ID"])
def test_a_number_that_is_no_id_is_refused_with_its_line(circor, field, value):
    circor.add(1).rows[0][field] = value
    with pytest.raises(
        CohortError, match=rf"csv, line 2: {field} is '{re.escape(value)}'; an id that is a number"
    ):
        read_circor(circor.write())


def test_segmentations_are_found(circor):
    circor.add(1, files=("AV", "PV"))
    (circor.audio / "1_AV.tsv").touch()
    assert read_circor(circor.write()).recordings["annotation"].to_list() == [
        str(circor.audio / "1_AV.tsv"),
        None,
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Murmur": "Maybe"}, "Murmur is 'Maybe'; expected Present, Unknown, Absent"),
        ({"Outcome": "ok"}, "Outcome is 'ok'"),
        ({"Age": "Old"}, "Age is 'Old'"),
        ({"Pregnancy_status": "no"}, "Pregnancy status is 'no'"),
        ({"Systolic_murmur_grading": "IX/VI"}, "Systolic murmur grading is 'IX/VI'"),
        ({"Height": "tall"}, "Height is 'tall'; expected a number above 0"),
        ({"Weight": "-3"}, "Weight is '-3'"),
        ({"Weight": "inf"}, "Weight is 'inf'"),
        ({"Murmur_locations": "AV+XV"}, "Murmur locations names the site 'XV'"),
        ({"Recording_locations": "AV+BV"}, "Recording locations names the site 'BV'"),
        ({"Most_audible_location": "QV"}, "Most audible location is 'QV'"),
        ({"Patient_ID": "a_b"}, "Patient ID is 'a_b'"),
        ({"Patient_ID": ""}, "Patient ID is ''"),
        ({"Additional_ID": "1 2"}, "Additional ID is '1 2'"),
        ({"Additional_ID": "9" * 5000}, "Additional ID is '9999"),
        ({"Patient_ID": "x" * 300}, "Patient ID is 'xxxx"),
        ({"Patient_ID": "1\0"}, "Patient ID is '1\\x00'"),
        ({"Patient_ID": "1\u202e"}, "Patient ID is '1\\u202e'"),
        ({"Height": "1_0"}, "Height is '1_0'"),
        ({"Height": "١٢"}, "Height is '١٢'"),
        ({"Height": "1e400"}, "Height is '1e400'"),
    ],
)
def test_a_bad_value_names_file_and_line(circor, fields, message):
    circor.add(1).add(2, files=(), **fields)
    with pytest.raises(CohortError) as caught:
        read_circor(circor.write())
    assert f"{circor.folder / 'training_data.csv'}, line 3: {message}" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_patient_twice_names_both_lines(circor):
    with pytest.raises(CohortError, match=r"csv, line 4: Patient ID '1' is there twice.*csv, line 2"):
        read_circor(circor.add(1).add(2).add(1).write())


def test_a_recording_id_twice_names_both_files(circor):
    circor.add(1, files=("AV",))
    (circor.audio / "1_AV.flac").touch()
    with pytest.raises(CohortError, match=r"recording '1_AV' is there twice: .*1_AV\.flac and .*1_AV\.wav"):
        read_circor(circor.write())


def test_a_file_name_with_a_site_that_does_not_exist(circor):
    circor.add(1)
    (circor.audio / "1_ZV.wav").touch()
    with pytest.raises(
        CohortError, match=r"1_ZV\.wav: names the site 'ZV', which does not exist; sites are AV"
    ):
        read_circor(circor.write())


@pytest.mark.parametrize("name", ["notes.wav", "1_AV_x.wav", "1_AV_1_2.flac"])
def test_a_file_name_of_another_form(circor, name):
    circor.add(1)
    (circor.audio / name).touch()
    with pytest.raises(CohortError, match=f"{name}: expected a file name such as"):
        read_circor(circor.write())


def test_a_recording_of_a_patient_that_the_table_lacks(circor):
    circor.add(1)
    (circor.audio / "77_AV.wav").touch()
    with pytest.raises(
        CohortError, match=r"77_AV\.wav is a recording of patient '77', who is not in .*\.csv"
    ):
        read_circor(circor.write())


def test_hidden_files_are_not_recordings(circor):
    circor.add(1, files=("AV",))
    (circor.audio / "._1_AV.wav").touch()
    assert len(read_circor(circor.write()).recordings) == 1


def test_a_folder_that_is_not_there_or_holds_nothing(tmp_path):
    with pytest.raises(CohortError, match="there is no folder"):
        read_circor(tmp_path / "none")
    with pytest.raises(CohortError, match=r"neither training_data\.csv nor"):
        read_circor(tmp_path)


@pytest.mark.data
def test_flac_form(data_folder):
    cohort = read_circor(data_folder / "circor")
    assert cohort.name == "circor"
    assert (len(cohort.patients), len(cohort.recordings)) == (678, 2299)
    assert cohort.patients["person"].n_unique() == 678 - 39
    assert dict(cohort.patients["murmur"].value_counts().iter_rows()) == {
        "Present": 122,
        "Unknown": 46,
        "Absent": 510,
    }
    heard = cohort.recordings.filter(pl.col("patient") == "13918").select("site", "murmur")
    assert dict(heard.iter_rows()) == {"AV": "Absent", "PV": "Absent", "TV": "Present", "MV": "Absent"}
    assert cohort.recordings["annotation"].null_count() == 0


@pytest.mark.data
def test_the_published_form_says_the_same_from_csv_from_text_headers_and_from_the_audio_folder(
    data_folder, tmp_path
):
    published = data_folder / "circor-original-sample"
    cohort = read_circor(published)
    assert (len(cohort.patients), len(cohort.recordings)) == (8, 30)
    (tmp_path / "training_data").symlink_to(published / "training_data")
    from_text = read_circor(tmp_path)
    from_audio_folder = read_circor(published / "training_data")
    assert from_text.patients.equals(cohort.patients)
    assert from_text.digest() == from_audio_folder.digest() == cohort.digest()
    in_flac_form = read_circor(data_folder / "circor")
    same = in_flac_form.patients.filter(pl.col("patient").is_in(cohort.patients["patient"].to_list()))
    assert same.equals(cohort.patients)
