"""Fixtures that every room's tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of real recordings; tests that need it are skipped, saying so, where there is none."""
    named = os.environ.get("HEARTFEAT_DATA")
    if not named:
        pytest.skip("HEARTFEAT_DATA is not set: tests on real recordings are skipped")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(
            f"HEARTFEAT_DATA names {named}, which is not a folder: tests on real recordings are skipped"
        )
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: of workers that share files out, none is left with a long one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
