"""Write the corpus seeds: small, synthetic, the same bytes every time for the same library versions.

python -m tests.fuzz.make_corpus
"""

from pathlib import Path

import numpy as np
import soundfile
import yaml

from heartfeat.cohorts.circor_fields import FIELDS

CORPUS = Path(__file__).parent / "corpus"
RATE = 2000
SECONDS = 0.7

PATIENTS = (
    {"Patient ID": "101", "Recording locations": "AV+PV", "Age": "Child", "Sex": "Female", "Height": "123.5"},
    {
        "Patient ID": "102",
        "Recording locations": "MV",
        "Age": "Infant",
        "Weight": "8.1",
        "Additional ID": "104",
    },
    {"Patient ID": "103", "Recording locations": "AV+AV+TV", "Sex": "Male", "Murmur": "Present"},
    {"Patient ID": "104", "Recording locations": "MV+Phc", "Additional ID": "102", "Outcome": "Abnormal"},
)
DEFAULTS = {"Murmur": "Absent", "Outcome": "Normal", "Pregnancy status": "False", "Campaign": "CC2015"}
PRESENT = {
    "Murmur locations": "AV",
    "Most audible location": "AV",
    "Systolic murmur timing": "Holosystolic",
    "Systolic murmur shape": "Plateau",
    "Systolic murmur grading": "II/VI",
    "Systolic murmur pitch": "Low",
    "Systolic murmur quality": "Harsh",
}


def heart(seed: int = 0) -> np.ndarray:
    """Two beats of damped tones in noise, ``(n,)`` within [-1, 1]."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(int(SECONDS * RATE)) / RATE
    sound = rng.normal(0, 0.01, len(seconds))
    for onset, pitch in ((0.05, 45), (0.2, 70), (0.4, 45), (0.55, 70)):
        after = np.clip(seconds - onset, 0, None)
        sound += 0.4 * np.sin(2 * np.pi * pitch * after) * np.exp(-after * 40)
    return np.clip(sound, -0.9, 0.9)


def fields_of(patient: dict[str, str]) -> dict[str, str]:
    present = PRESENT if patient.get("Murmur") == "Present" else {}
    return {**dict.fromkeys(FIELDS, "nan"), **DEFAULTS, **present, **patient}


def write_corpus(folder: Path = CORPUS) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sound = heart()
    for name, subtype in (("pcm16", "PCM_16"), ("pcm24", "PCM_24"), ("float32", "FLOAT"), ("pcm8", "PCM_U8")):
        soundfile.write(folder / f"{name}.wav", sound, RATE, subtype=subtype)
    for name, subtype in (("flac16", "PCM_16"), ("flac24", "PCM_24")):
        # The lowest level has the shortest blocks, so that there are several frames.
        soundfile.write(folder / f"{name}.flac", sound, RATE, subtype=subtype, compression_level=0.0)
    (folder / "pcm16.hea").write_text(
        f"pcm16 1 {RATE} {len(sound)}\npcm16.wav 16+44 1 16 0 0 0 0 AV\n# synthetic\n"
    )
    rows = [",".join(FIELDS)] + [",".join(fields_of(patient).values()) for patient in PATIENTS]
    (folder / "training_data.csv").write_text("\n".join(rows) + "\n")
    (folder / "101.txt").write_text(_text_header(fields_of(PATIENTS[0])))
    (folder / "segments.tsv").write_text(
        "0\t0.05\t0\n0.05\t0.12\t1\n0.12\t0.2\t2\n0.2\t0.26\t3\n0.26\t0.4\t4\n"
    )
    config = {
        "data": {"path": "sounds", "name": "fuzzed"},
        "store": "stores/fuzzed.zarr",
        "backbones": {"logmel": {"bands": 8}, "speech": {"family": "transformers", "model": "org/name"}},
        "views": "clean,gain-6",
        "split": {"kind": "kfold", "folds": 2, "seed": 3},
        "heads": {"logistic": {}, "mambaformer": {"epochs": 2}},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def _text_header(fields: dict[str, str]) -> str:
    sites = fields["Recording locations"].split("+")
    name = fields["Patient ID"]
    lines = [f"{name} {len(sites)} {RATE}"]
    lines += [f"{site} {name}_{site}.hea {name}_{site}.wav {name}_{site}.tsv" for site in sites]
    lines += [f"#{field}: {fields[field]}" for field in FIELDS[2:]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_corpus()
