import wave
from collections import Counter

import numpy as np
import polars as pl
import pytest

from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.synthetic import write_synthetic_cohort
from heartfeat.cohorts.synthetic_patients import draw_patient
from heartfeat.errors import CohortError
from heartfeat.signals.filters import band_pass
from heartfeat.signals.recording import read_recording

PATIENTS = 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_synthetic_cohort(
        tmp_path_factory.mktemp("synthetic"), patients=PATIENTS, seed=2, seconds=(4, 5)
    )


@pytest.fixture(scope="module")
def cohort(folder):
    return read_circor(folder, name="synthetic")


def test_it_is_read_like_the_real_one(cohort):
    assert Counter(cohort.patients["murmur"].to_list()) == {"Present": 5, "Unknown": 2, "Absent": 18}
    assert cohort.recordings["annotation"].null_count() == 0
    assert len(cohort.recordings) > 2 * PATIENTS
    for row in cohort.recordings.head(12).iter_rows(named=True):
        read = read_recording(row["path"])
        assert read.sample_rate == 4000
        assert 4 <= read.duration <= 5


def test_text_headers_say_the_same_as_the_csv(folder, cohort, tmp_path):
    (tmp_path / "training_data").symlink_to(folder / "training_data")
    assert read_circor(tmp_path, name="synthetic").digest() == cohort.digest()


def test_a_patient_depends_on_seed_and_number_alone(folder, tmp_path):
    write_synthetic_cohort(tmp_path / "fewer", patients=4, seed=2, seconds=(4, 5))
    names = sorted(path.name for path in (tmp_path / "fewer" / "training_data").iterdir())
    for name in names:
        if not name.endswith(".txt"):
            pair = (root / "training_data" / name for root in (folder, tmp_path / "fewer"))
            assert len({path.read_bytes() for path in pair}) == 1
    write_synthetic_cohort(tmp_path / "other", patients=4, seed=3, seconds=(4, 5))
    wavs = [name for name in names if name.endswith(".wav")]
    both = [name for name in wavs if (tmp_path / "other" / "training_data" / name).exists()]
    assert both
    for name in both:
        pair = (tmp_path / root / "training_data" / name for root in ("fewer", "other"))
        assert len({path.read_bytes() for path in pair}) == 2


def systolic_excess(row):
    """Systole over diastole within 100-400 Hz, in dB, from the annotated beats."""
    read = read_recording(row["path"])
    power = band_pass(read.samples, read.sample_rate, 100, 400) ** 2
    table = pl.read_csv(
        row["annotation"], separator="\t", has_header=False, new_columns=["start", "end", "state"]
    )
    level = {}
    for state in (2, 4):
        spans = table.filter(pl.col("state") == state).select("start", "end").rows()
        level[state] = np.mean([power[int(a * 4000) : int(b * 4000)].mean() for a, b in spans])
    return 10 * np.log10(level[2] / level[4])


def test_murmurs_are_heard_at_the_sites_that_are_labelled(tmp_path):
    cohort = read_circor(write_synthetic_cohort(tmp_path, patients=50, seed=5, seconds=(4, 5)))
    systolic = cohort.patients.filter(pl.col("systolic_timing").is_not_null())
    chosen = cohort.recordings.filter(pl.col("patient").is_in(systolic["patient"].to_list()))
    excess = {"Present": [], "Absent": []}
    for row in chosen.iter_rows(named=True):
        excess[row["murmur"]].append(systolic_excess(row))
    assert min(map(len, excess.values())) >= 3
    assert np.median(excess["Present"]) > np.median(excess["Absent"]) + 2
    best = dict(systolic.select("patient", "most_audible").iter_rows())
    loudest = [row["site"] == best[row["patient"]] for row in chosen.iter_rows(named=True)]
    assert np.median(np.array([systolic_excess(row) for row in chosen.iter_rows(named=True)])[loudest]) > 3


def test_annotation_covers_the_recording_and_less_of_it_where_it_is_hard_to_hear(cohort):
    shares = {"Unknown": [], "Absent": []}
    for row in cohort.recordings.filter(pl.col("murmur") != "Present").iter_rows(named=True):
        table = pl.read_csv(
            row["annotation"], separator="\t", has_header=False, new_columns=["start", "end", "state"]
        )
        with wave.open(row["path"]) as file:
            assert table["end"][-1] == pytest.approx(file.getnframes() / 4000, abs=1e-3)
        np.testing.assert_array_equal(table["start"][1:], table["end"][:-1])
        annotated = table.filter(pl.col("state") > 0)
        shares[row["murmur"]].append((annotated["end"] - annotated["start"]).sum() / table["end"][-1])
    assert max(shares["Unknown"]) < 0.5 < min(shares["Absent"])


def test_progress_is_reported_per_patient(tmp_path):
    seen = []
    write_synthetic_cohort(tmp_path, patients=2, seconds=(1, 1.1), progress=lambda *step: seen.append(step))
    assert seen == [("synthetic cohort", 1, 2), ("synthetic cohort", 2, 2)]


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("notes")
    with pytest.raises(CohortError, match="is not empty; remove it, or name another"):
        write_synthetic_cohort(tmp_path, patients=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupted_cohort_leaves_nothing_behind(tmp_path):
    def stop(what, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_synthetic_cohort(tmp_path / "cohort", patients=2, seconds=(1, 1.1), progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_cohort_at_large_has_what_circor_has():
    patients = [draw_patient(number, seed=0) for number in range(500)]
    assert Counter(patient.label for patient in patients) == {"Present": 100, "Unknown": 40, "Absent": 360}
    abnormal = {
        label: np.mean([patient.outcome == "Abnormal" for patient in patients if patient.label == label])
        for label in ("Present", "Absent")
    }
    assert abnormal["Present"] > abnormal["Absent"] + 0.3
    assert {murmur.grade for patient in patients for murmur in patient.murmurs} == {"I", "II", "III"}
    assert {murmur.phase for patient in patients for murmur in patient.murmurs} == {"systolic", "diastolic"}
    assert {len(patient.sites) for patient in patients} >= {1, 2, 3, 4}
    assert all(set(patient.locations) <= set(patient.sites) for patient in patients)
    assert all(
        bool(patient.locations) == bool(patient.murmurs) == (patient.label == "Present")
        for patient in patients
    )


def test_pairs_of_ids_share_one_body_and_name_each_other():
    patients = {
        patient.patient: patient for patient in (draw_patient(number, seed=0) for number in range(500))
    }
    paired = [patient for patient in patients.values() if patient.related is not None]
    assert len(paired) == 40
    for patient in paired:
        other = patients[patient.related]
        assert other.related == patient.patient
        assert other.body == patient.body


def test_metadata_and_links_reach_the_table(tmp_path):
    cohort = read_circor(write_synthetic_cohort(tmp_path, patients=60, seed=1, seconds=(1, 1.1)))
    assert cohort.patients["person"].n_unique() < 60
    for column in ("age", "height", "weight"):
        assert 0 < cohort.patients[column].null_count() < 15
    correlation = cohort.patients.select(pl.corr("height", "weight")).item()
    assert correlation > 0.8
