"""Annotations: rows as accepted must be the rows of the file."""

import random
import re
from pathlib import Path

from heartfeat.signals.segmentation.annotation import annotated_states, read_annotation

from .make_corpus import CORPUS
from .mutate import NASTY, mutate_text
from .outcome import check

VALUES = (
    *NASTY,
    "0.12",
    "0.1",
    "0.5",
    "1",
    "2",
    "4",
    "5",
    "0.0",
    "3.0",
    "2.5",
    "1e9",
    "1e-9",
    "-0.0",
    "-0.1",
    "1e308",
)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def case(rng: random.Random, folder: Path) -> None:
    text = (CORPUS / "segments.tsv").read_text()
    if rng.random() < 0.5:
        rows = [line.split("\t") for line in text.splitlines()]
        for _ in range(rng.choice((1, 1, 2))):
            row = rng.choice(rows)
            row[rng.randrange(len(row))] = rng.choice(VALUES)
        content = "\n".join("\t".join(row) for row in rows).encode()
    else:
        content = mutate_text(rng, text, separator="\t")
    path = folder / "segments.tsv"
    path.write_bytes(content)
    annotation = read_annotation(path)
    lines = re.split(r"\r\n|\r|\n", content.decode("utf-8-sig", "replace"))
    cells = [[cell.strip() for cell in line.split("\t")] for line in lines if line.strip()]
    for row in cells:
        check(len(row) == 3 and all(map(_NUMBER.fullmatch, row[:2])), f"{row!r} passes for an interval")
    # A row of no length counts for nothing, whatever its state.
    lasting = [row for row in cells if float(row[0]) != float(row[1])]
    check(all(_NUMBER.fullmatch(state) for _, _, state in lasting), "what is no number passes for a state")
    wanted = sorted({tuple(map(float, row)) for row in lasting})
    check(annotation.tolist() == [list(row) for row in wanted], "other rows come back than the file has")
    states = annotated_states(annotation, duration=0.4)
    check(len(states) == 20 and int(states.max(initial=0)) <= 4, f"no states: {states}")
