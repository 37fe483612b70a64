"""The network of the `mambaformer` head."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.block import MultiScaleBlock
from heartfeat.heads.mamba.pooling import AttentivePooling
from heartfeat.heads.mamba.site_attention import SiteAttention
from heartfeat.heads.mamba.stems import Stem
from heartfeat.heads.settings import MambaFormerSettings

_METADATA_WIDTH = 16


class MambaFormerNet(nn.Module):
    """Stems, multi-scale Mamba-2 blocks, pooling per recording, attention between sites, classifiers.

    Parameters
    ----------
    settings
        Widths and depths.
    specs
        Feature sets, one stem each.
    sites, metadata, classes
        Numbers of site codes, of metadata inputs (0: none) and of classes.
    """

    def __init__(
        self,
        settings: MambaFormerSettings,
        specs: Sequence[FeatureSpec],
        sites: int,
        metadata: int,
        classes: int,
    ) -> None:
        super().__init__()
        width, dropout = settings.width, settings.dropout
        length = max(1, round(settings.crop_seconds * settings.token_rate))
        self.names = [spec.name for spec in specs]
        self.stems = nn.ModuleList(Stem(spec, width, length) for spec in specs)
        self.join = nn.Linear(width * len(specs), width)
        self.blocks = nn.ModuleList(
            MultiScaleBlock(width, settings.state, settings.scales, dropout) for _ in range(settings.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.pooling = AttentivePooling(width, dropout)
        self.recording_classifier = nn.Linear(width, classes)
        self.site_attention = SiteAttention(width, sites, dropout)
        self.metadata = nn.Sequential(nn.Linear(metadata, _METADATA_WIDTH), nn.GELU()) if metadata else None
        extra = _METADATA_WIDTH if metadata else 0
        self.patient_classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(width + extra, classes))

    def learn_scales(self, tokens: Mapping[str, Tensor]) -> None:
        """Take mean and deviation of every input dimension from training tokens ``(rows, D)``."""
        for name, stem in self._stems():
            stem.standardise.learn(tokens[name])

    def standardise(self, crops: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Crops by feature set, standardised with the figures of the training tokens."""
        return {name: stem.standardise(crops[name]) for name, stem in self._stems()}

    def encode(self, crops: Mapping[str, Tensor]) -> Tensor:
        """Standardised crops, ``(crops, tokens, dim)`` per feature set, to vectors ``(crops, width)``."""
        stems = [stem(crops[name]) for name, stem in self._stems()]
        tokens = self.join(torch.cat(stems, dim=-1))
        for block in self.blocks:
            tokens = block(tokens)
        return self.pooling(self.norm(tokens))

    def recording_logits(self, vectors: Tensor) -> Tensor:
        """``(recordings, width)`` to ``(recordings, classes)``."""
        return self.recording_classifier(vectors)

    def patient_logits(self, vectors: Tensor, sites: Tensor, slots: Tensor, metadata: Tensor) -> Tensor:
        """Logits per patient.

        Parameters
        ----------
        vectors, sites
            ``(recordings, width)`` and ``(recordings,)`` site codes.
        slots
            ``(patients, most recordings)`` int64: rows of ``vectors`` of each patient, -1 for padding.
        metadata
            ``(patients, metadata)``.

        Returns
        -------
        Tensor
            ``(patients, classes)``.
        """
        present = slots >= 0
        rows = slots.clamp(min=0)
        pooled = self.site_attention(vectors[rows], sites[rows], present)
        if self.metadata is not None:
            pooled = torch.cat([pooled, self.metadata(metadata)], dim=-1)
        return self.patient_classifier(pooled)

    def _stems(self) -> Iterator[tuple[str, Stem]]:
        return zip(self.names, cast(Iterable[Stem], self.stems), strict=True)
