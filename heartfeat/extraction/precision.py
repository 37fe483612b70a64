"""Settle the precision of forward passes before feature keys are made."""

from collections.abc import Callable, Sequence
from pathlib import Path

from heartfeat.backbones.load import describe_backbone
from heartfeat.backbones.settings import BackboneSettings, TransformersSettings
from heartfeat.extraction.feature_sets import feature_core
from heartfeat.extraction.plan import staging_folder
from heartfeat.extraction.present import open_present
from heartfeat.extraction.staging import read_staging
from heartfeat.stores.schema import feature_key

PRECISIONS = ("fp32", "bf16", "fp16")


def settle_precision(
    backbones: Sequence[BackboneSettings], uri: str | Path, devices: Callable[[], Sequence[str]]
) -> list[BackboneSettings]:
    """The backbones with ``"auto"`` replaced by a precision, which is part of the feature key.

    Features that are there already decide, so that a store begun on a GPU can be finished on a CPU; else bf16 on a
    GPU that has it, fp16 on one that has not, fp32 on the CPU.

    Parameters
    ----------
    uri
        The store, which need not exist.
    devices
        Gives the devices; asked only when they matter.
    """
    known: set[str] | None = None
    settled: list[BackboneSettings] = []
    for settings in backbones:
        if not isinstance(settings, TransformersSettings) or settings.precision != "auto":
            settled.append(settings)
            continue
        if known is None:
            known = _known_cores(uri)
        choices = [settings.model_copy(update={"precision": precision}) for precision in PRECISIONS]
        present = [one for one in choices if feature_key(feature_core(describe_backbone(one))) in known]
        settled.append(present[0] if present else choices[PRECISIONS.index(_fastest(devices()))])
    return settled


def _known_cores(uri: str | Path) -> set[str]:
    store = open_present(uri)
    stored = {store.features(name).core_key for name in store.feature_sets} if store else set()
    return stored | {key.core_key for key in read_staging(staging_folder(uri)).blocks}


def _fastest(devices: Sequence[str]) -> str:
    if all(device == "cpu" for device in devices):
        return "fp32"
    import torch

    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
