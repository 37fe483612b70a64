"""Checkpoint files from elsewhere: opened without running any code, recognised, and used whole or not at all."""

import hashlib
import json
import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from heartfeat.backbones.checkpoint import refuse
from heartfeat.backbones.layouts import m2d, microsoft_beats, pahcl
from heartfeat.backbones.layouts.reading import Reading
from heartfeat.errors import BackboneError

LAYOUTS = (pahcl.read, microsoft_beats.read, m2d.read)

WRAPPERS = ("model_state_dict", "state_dict", "model")
"""Keys under which training code keeps the weights."""

WRAPPED = ("module.", "_orig_mod.")
"""What parallel and compiled training puts before every name."""

COUNTERS = ".num_batches_tracked"
"""How the names of batch norm's step counters end, which bear on nothing."""

DAMAGED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.PickleError,
    struct.error,
    zipfile.BadZipFile,
)
"""What torch.load raises at files that are cut off or changed."""


@dataclass(frozen=True)
class FileSource:
    """One checkpoint file; see :class:`heartfeat.backbones.source.Source`."""

    path: Path
    _summary: "_Summary"

    def model_type(self) -> str:
        """The architecture, as in ``config.json``."""
        return self._summary.model_type

    def config(self, config_class: Any) -> Any:  # noqa: ANN401 - transformers' classes
        """The config, of the architecture's class."""
        return config_class(**self._summary.config)

    def digest(self) -> str:
        """SHA-256 over config and used weights, wherever the file lies and whatever else it holds."""
        return self._summary.digest

    def note(self) -> str:
        """One line on what is left aside, and on what the file does not tell."""
        return f"{self.path.name}: {'; '.join(self._summary.notes)}" if self._summary.notes else ""

    def load(self, model_class: Any, config: Any) -> Any:  # noqa: ANN401 - transformers' classes
        """The model with every one of its weights, in float32 and evaluation mode.

        Raises
        ------
        BackboneError
            When weights are missing, left over or of another shape: features would be partly random.
        """
        model = model_class(config)
        own, given = model.state_dict(), dict(_read(self.path).weights)
        given = {**{name: own[name] for name in own if name.endswith(COUNTERS)}, **given}
        refuse(self.path, "lacks", [name for name in own if name not in given])
        refuse(self.path, "has unknown", [name for name in given if name not in own])
        refuse(self.path, "has misshapen", [name for name in own if given[name].shape != own[name].shape])
        model.load_state_dict(given)
        return model.float().eval()


def open_checkpoint_file(model: str) -> FileSource:
    """The checkpoint in a file.

    Raises
    ------
    BackboneError
        When there is no such file, when it holds more than plain data, is damaged, or is of no known layout.
    """
    path = Path(model).expanduser()
    try:
        stat = path.stat()
    except OSError as error:
        raise BackboneError(f"there is no file {path} ({error.strerror})") from error
    return FileSource(path, _summarise(path.resolve(), stat.st_size, stat.st_mtime_ns))


@dataclass(frozen=True)
class _Summary:
    """A file's reading without its weights."""

    model_type: str
    config: Mapping[str, Any]
    digest: str
    notes: tuple[str, ...]


@lru_cache(maxsize=16)
def _summarise(path: Path, size: int, mtime: int) -> _Summary:
    """Read once per process while the file stays as it is, for hashing large weights takes seconds."""
    reading = _read(path)
    notes = tuple(note for note in (reading.left_aside(), *reading.remarks) if note)
    return _Summary(reading.model_type, reading.config, _digest(reading), notes)


def _read(path: Path) -> Reading:
    content = _open(path)
    weights = _state_dict(path, content)
    for layout in LAYOUTS:
        try:
            reading = layout(content, weights)
        except BackboneError as error:
            raise BackboneError(f"{path} cannot be used: {error}") from error
        if reading:
            return reading
    shown = ", ".join(sorted(weights)[:3])
    raise BackboneError(
        f"the layout of {path} is not known (its weights are named {shown}, ...); known are those of PA-HCL, BEATs "
        "and M2D. Save other models of transformers as a folder with save_pretrained"
    )


def _open(path: Path) -> Mapping[Any, Any]:
    """What is in the file, of types that torch reads without running code."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except DAMAGED as error:
        kind = re.search(r"Unsupported (?:global|class): (?:GLOBAL )?(\S+)", str(error))
        if kind:
            raise BackboneError(_more_than_data(path, kind[1])) from error
        reason = str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
        raise BackboneError(f"{path} cannot be read ({reason}); it may be cut off: fetch it again") from error
    if not isinstance(content, Mapping):
        raise BackboneError(f"{path} holds a {type(content).__name__}; expected a dict of weights")
    return content


def _more_than_data(path: Path, kind: str) -> str:
    return (
        f"{path} holds {kind}, which to load would run code; heartfeat reads weights and plain numbers only. Where you "
        "trust the file, save it again where its code is installed: c = torch.load(OLD, weights_only=False); "
        "torch.save({'model_state_dict': c['model_state_dict'], 'config': a dict of plain numbers}, NEW)"
    )


def _state_dict(path: Path, content: Mapping[Any, Any]) -> dict[str, Tensor]:
    """The weights by name, out of what training code wraps them in."""
    found = next((content[key] for key in WRAPPERS if isinstance(content.get(key), Mapping)), content)
    weights = {name: value for name, value in found.items() if _is_plain(value)}
    if not weights or (found is not content and len(weights) < len(found)):
        raise BackboneError(
            f"{path} holds no weights by name where they are looked for: under {', '.join(WRAPPERS)}, or at the top"
        )
    for before in WRAPPED:
        if all(str(name).startswith(before) for name in weights):
            weights = {str(name).removeprefix(before): weight for name, weight in weights.items()}
    return {str(name): weight for name, weight in weights.items()}


def _is_plain(value: object) -> bool:
    """Whether a value is a tensor of numbers in memory: not sparse, not quantised, not a mere shape."""
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
    )


def _digest(reading: Reading) -> str:
    """SHA-256 over names, types, shapes and bytes of the used weights, and the config."""
    digest = hashlib.sha256(json.dumps([reading.model_type, dict(reading.config)], sort_keys=True).encode())
    for name, weight in sorted(reading.weights.items()):
        digest.update(f"{name} {weight.dtype} {tuple(weight.shape)}\n".encode())
        digest.update(weight.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
