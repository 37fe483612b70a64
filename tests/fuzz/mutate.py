"""Mutations that know nothing of a format but bytes, lines and cells."""

import random

NASTY = (
    "",
    " ",
    "\0",
    '"',
    '""',
    "'",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "-1",
    "0",
    "1e400",
    "1_000",
    "0x10",
    "9" * 5000,
    "²",
    "١٢",
    "é",
    "\ufeff",
    "\r",
    "\r\n",
    "\n",
    "\t",
    ",",
    ";",
    "+",
    "#",
    "\x1c",
    "\u2028",
    "\u202e",
    "../../etc",
    "/",
    "\\",
    "None",
    "True",
    "x" * 300,
    "x" * 140_000,
)
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "latin-1", "utf-32", "cp037")


def mutate_bytes(rng: random.Random, content: bytes, hot: int = 0) -> bytes:
    """One to four changes; half of them within the first ``hot`` bytes where that is not 0."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        _change(rng, changed, hot)
    return bytes(changed)


def _change(rng: random.Random, content: bytearray, hot: int) -> None:
    reach = hot if hot and rng.random() < 0.5 else len(content)
    at = rng.randrange(max(1, min(reach, len(content))))
    length = rng.choice((1, 2, 4, 8, 64, 512))
    some = rng.randbytes(length)
    match rng.choice(
        ("flip", "flip", "flip", "set", "set", "insert", "delete", "repeat", "cut", "zero", "add")
    ):
        case "flip" if content:
            content[at] ^= 1 << rng.randrange(8)
        case "set" if content:
            content[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        case "insert":
            content[at:at] = some
        case "delete":
            del content[at : at + length]
        case "repeat":
            content[at:at] = content[at : at + length]
        case "cut":
            del content[at:]
        case "zero":
            content[at : at + length] = bytes(len(content[at : at + length]))
        case "add":
            content += some


def mutate_text(rng: random.Random, text: str, separator: str = ",") -> bytes:
    """One to three changes to lines or cells, then at times to the encoding or the bytes themselves."""
    lines = text.split("\n")
    for _ in range(rng.choice((1, 1, 2, 3))):
        _change_lines(rng, lines, separator)
    changed = rng.choice(("\n",) * 8 + ("\r\n", "\r")).join(lines)
    chance = rng.random()
    if chance < 0.06:
        return changed.encode(rng.choice(ENCODINGS), errors="replace")
    content = changed.encode()
    return mutate_bytes(rng, content) if chance < 0.2 else content


def _change_lines(rng: random.Random, lines: list[str], separator: str) -> None:
    if not lines:
        return
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    cells = lines[at].split(separator)
    cell = rng.randrange(len(cells))
    match rng.choice(
        ("cell", "cell", "cell", "into", "into", "swap", "lose", "gain", "drop", "repeat", "move")
    ):
        case "cell":
            cells[cell] = rng.choice(NASTY)
        case "into":
            place = rng.randrange(len(cells[cell]) + 1)
            cells[cell] = cells[cell][:place] + rng.choice(NASTY) + cells[cell][place:]
        case "swap":
            with_cell = rng.randrange(len(cells))
            cells[cell], cells[with_cell] = cells[with_cell], cells[cell]
        case "lose":
            del cells[cell]
        case "gain":
            cells.insert(cell, rng.choice((cells[cell], *NASTY)))
        case "drop":
            del lines[at]
            return
        case "repeat":
            lines.insert(other, lines[at])
            return
        case "move":
            lines[at], lines[other] = lines[other], lines[at]
            return
    lines[at] = separator.join(cells)
