"""Where a model's weights come from: a folder that transformers wrote, or one checkpoint file from elsewhere."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from heartfeat.backbones.checkpoint import find_checkpoint, load_checked, weights_digest
from heartfeat.errors import BackboneError

FILE_SUFFIXES = (".pt", ".pth", ".ckpt")
"""Of checkpoints that are a single file."""


class Source(Protocol):
    """A model's config and weights."""

    @property
    def path(self) -> Path:
        """Folder or file."""

    def model_type(self) -> str:
        """The architecture, as in ``config.json``."""

    def config(self, config_class: Any) -> Any:  # noqa: ANN401 - transformers' classes
        """The config, of the architecture's class."""

    def digest(self) -> str:
        """SHA-256 over config and weights, wherever they lie."""

    def note(self) -> str:
        """One line on what is left aside, and on what the weights do not tell; empty where there is nothing to say."""

    def load(self, model_class: Any, config: Any) -> Any:  # noqa: ANN401 - transformers' classes
        """The model with every one of its weights, in float32 and evaluation mode."""


def find_source(model: str) -> Source:
    """What the setting ``model`` names.

    Raises
    ------
    BackboneError
        When there is no such model, or a file cannot be read.
    """
    path = Path(model).expanduser()
    if path.suffix in FILE_SUFFIXES and not path.is_dir():
        from heartfeat.backbones.checkpoint_files import open_checkpoint_file

        return open_checkpoint_file(model)
    return FolderSource(find_checkpoint(model))


@dataclass(frozen=True)
class FolderSource:
    """A folder with ``config.json`` and safetensors weights."""

    path: Path

    def model_type(self) -> str:
        """See :class:`Source`."""
        try:
            config = json.loads((self.path / "config.json").read_text(encoding="utf-8"))
            return str(config.get("model_type", ""))
        except (OSError, ValueError, AttributeError) as error:
            raise BackboneError(f"{self.path / 'config.json'} cannot be read: {error}") from error

    def config(self, config_class: Any) -> Any:  # noqa: ANN401 - transformers' classes
        """See :class:`Source`."""
        return config_class.from_pretrained(self.path, local_files_only=True)

    def digest(self) -> str:
        """See :class:`Source`."""
        return weights_digest(self.path)

    def note(self) -> str:
        """See :class:`Source`."""
        return ""

    def load(self, model_class: Any, config: Any) -> Any:  # noqa: ANN401 - transformers' classes
        """See :class:`Source`."""
        return load_checked(model_class, self.path)
