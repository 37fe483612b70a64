"""The numbers of heartfeat's own architecture; free of torch, so that planning is quick."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.errors import BackboneError


@dataclass(frozen=True)
class PcgShape:
    """Shape and front end of a :class:`heartfeat.backbones.architectures.pcg.PcgModel`.

    Attributes
    ----------
    sample_rate
        Of the audio (Hz).
    low, high
        Span of the mel bands (Hz).
    bands
        Mel bands per frame.
    frame_rate
        Log-mel frames per second (Hz).
    frame_seconds
        Audio under each frame (s).
    patch_frames
        Frames per token: tokens come ``frame_rate / patch_frames`` times a second.
    mean, std
        Of log-mel over the recordings that the encoder was pretrained on; its input is normalised by them.
    hidden_size, num_hidden_layers, num_attention_heads
        Of the transformer; the hidden layer of a block is four times as wide.
    """

    sample_rate: int = 2000
    low: float = 20.0
    high: float = 800.0
    bands: int = 64
    frame_rate: float = 100.0
    frame_seconds: float = 0.06
    patch_frames: int = 4
    mean: float = 0.0
    std: float = 1.0
    hidden_size: int = 128
    num_hidden_layers: int = 4
    num_attention_heads: int = 4

    @classmethod
    def from_pretrained(cls, folder: Path, local_files_only: bool = True) -> PcgShape:
        """The numbers in a folder's ``config.json``, called as the configs of transformers are.

        Raises
        ------
        BackboneError
            When the file cannot be read.
        """
        path = folder / "config.json"
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{one.name: given[one.name] for one in fields(cls) if one.name in given})
        except (OSError, ValueError, TypeError) as error:
            raise BackboneError(f"{path} cannot be read: {error}") from error

    def logmel(self) -> LogMelSettings:
        """The front end as settings of a log-mel spectrogram."""
        return LogMelSettings(
            sample_rate=self.sample_rate,
            low=self.low,
            high=self.high,
            bands=self.bands,
            token_rate=self.frame_rate,
            frame_seconds=self.frame_seconds,
        )
