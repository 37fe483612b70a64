"""Python in a process of its own, with less room on the disk or fewer rights than this one."""

import ctypes
import os
import resource
import signal
import subprocess
import sys

import pytest

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2

FULL = "full"
"""Files may not grow beyond 300,000 bytes, as on a disk that fills up."""
UNPRIVILEGED = "unprivileged"
"""Permissions hold even for root."""


def run_python(code: str, *arguments: object, limit: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``code`` with ``arguments`` in ``sys.argv[1:]``."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    before = {FULL: _fill_up, UNPRIVILEGED: _drop_rights}.get(limit)
    if limit == UNPRIVILEGED and os.geteuid() == 0 and sys.platform != "linux":
        pytest.skip("root's rights can be dropped on Linux alone: permissions are not tested")
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=before)


def _fill_up() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


def _drop_rights() -> None:
    if os.geteuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if library.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "the rights of root cannot be dropped")
