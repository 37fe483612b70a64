"""One worker: read ahead, encode, write behind."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from heartfeat.backbones.backbone import Backbone
from heartfeat.backbones.encode import WindowEncoder
from heartfeat.extraction.ledger import WorkSource
from heartfeat.extraction.prefetch import prefetch
from heartfeat.extraction.prepare import Prepared
from heartfeat.extraction.staging import StagingWriter
from heartfeat.extraction.write_behind import Batch, Encoded, WriteBehind


@dataclass
class Worker:
    """Fills a staging shard until its source has no more work.

    Attributes
    ----------
    source
        Hands out work.
    backbones
        By core key, their models on ``device``.
    staging
        Where blocks go.
    device
        Such as ``"cpu"`` or ``"cuda:0"``.
    batch_size
        Windows per forward pass; None for the device's default.
    decoders
        Processes that decode and filter ahead of the device; 0 for a thread.
    """

    source: WorkSource
    backbones: Mapping[str, Backbone]
    staging: StagingWriter
    device: str = "cpu"
    batch_size: int | None = None
    decoders: int = 0

    def run(self) -> None:
        """Work until there is no more.

        Raises
        ------
        BackboneError
            When features are not finite or too large to store.
        """
        specs = {key: backbone.spec for key, backbone in self.backbones.items()}
        encoders = {key: self._encoder(backbone) for key, backbone in self.backbones.items()}
        wanted = max(encoder.batch_size for encoder in encoders.values())
        with WriteBehind(self.source, specs, self.staging, threads=max(1, self.decoders // 2)) as behind:
            for group in _groups(prefetch(self.source, specs, self.decoders), wanted):
                encoded = [_begin(key, encoder, group) for key, encoder in encoders.items()]
                behind.put(Batch(group, [one for one in encoded if one is not None]))

    def _encoder(self, backbone: Backbone) -> WindowEncoder:
        def tell(size: int) -> None:
            self.source.note(
                f"{self.device}: a batch of {backbone.spec.name} did not fit into memory; went on with {size} windows"
            )

        return WindowEncoder(backbone, self.device, self.batch_size, tell)


def _begin(core_key: str, encoder: WindowEncoder, group: list[Prepared]) -> Encoded | None:
    """Start the forward passes of one feature set's blocks; None where the group has none."""
    blocks = [item for prepared in group for item in prepared.cuts.items() if item[0].core_key == core_key]
    if not blocks:
        return None
    return Encoded(blocks, encoder.start(np.concatenate([cut.windows for _, cut in blocks])))


def _groups(recordings: Iterable[Prepared], wanted: int) -> Iterator[list[Prepared]]:
    """Recordings that together have windows enough for a batch."""
    group: list[Prepared] = []
    windows = 0
    for prepared in recordings:
        group.append(prepared)
        counts: dict[str, int] = {}
        for key, cut in prepared.cuts.items():
            counts[key.core_key] = counts.get(key.core_key, 0) + len(cut.windows)
        windows += max(counts.values(), default=1)
        if windows >= wanted:
            yield group
            group, windows = [], 0
    if group:
        yield group
