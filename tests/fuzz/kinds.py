"""Every kind of case: a function that changes a seed, uses it, and checks what was accepted."""

import random
from collections.abc import Callable
from pathlib import Path

from . import (
    cli_kind,
    cohort_kind,
    config_kind,
    flac_kind,
    hea_kind,
    splits_kind,
    store_kind,
    tables_kind,
    tsv_kind,
    wav_kind,
)

Case = Callable[[random.Random, Path], None]

KINDS: dict[str, tuple[Case, int]] = {
    "wav": (wav_kind.case, 20),
    "flac": (flac_kind.case, 15),
    "hea": (hea_kind.case, 8),
    "tsv": (tsv_kind.case, 6),
    "csv": (tables_kind.csv_case, 14),
    "text-header": (tables_kind.text_case, 5),
    "splits": (splits_kind.case, 7),
    "yaml": (config_kind.case, 10),
    "cli": (cli_kind.case, 3),
    "cohort": (cohort_kind.case, 3),
    "store-attributes": (store_kind.attributes_case, 7),
    "store-files": (store_kind.files_case, 7),
}
"""Function, and share of the cases of a run."""
