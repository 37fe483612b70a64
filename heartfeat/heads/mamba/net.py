"""The network of the `mambaformer` head."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import cast

import torch
from torch import Tensor, nn

from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba.auxiliary import AuxiliaryTasks
from heartfeat.heads.mamba.crops import statistics_of
from heartfeat.heads.mamba.cycle_path import CyclePath
from heartfeat.heads.mamba.gate import PhaseGate, gate_source
from heartfeat.heads.mamba.mixing import sequence_blocks
from heartfeat.heads.mamba.pooling import AttentivePooling
from heartfeat.heads.mamba.site_attention import SiteAttention, SiteMean
from heartfeat.heads.mamba.statistics_path import StatisticsPath
from heartfeat.heads.mamba.stems import Stem
from heartfeat.heads.neural.standardise import Standardise
from heartfeat.heads.settings import MambaFormerSettings

_METADATA_WIDTH = 16

_CONTRAST_WIDTH = 32


class MambaFormerNet(nn.Module):
    """Stems, phase gate, multi-scale Mamba-2 blocks, pooling per recording, attention between sites, classifiers.

    Parameters
    ----------
    settings
        Widths and depths.
    specs
        Feature sets, one stem each.
    sites, metadata, classes
        Numbers of site codes, of metadata inputs (0: none) and of classes.
    tasks
        Number of classes of every auxiliary task.
    """

    def __init__(
        self,
        settings: MambaFormerSettings,
        specs: Sequence[FeatureSpec],
        sites: int,
        metadata: int,
        classes: int,
        tasks: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        width, dropout = settings.width, settings.dropout
        length = max(1, round(settings.crop_seconds * settings.token_rate))
        in_time = [spec for spec in specs if spec.cycle is None]
        in_cycle = [spec for spec in specs if spec.cycle is not None]
        pooled = in_time if settings.statistics else []
        self.names, self.cycle_names = [spec.name for spec in in_time], [spec.name for spec in in_cycle]
        self.statistics_names = [statistics_of(spec.name) for spec in pooled]
        self.stems = nn.ModuleList(Stem(spec, width, length) for spec in in_time)
        self.join = nn.Linear(width * max(1, len(in_time)), width)
        self.blocks = nn.ModuleList(sequence_blocks(settings))
        self.norm = nn.LayerNorm(width)
        self.pooling = AttentivePooling(width, dropout)
        self.recording_classifier = nn.Linear(width, classes)
        attention = settings.site_attention
        self.site_attention = SiteAttention(width, sites, dropout) if attention else SiteMean(width, sites)
        self.metadata = nn.Sequential(nn.Linear(metadata, _METADATA_WIDTH), nn.GELU()) if metadata else None
        of_patient = width + (_METADATA_WIDTH if metadata else 0)
        self.patient_classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(of_patient, classes))
        # What is not always there comes last, so that it changes no random draw of the others.
        self.statistics = nn.ModuleList(StatisticsPath(spec, width, dropout) for spec in pooled)
        self.cycles = nn.ModuleList(CyclePath(spec, settings) for spec in in_cycle)
        paths = bool(in_time) + len(self.statistics) + len(self.cycles)
        self.merge = nn.Linear(paths * width, width) if paths > 1 else nn.Identity()
        self.gate = PhaseGate(gate_source(settings.gate, specs), width) if settings.gate != "none" else None
        self.auxiliary = AuxiliaryTasks(tasks, of_patient, width) if tasks else None
        self.projection = _projection(width) if settings.contrastive else None

    def learn_scales(self, tokens: Mapping[str, Tensor]) -> None:
        """Take mean and deviation of every input dimension from training tokens ``(rows, D)``."""
        for name, standardise in self._standardisers():
            standardise.learn(tokens[name])

    def standardise(self, crops: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Crops of all or some feature sets, standardised with the figures of the training tokens."""
        return {
            name: standardise(crops[name]) for name, standardise in self._standardisers() if name in crops
        }

    def encode(self, crops: Mapping[str, Tensor], whole: Mapping[str, Tensor] | None = None) -> Tensor:
        """Standardised crops to vectors ``(crops, width)``.

        Parameters
        ----------
        crops
            What `CropCutter.cut` gives.
        whole
            What `encode_whole` says of each crop's recording, where that is known; then ``crops`` need not hold it.
        """
        vectors = [self._encode_time(crops)] if self.names else []
        vectors += (self.encode_whole(crops) if whole is None else whole).values()
        return self.merge(torch.cat(vectors, dim=-1))

    def encode_whole(self, crops: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Vectors ``(crops, width)`` of beats and of statistics, which are the same for all crops of a recording."""
        return {name: path(crops[name]) for name, path in self._whole()}

    def _encode_time(self, crops: Mapping[str, Tensor]) -> Tensor:
        stems = [stem(crops[name]) for name, stem in self._stems()]
        tokens = self.join(torch.cat(stems, dim=-1))
        if self.gate is not None:
            tokens = self.gate(tokens, crops[self.gate.name])
        for block in self.blocks:
            tokens = block(tokens)
        return self.pooling(self.norm(tokens))

    def recording_logits(self, vectors: Tensor) -> Tensor:
        """``(recordings, width)`` to ``(recordings, classes)``."""
        return self.recording_classifier(vectors)

    def patient_logits(self, vectors: Tensor, sites: Tensor, slots: Tensor, metadata: Tensor) -> Tensor:
        """`patient_vectors` to logits ``(patients, classes)``."""
        return self.patient_classifier(self.patient_vectors(vectors, sites, slots, metadata))

    def extra_logits(
        self, vectors: Tensor, sites: Tensor, slots: Tensor, metadata: Tensor
    ) -> dict[str, Tensor]:
        """`patient_vectors` to logits ``(patients, classes)`` of every auxiliary task."""
        patients = self.patient_vectors(vectors, sites, slots, metadata)
        return self.auxiliary(patients) if self.auxiliary is not None else {}

    def patient_vectors(self, vectors: Tensor, sites: Tensor, slots: Tensor, metadata: Tensor) -> Tensor:
        """All recordings and metadata of each patient as one vector.

        Parameters
        ----------
        vectors, sites
            ``(recordings, width)`` and ``(recordings,)`` site codes.
        slots
            ``(patients, most recordings)`` int64: rows of ``vectors`` of each patient, -1 for padding.
        metadata
            ``(patients, metadata)``.
        """
        present = slots >= 0
        rows = slots.clamp(min=0)
        pooled = self.site_attention(vectors[rows], sites[rows], present)
        return pooled if self.metadata is None else torch.cat([pooled, self.metadata(metadata)], dim=-1)

    def _stems(self) -> Iterator[tuple[str, Stem]]:
        return zip(self.names, cast(Iterable[Stem], self.stems), strict=True)

    def _standardisers(self) -> Iterator[tuple[str, Standardise]]:
        yield from ((name, stem.standardise) for name, stem in self._stems())
        yield from ((name, path.standardise) for name, path in self._whole())

    def _whole(self) -> Iterator[tuple[str, CyclePath | StatisticsPath]]:
        cycles = cast(Iterable[CyclePath], self.cycles)
        yield from zip(self.cycle_names, cycles, strict=True)
        statistics = cast(Iterable[StatisticsPath], self.statistics)
        yield from zip(self.statistics_names, statistics, strict=True)


def _projection(width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, _CONTRAST_WIDTH))
