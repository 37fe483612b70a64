"""A small CirCor folder without audio content: readers look at names only."""

import csv

import pytest

from heartfeat.cohorts.circor_fields import FIELDS


class CircorFolder:
    """Writes ``training_data.csv`` and (empty) audio files, and lets a test change them."""

    def __init__(self, folder):
        self.folder = folder
        self.audio = folder / "training_data"
        self.audio.mkdir(parents=True)
        self.rows = []

    def add(self, patient, files=("AV", "PV", "TV", "MV"), suffix=".wav", **fields):
        row = dict.fromkeys(FIELDS, "nan")
        row |= {"Patient ID": str(patient), "Murmur": "Absent", "Outcome": "Normal", "Sex": "Female"}
        row["Recording locations"] = "+".join(file.split("_")[0] for file in files)
        row |= {name.replace("_", " "): value for name, value in fields.items()}
        self.rows.append(row)
        for file in files:
            (self.audio / f"{patient}_{file}{suffix}").touch()
        return self

    def write(self, columns=FIELDS):
        path = self.folder / "training_data.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ["Recording locations:" if name == "Recording locations" else name for name in columns]
            )
            writer.writerows([row[name] for name in columns] for row in self.rows)
        return self.folder


@pytest.fixture
def circor(tmp_path):
    return CircorFolder(tmp_path / "circor")
