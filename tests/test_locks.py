import subprocess
import sys

import pytest

from heartfeat.errors import StoreError
from heartfeat.locks import held

REFUSAL = StoreError("somebody else is at it")
HOLDER = """
import sys
from pathlib import Path
from heartfeat.errors import StoreError
from heartfeat.locks import held

with held(Path(sys.argv[1]), StoreError("")):
    print("held", flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such locks there")


def test_a_held_file_is_refused_to_others_and_free_afterwards(tmp_path):
    path = tmp_path / "held"
    with held(path, REFUSAL), pytest.raises(StoreError, match="somebody else"), held(path, REFUSAL):
        pass
    with held(path, REFUSAL):
        assert path.exists()


def test_a_killed_process_holds_nothing(tmp_path):
    path = tmp_path / "held"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="somebody else"), held(path, REFUSAL):
            pass
        other.kill()
    with held(path, REFUSAL):
        pass


def test_its_holder_may_remove_the_file(tmp_path):
    path = tmp_path / "held"
    with held(path, REFUSAL):
        path.unlink()
    with held(path, REFUSAL), pytest.raises(StoreError), held(path, REFUSAL):
        pass
