"""The time grid of heartfeat's own architecture; free of torch, so that planning is quick."""

from pathlib import Path

from heartfeat.backbones.architectures.pcg_shape import PcgShape
from heartfeat.backbones.grid import WINDOW_SECONDS, Grid
from heartfeat.backbones.logmel_spec import frame_length
from heartfeat.backbones.preprocessing import LEVEL_DBFS


def describe(config: PcgShape, folder: Path, window_seconds: float | None) -> Grid:
    """The time grid of the patches."""
    step = round(config.sample_rate / config.frame_rate)
    hop = step * config.patch_frames
    frames = max(1, round((window_seconds or WINDOW_SECONDS) * config.sample_rate) // hop)
    margin = (frame_length(config.logmel()) - step) // 2
    return Grid(
        sample_rate=config.sample_rate,
        hop=hop,
        frames=frames,
        samples=margin + frames * hop + margin,
        lead=margin,
        level_dbfs=LEVEL_DBFS,
        hidden=config.hidden_size,
        depth=config.num_hidden_layers,
    )
