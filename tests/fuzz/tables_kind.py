"""Patient tables: the csv and the text headers, read as whoever reads them by hand would."""

import random
import re
from collections import Counter
from pathlib import Path

import polars as pl

from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.circor_fields import CHOICES, FIELDS
from heartfeat.cohorts.cohort import Cohort

from .make_corpus import CORPUS
from .mutate import NASTY, mutate_text
from .outcome import check

_NUMBER = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
VALUES = (
    *NASTY,
    "AV",
    "AV+PV",
    "QV",
    "Present",
    "Absent",
    "nan",
    "101",
    "102",
    "105",
    "Child",
    "12.5",
    "I/VI",
)


def csv_case(rng: random.Random, folder: Path) -> None:
    text = (CORPUS / "training_data.csv").read_text()
    content = _change_cell(rng, text) if rng.random() < 0.4 else mutate_text(rng, text)
    (folder / "training_data.csv").write_bytes(content)
    (folder / "training_data").mkdir()
    for name in ("101_AV", "101_PV", "103_AV_1", "104_MV") if rng.random() < 0.4 else ():
        (folder / "training_data" / f"{name}.wav").touch()
    header, *rows = [
        row for row in parse_csv(content.decode("utf-8-sig", "replace")) if "".join(row).strip()
    ] or [[]]
    names = [name.strip().rstrip(":") for name in header]
    compare(read_circor(folder), [dict(zip(names, row, strict=False)) for row in rows])


def _change_cell(rng: random.Random, text: str) -> bytes:
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(rng.choice((1, 1, 2))):
        row = rng.choice(rows[1:])
        value = rng.choice(VALUES)
        quoted = '"' + value.replace('"', '""') + '"'
        row[rng.randrange(len(row))] = quoted if rng.random() < 0.5 else value
    return "\n".join(map(",".join, rows)).encode()


def text_case(rng: random.Random, folder: Path) -> None:
    content = mutate_text(rng, (CORPUS / "101.txt").read_text(), separator=rng.choice((" ", ": ")))
    (folder / "101.txt").write_bytes(content)
    (folder / "101_AV.wav").touch()
    cohort = read_circor(folder)
    lines = re.split(r"\r\n|\r|\n", content.decode("utf-8", "replace"))
    fields = [line[1:].split(":", 1) for line in lines if line.startswith("#") and ":" in line]
    repeated = [name for name, count in Counter(name.strip() for name, _ in fields).items() if count > 1]
    check(not set(repeated) & set(FIELDS), f"{repeated} are there twice, and one of them is taken")
    listed = [line.split()[0] for line in lines[1:] if line.strip() and not line.startswith("#")]
    row = {name.strip(): value for name, value in fields}
    compare(cohort, [{**row, "Patient ID": lines[0].split()[0], "Recording locations": "+".join(listed)}])


def compare(cohort: Cohort, rows: list[dict[str, str]]) -> None:
    """Every cell of the cohort against the cells read by hand."""
    check(cohort.patients.height == len(rows), f"{cohort.patients.height} patients of {len(rows)} rows")
    for patient, row in zip(cohort.patients.to_dicts(), rows, strict=True):
        wanted = {"patient": _text(row, "Patient ID"), "campaign": _text(row, "Campaign")}
        wanted |= {column: _text(row, field) for field, (column, _) in CHOICES.items()}
        wanted["pregnant"] = {None: None, "True": True, "False": False}[wanted["pregnant"]]
        for name in ("Height", "Weight"):
            text = _text(row, name)
            check(text is None or _NUMBER.fullmatch(text) is not None, f"{text!r} passes for a number")
            wanted[name.lower()] = None if text is None else float(text)
        wanted["murmur_locations"] = "+".join(_sites(row, "Murmur locations")) or None
        for column, value in wanted.items():
            check(patient[column] == value, f"{column} is {patient[column]!r}, the file has {value!r}")
        own = cohort.recordings.filter(pl.col("patient") == patient["patient"])
        sites = Counter(own["site"].to_list())
        check(sites >= Counter(_sites(row, "Recording locations")), f"{sites} do not hold all listed sites")
    _compare_persons(cohort, rows)


def _text(row: dict[str, str], field: str) -> str | None:
    value = row[field].strip()
    return None if value.lower() in ("", "nan") else value


def _sites(row: dict[str, str], field: str) -> list[str]:
    return [site.strip() for site in (_text(row, field) or "").split("+") if site.strip()]


def _compare_persons(cohort: Cohort, rows: list[dict[str, str]]) -> None:
    groups = [{_text(row, "Patient ID"), _text(row, "Additional ID")} - {None} for row in rows]
    for group in groups:
        for other in groups:
            if group & other:
                group |= other
                other |= group
    person = dict(cohort.patients.select("patient", "person").rows())
    for group in groups:
        check(
            len({person[patient] for patient in group if patient in person}) == 1, f"{group} are one person"
        )


def parse_csv(text: str) -> list[list[str]]:
    """RFC 4180, one character after the other."""
    rows, row, cell, quoted, at = [], [], "", False, 0
    while at < len(text):
        character = text[at]
        if quoted and character == '"' and text[at + 1 : at + 2] == '"':
            cell += '"'
            at += 1
        elif quoted and character == '"':
            quoted = False
        elif quoted or character not in ',\r\n"' or (character == '"' and cell):
            cell += character
        elif character == '"':
            quoted = True
        elif character == ",":
            row.append(cell)
            cell = ""
        else:
            at += text[at : at + 2] == "\r\n"
            rows.append([*row, cell])
            row, cell = [], ""
        at += 1
    return [*rows, [*row, cell]]
