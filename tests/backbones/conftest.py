from collections.abc import Callable
from pathlib import Path

import pytest

from .tiny_encoders import save_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that gives the folder of a tiny encoder, written on first use."""
    root = tmp_path_factory.mktemp("encoders")

    def folder(name: str) -> Path:
        path = root / name
        return path if path.is_dir() else save_tiny(name, path)

    return folder
