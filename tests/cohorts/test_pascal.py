import polars as pl
import pytest

from heartfeat.cohorts.pascal import PATIENT_SCHEMA, RECORDING_SCHEMA, read_pascal
from heartfeat.errors import CohortError

HEADER = "dataset,fname,label,sublabel\n"
SET_A = "a,set_a/normal__201103090635.wav,normal,\na,set_a/__201103200518.wav,,\n"
SET_B = (
    "b,set_b/Btraining_extrastole_127_1306764300147_C2.wav,extrastole,\n"
    "b,set_b/Btraining_normal_Btraining_noisynormal_127_1306764300147_B_1.wav,normal,noisynormal\n"
    "b,set_b/Bunlabelledtest_128_1306344005749_D.wav,,\n"
)


@pytest.fixture
def pascal(tmp_path):
    def write(files_a=(), files_b=(), set_a=SET_A, set_b=SET_B):
        for letter, rows, files in (("a", set_a, files_a), ("b", set_b, files_b)):
            (tmp_path / f"set_{letter}.csv").write_text(HEADER + rows)
            (tmp_path / f"set_{letter}").mkdir()
            for name in files:
                (tmp_path / f"set_{letter}" / name).touch()
        return tmp_path

    return write


def test_labels_persons_and_sets(pascal):
    cohort = read_pascal(pascal())
    assert cohort.patients.schema == pl.Schema(PATIENT_SCHEMA)
    assert cohort.recordings.schema == pl.Schema(RECORDING_SCHEMA)
    assert cohort.patients.rows() == [
        ("a_normal_201103090635", "a-201103090635", "set_a", "Normal", None),
        ("a_unlabelled_201103200518", "a-201103200518", "set_a", None, None),
        ("b_extrastole_127_1306764300147_C2", "b-127", "set_b", "Extrasystole", None),
        ("b_normal_noisynormal_127_1306764300147_B_1", "b-127", "set_b", "Normal", "noisy"),
        ("b_unlabelled_128_1306344005749_D", "b-128", "set_b", None, None),
    ]


def test_files_are_found_under_the_names_on_disk_and_under_those_of_the_table(pascal):
    renamed = [
        "extrastole__127_1306764300147_C2.wav",
        "normal_noisynormal_127_1306764300147_B_1.wav",
        "Bunlabelledtest__128_1306344005749_D.wav",
    ]
    folder = pascal(["__201103200518.wav", "normal__201103090635.wav"], renamed)
    paths = read_pascal(folder).recordings["path"].to_list()
    assert paths[:2] == [
        str(folder / "set_a" / name) for name in ("normal__201103090635.wav", "__201103200518.wav")
    ]
    assert paths[2:] == [str(folder / "set_b" / name) for name in renamed]


def test_one_moment_under_two_labels_is_two_clips_of_one_person(pascal):
    rows = "a,set_a/murmur__201104021355.wav,murmur,\na,set_a/extrahls__201104021355.wav,extrahls,\n"
    patients = read_pascal(pascal(set_a=rows)).patients.filter(pl.col("subset") == "set_a")
    assert patients["pascal"].to_list() == ["Murmur", "Extra sound"]
    assert patients["person"].n_unique() == 1


def test_one_of_the_sets_is_enough(tmp_path):
    (tmp_path / "set_b.csv").write_text(HEADER + SET_B)
    assert read_pascal(tmp_path).recordings.height == 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,set_a/normal__1.wav,norml,\n", "line 2: the label is 'norml'"),
        ("a,set_a/normal__1.wav,normal,../x\n", "line 2: the sublabel is"),
        ("a,set_a/normal.wav,normal,\n", "line 2: the file name is"),
        ("a,set_a/normal__1.wav,normal,\n" * 2, "line 3: .* is there twice"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(pascal, row, message):
    with pytest.raises(CohortError, match=message):
        read_pascal(pascal(set_a=row))


def test_a_clip_that_is_not_listed_is_refused(pascal):
    with pytest.raises(CohortError, match="is not listed"):
        read_pascal(pascal(files_b=["murmur__1_2_A.wav"]))


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(CohortError, match=r"set_a\.csv"):
        read_pascal(tmp_path)


@pytest.mark.data
def test_every_published_clip_is_found_and_its_name_agrees_with_its_label(data_folder):
    folder = data_folder / "pascal-sample"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    cohort = read_pascal(folder)
    there = {str(path) for path in folder.glob("set_?/*.wav")}
    found = cohort.recordings.filter(pl.col("path").is_in(there))
    assert found.height == len(there) > 40
    assert cohort.patients.height == 832
    starts = {"Murmur": "murmur", "Extrasystole": "extrastole", "Extra sound": "extrahls", "Normal": "normal"}
    for path, label in found.select("path", "pascal").iter_rows():
        name = path.rsplit("/", 1)[1]
        assert "unlabelled" in name if label is None else name.startswith(starts[label])
