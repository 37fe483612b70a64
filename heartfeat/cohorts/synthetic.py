"""Write a synthetic cohort in CirCor's own folder layout, so that it travels the same road as real data."""

import csv
import wave
from collections import Counter
from pathlib import Path

import numpy as np

from heartfeat.cohorts.circor_fields import FIELDS
from heartfeat.cohorts.synthetic_listening import draw_listening
from heartfeat.cohorts.synthetic_patients import FIRST_ID, SyntheticPatient, draw_patient
from heartfeat.errors import CohortError
from heartfeat.progress import Progress
from heartfeat.replace import replacing
from heartfeat.signals.synthesis import Segment, synthesise
from heartfeat.signals.synthetic_murmur import Murmur

SAMPLE_RATE = 4000

_MISSING = 0.07
"""Share of patients whose age, height or weight is not known."""


def write_synthetic_cohort(
    folder: str | Path,
    patients: int = 120,
    seed: int = 0,
    seconds: tuple[float, float] = (8, 14),
    progress: Progress | None = None,
) -> Path:
    """Write ``training_data.csv`` and ``training_data/`` with wav, hea, tsv and txt files.

    About 20 % of the patients are Present, 8 % Unknown (too noisy to tell) and 72 % Absent. A patient's files
    depend on ``seed``, ``seconds`` and the patient's number alone.

    Parameters
    ----------
    folder
        Must not exist, or be empty. It appears under its name when everything is written.
    patients
        Number of patients.
    seconds
        Shortest and longest recording.
    progress
        Called as ``progress(what, done, total)``.

    Returns
    -------
    folder
        To be read with :func:`heartfeat.cohorts.circor.read_circor`.

    Raises
    ------
    CohortError
        When there is something in the folder, or the disk refuses.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CohortError(
            f"{folder} is not empty; remove it, or name another folder for the synthetic cohort"
        )
    # Recordings of an earlier, interrupted cohort must not mix with this one's.
    with replacing(folder, CohortError) as beside:
        _write_folder(beside, patients, seed, seconds, progress)
    return folder


def _write_folder(
    folder: Path,
    patients: int,
    seed: int,
    seconds: tuple[float, float],
    progress: Progress | None,
) -> None:
    audio = folder / "training_data"
    audio.mkdir(parents=True)
    rows = []
    for number in range(patients):
        patient = draw_patient(number, seed)
        rng = np.random.default_rng([seed, 3, number])
        fields = _fields(patient, FIRST_ID + patients, rng)
        rows.append(fields)
        names = _write_recordings(patient, audio, seconds, rng)
        _write_header(audio / f"{patient.patient}.txt", names, fields)
        if progress is not None:
            progress("synthetic cohort", number + 1, patients)
    with (folder / "training_data.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([f"{field}:" if field == "Recording locations" else field for field in FIELDS])
        writer.writerows([fields[field] for field in FIELDS] for fields in rows)


def _fields(patient: SyntheticPatient, end_id: int, rng: np.random.Generator) -> dict[str, str]:
    """The patient's row of the csv; ``end_id`` is the first id that is not in the cohort."""
    body = patient.body
    known = rng.random(3) >= _MISSING
    related = patient.related if patient.related is not None and int(patient.related) < end_id else "nan"
    first_visit = related != "nan" and int(patient.patient) < int(related)
    fields = dict.fromkeys(FIELDS, "nan")
    fields |= {
        "Patient ID": patient.patient,
        "Recording locations": "+".join(patient.sites),
        "Age": body.age if known[0] else "nan",
        "Sex": body.sex,
        "Height": str(body.height) if known[1] else "nan",
        "Weight": str(body.weight) if known[2] else "nan",
        "Pregnancy status": str(body.pregnant),
        "Murmur": patient.label,
        "Outcome": patient.outcome,
        "Campaign": "CC2014" if first_visit else "CC2015",
        "Additional ID": related,
    }
    if patient.locations:
        fields["Murmur locations"] = "+".join(sorted(patient.locations))
        fields["Most audible location"] = patient.locations[0]
    for murmur in patient.murmurs:
        fields |= _murmur_fields(murmur)
    return fields


def _murmur_fields(murmur: Murmur) -> dict[str, str]:
    phase = murmur.phase.capitalize()
    timing = f"Holo{murmur.phase}" if murmur.timing == "Holo" else f"{murmur.timing}-{murmur.phase}"
    return {
        f"{phase} murmur timing": timing,
        f"{phase} murmur shape": murmur.shape,
        f"{phase} murmur grading": f"{murmur.grade}/{'VI' if murmur.phase == 'systolic' else 'IV'}",
        f"{phase} murmur pitch": murmur.pitch,
        f"{phase} murmur quality": murmur.quality,
    }


def _write_recordings(
    patient: SyntheticPatient, audio: Path, seconds: tuple[float, float], rng: np.random.Generator
) -> list[tuple[str, str]]:
    """Write every recording of a patient; (site, name) of each."""
    totals, seen = Counter(patient.sites), Counter[str]()
    names = []
    for site in patient.sites:
        seen[site] += 1
        number = f"_{seen[site]}" if totals[site] > 1 else ""
        name = f"{patient.patient}_{site}{number}"
        murmurs = patient.murmurs if site in patient.locations else ()
        samples, segments = synthesise(
            patient.body.heart,
            murmurs,
            draw_listening(patient, site, rng),
            round(float(rng.uniform(*seconds)), 2),
            SAMPLE_RATE,
            rng,
        )
        _write_wav(audio / f"{name}.wav", samples)
        wfdb = f"{name} 1 {SAMPLE_RATE} {len(samples)}\n{name}.wav 16+44 1 16 0 0 0 0 {site}\n"
        (audio / f"{name}.hea").write_text(wfdb, encoding="utf-8")
        _write_segments(audio / f"{name}.tsv", segments, hard=patient.label == "Unknown")
        names.append((site, name))
    return names


def _write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())


def _write_segments(path: Path, segments: list[Segment], hard: bool) -> None:
    """CirCor's tsv: the annotated beats, state 0 around them; a third of a recording that is hard to hear."""
    margin = len(segments) // 3 if hard else min(4, len(segments) // 3)
    annotated = segments[margin : len(segments) - margin]
    rows = [
        (segments[0][0], annotated[0][0], 0),
        *annotated,
        (annotated[-1][1], segments[-1][1], 0),
    ]
    text = "".join(f"{start:.6g}\t{end:.6g}\t{state}\n" for start, end, state in rows)
    path.write_text(text, encoding="utf-8")


def _write_header(path: Path, names: list[tuple[str, str]], fields: dict[str, str]) -> None:
    patient = fields["Patient ID"]
    lines = [f"{patient} {len(names)} {SAMPLE_RATE}"]
    lines += [f"{site} {name}.hea {name}.wav {name}.tsv" for site, name in names]
    lines += [f"#{field}: {fields[field]}" for field in FIELDS[2:]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
