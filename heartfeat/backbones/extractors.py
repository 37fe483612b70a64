"""Settings of a checkpoint's own audio front end."""

from pathlib import Path
from typing import Any

from heartfeat.errors import BackboneError


def load_extractor(extractor_class: Any, folder: Path, **defaults: Any) -> Any:  # noqa: ANN401 - any family's class
    """The feature extractor beside a checkpoint; the library's defaults and ``defaults`` where it has none.

    Raises
    ------
    BackboneError
        When ``preprocessor_config.json`` is damaged.
    """
    if not (folder / "preprocessor_config.json").is_file():
        return extractor_class(**defaults)
    try:
        return extractor_class.from_pretrained(folder, local_files_only=True)
    except (OSError, TypeError, ValueError) as error:
        raise BackboneError(f"{folder / 'preprocessor_config.json'} cannot be read: {error}") from error


def fixed_length(samples: int, sample_rate: int, window_seconds: float | None) -> None:
    """Refuse a window length that an encoder with learned positions cannot take.

    Raises
    ------
    BackboneError
        Names the one length (s) that it takes.
    """
    if window_seconds is not None and abs(window_seconds * sample_rate - samples) > sample_rate * 0.02:
        raise BackboneError(
            f"window_seconds is {window_seconds:g}, and this encoder takes windows of "
            f"{samples / sample_rate:g} s only; leave window_seconds out"
        )
