"""The command line over changed configs: an exit code, and one line where something is wrong."""

import contextlib
import io
import os
import random
import sys
from pathlib import Path
from unittest.mock import patch

from heartfeat.cli import main

from .cohort_kind import write_sounds
from .config_kind import changed_config, changed_override
from .make_corpus import CORPUS
from .outcome import RefusedError, check

COMMANDS = (
    ("cohort",),
    ("cohort",),
    ("splits",),
    ("splits", "--allow-shared-persons"),
    ("extract", "--device", "cpu", "--workers", "1"),
)


def case(rng: random.Random, folder: Path) -> None:
    # Deep enough for what a config with a few ".." in its paths may write.
    here = folder / "a" / "b" / "c"
    write_sounds(here / "sounds")
    seed = (CORPUS / "config.yaml").read_text()
    if rng.random() < 0.7:
        seed = "".join(
            line for line in seed.splitlines(keepends=True) if "speech" not in line and "org/" not in line
        )
        seed = seed.replace("    family: transformers\n", "")
    content = changed_config(rng, seed) if rng.random() < 0.8 else seed.encode()
    (here / "config.yaml").write_bytes(content)
    arguments = [*rng.choice(COMMANDS), "--config", "config.yaml"]
    if rng.random() < 0.3:
        # The system itself refuses an argument with a NUL, or one of 200,000 characters.
        arguments += ["--set", changed_override(rng).replace("\0", "")[:100_000]]
    code, said = run(arguments, here)
    check("Traceback" not in said, f"a traceback: {said[-2000:]}")
    check(code in (0, 1, 2, 3), f"exit code {code!r}: {said[-500:]}")
    if code == 1:
        lines = said.strip().splitlines()
        check(len(lines) == 1 and lines[0].startswith("heartfeat: "), f"more than one line: {said[:1000]!r}")
        check(len(said) < 3000, f"a line of {len(said)} characters: {said[:300]}")
        raise RefusedError(said)
    if code == 2:
        raise RefusedError(said)


def run(arguments: list[str], folder: Path) -> tuple[object, str]:
    """Exit code and standard error of the command line, run in this process in ``folder``."""
    before, errors = Path.cwd(), io.StringIO()
    os.chdir(folder)
    try:
        with (
            patch.object(sys, "argv", ["heartfeat", *arguments]),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(errors),
        ):
            main()
    except SystemExit as end:
        return end.code, errors.getvalue()
    finally:
        os.chdir(before)
    return 0, errors.getvalue()
