import os
import pty
import subprocess
import sys
import time

import pytest

from heartfeat.commands import progress
from heartfeat.commands.progress import show_progress

SHOW = """
from heartfeat.commands.progress import show_progress
with show_progress() as update:
    update("extracting", 0, 4)
    update("extracting", 3, 4, "0.50 h of audio, 12 s/s\\ncpu:0: 3, 12 s/s")
    update("packing", 4, 4)
"""


def test_without_a_terminal_there_are_plain_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PLAIN_INTERVAL", -1.0)
    with show_progress() as update:
        update("extracting", 1, 4, "0.50 h of audio\ncpu:0: 1")
        update("packing", 0, 4)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "extracting: 1 of 4 (0 s); 0.50 h of audio; cpu:0: 1",
        "packing: 0 of 4 (0 s)",
    ]


def test_a_task_that_is_over_at_once_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress() as update:
        update("packing", 0, 4)
        update("packing", 4, 4)
    assert capsys.readouterr().err == ""


def test_among_tasks_that_are_over_at_once_one_is_told_after_a_while(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PLAIN_INTERVAL", 0.05)
    with show_progress() as update:
        for fold in range(2):
            update(f"fold {fold}: inner fold", 4, 5)
            time.sleep(0.06)
            update(f"fold {fold}: inner fold", 5, 5)
            update(f"fold {fold}: predicting", 2, 2)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"fold {fold}: inner fold: 5 of 5 (0 s)" for fold in range(2)]


def test_a_terminal_shows_bars_with_their_details() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    subprocess.run([sys.executable, "-c", SHOW], stderr=theirs, check=True, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # how Linux says that nobody holds the other end
            break
        shown += piece
        if not piece:
            break
    os.close(ours)
    text = shown.decode()
    for part in ("extracting", "3/4", "0.50 h of audio, 12 s/s", "cpu:0: 3, 12 s/s", "packing", "4/4"):
        assert part in text
