"""The long run.

python -m tests.fuzz                       every kind, 12,000 cases
python -m tests.fuzz --cases 500           500 cases in all
python -m tests.fuzz wav 0 17              one case again, its error shown
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .kinds import KINDS
from .runner import Tally, run_cases
from .worker import run_case

CASES = 12_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("case", nargs="*", metavar="KIND SEED NUMBER", help="run one case again")
    parser.add_argument("--cases", type=int, default=CASES, help=f"how many in all [{CASES}]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", help="only these, separated by commas")
    given = parser.parse_args()
    if given.case:
        return _again(*given.case)
    kinds = given.kinds.split(",") if given.kinds else list(KINDS)
    tallies = run_cases(cases_of(kinds, given.cases, given.seed), tell=lambda text: print(text, flush=True))
    print("\n".join(table(tallies)))
    return 1 if any(tally.failures for tally in tallies.values()) else 0


def cases_of(kinds: list[str], total: int, seed: int) -> Iterator[tuple[str, int, int]]:
    """``(kind, seed, number)`` of about ``total`` cases, divided as `KINDS` says."""
    whole = sum(KINDS[kind][1] for kind in kinds)
    for kind in kinds:
        for number in range(-(-total * KINDS[kind][1] // whole)):
            yield kind, seed, number


def _again(kind: str, seed: str, number: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        answer = run_case(kind, int(seed), int(number), Path(folder))
    print(answer["outcome"], answer["error"], answer["detail"], sep="\n")
    return int(answer["outcome"] == "failed")


def table(tallies: dict[str, Tally]) -> list[str]:
    """The tallies as a markdown table."""
    rows = ["| kind | cases | accepted | refused | with | failures |", "|---|---|---|---|---|---|"]
    for kind, tally in tallies.items():
        errors = ", ".join(f"{name} {count}" for name, count in tally.refused.most_common())
        refused = sum(tally.refused.values())
        rows.append(
            f"| {kind} | {tally.cases:,} | {tally.accepted:,} | {refused:,} | {errors} | {len(tally.failures)} |"
        )
    cases = sum(tally.cases for tally in tallies.values())
    accepted = sum(tally.accepted for tally in tallies.values())
    refused = sum(sum(tally.refused.values()) for tally in tallies.values())
    failures = sum(len(tally.failures) for tally in tallies.values())
    return [*rows, f"| all | {cases:,} | {accepted:,} | {refused:,} | | {failures} |"]


if __name__ == "__main__":
    sys.exit(main())
