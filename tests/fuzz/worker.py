"""Runs cases one after the other, told on standard input, in a process that may be killed.

python -m tests.fuzz.worker            --cold: without first making what the slow kinds need
"""

import json
import random
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from heartfeat.errors import HeartfeatError, RecordingError

from .cohort_kind import clean_folder
from .kinds import KINDS
from .outcome import RefusedError
from .self_test_kind import SELF_TESTS

MEMORY = 2 * 1024**3
"""Bytes that cases may take beyond what the process has when it starts."""

LONGEST_MESSAGE = 2000
CASES = {**KINDS, **SELF_TESTS}


def run_case(kind: str, seed: int, number: int, folder: Path) -> dict[str, str]:
    """One case in a folder of its own: accepted, refused (with the class of the error) or failed."""
    here = folder / f"{kind}-{number}"
    here.mkdir()
    try:
        CASES[kind][0](random.Random(f"{kind} {seed} {number}"), here)
    except HeartfeatError as error:
        name = type(error).__name__
        what = f"{name} ({error.reason})" if isinstance(error, RecordingError) else name
        if len(str(error).splitlines()) != 1 or len(str(error)) > LONGEST_MESSAGE:
            return {
                "outcome": "failed",
                "error": "message",
                "detail": f"no short line: {str(error)[:1000]!r}",
            }
        return {"outcome": "refused", "error": what, "detail": str(error)[:500]}
    except RefusedError:
        return {"outcome": "refused", "error": "exit code 1 or 2", "detail": ""}
    except BaseException as error:  # noqa: BLE001
        where = "".join(traceback.format_exception(error)[-6:])
        return {
            "outcome": "failed",
            "error": type(error).__name__,
            "detail": f"{error!s:.500}\n{where:.3000}",
        }
    finally:
        shutil.rmtree(here, ignore_errors=True)
    return {"outcome": "accepted", "error": "", "detail": ""}


def _limit_memory() -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryDirectory(prefix="heartfeat-fuzz-") as folder:
        if "--cold" not in sys.argv:
            clean_folder()
        if sys.platform == "linux":
            _limit_memory()
        print("ready", file=answers, flush=True)
        for line in sys.stdin:
            kind, seed, number = line.split()
            answer = run_case(kind, int(seed), int(number), Path(folder))
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
