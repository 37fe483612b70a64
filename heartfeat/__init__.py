"""heartfeat: extract once, fit in seconds.

One pass runs frozen backbones over every recording into a patient-indexed feature store; heads then train
and are judged off the cached tensors. Every command of the command line is a function here.
"""

import importlib
from typing import TYPE_CHECKING, Any

from heartfeat.version import __version__

_HOME = {
    "Cohort": "heartfeat.cohorts.cohort",
    "Epoch": "heartfeat.heads.monitor",
    "HeartfeatError": "heartfeat.errors",
    "Monitor": "heartfeat.heads.monitor",
    "StopTraining": "heartfeat.heads.monitor",
    "Store": "heartfeat.stores.store",
    "cardiac_states": "heartfeat.signals.segmentation",
    "cohort": "heartfeat.commands",
    "compare": "heartfeat.commands",
    "cross": "heartfeat.commands",
    "demo": "heartfeat.commands",
    "ensemble": "heartfeat.commands",
    "evaluate": "heartfeat.commands",
    "extract": "heartfeat.commands",
    "finetune": "heartfeat.commands",
    "fit": "heartfeat.commands",
    "init": "heartfeat.commands",
    "open_store": "heartfeat.stores.store",
    "predict": "heartfeat.commands",
    "pretrain": "heartfeat.commands",
    "read_annotation": "heartfeat.signals.segmentation",
    "read_circor": "heartfeat.cohorts.circor",
    "read_pascal": "heartfeat.cohorts.pascal",
    "read_physionet2016": "heartfeat.cohorts.physionet2016",
    "segment": "heartfeat.commands",
    "splits": "heartfeat.commands",
    "store_convert": "heartfeat.commands",
    "store_info": "heartfeat.commands",
    "store_ls": "heartfeat.commands",
    "store_merge": "heartfeat.commands",
    "store_repair": "heartfeat.commands",
    "store_rm_features": "heartfeat.commands",
    "store_verify": "heartfeat.commands",
    "sweep": "heartfeat.commands",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from heartfeat.cohorts.circor import read_circor as read_circor
    from heartfeat.cohorts.cohort import Cohort as Cohort
    from heartfeat.cohorts.pascal import read_pascal as read_pascal
    from heartfeat.cohorts.physionet2016 import read_physionet2016 as read_physionet2016
    from heartfeat.commands.cohort import cohort as cohort
    from heartfeat.commands.compare import compare as compare
    from heartfeat.commands.cross import cross as cross
    from heartfeat.commands.demo import demo as demo
    from heartfeat.commands.ensemble import ensemble as ensemble
    from heartfeat.commands.evaluate import evaluate as evaluate
    from heartfeat.commands.extract import extract as extract
    from heartfeat.commands.finetune import finetune as finetune
    from heartfeat.commands.fit import fit as fit
    from heartfeat.commands.init import init as init
    from heartfeat.commands.predict import predict as predict
    from heartfeat.commands.pretrain import pretrain as pretrain
    from heartfeat.commands.segment import segment as segment
    from heartfeat.commands.splits import splits as splits
    from heartfeat.commands.store import store_info as store_info
    from heartfeat.commands.store_convert import store_convert as store_convert
    from heartfeat.commands.store_ls import store_ls as store_ls
    from heartfeat.commands.store_merge import store_merge as store_merge
    from heartfeat.commands.store_repair import store_repair as store_repair
    from heartfeat.commands.store_rm_features import store_rm_features as store_rm_features
    from heartfeat.commands.store_verify import store_verify as store_verify
    from heartfeat.commands.sweep import sweep as sweep
    from heartfeat.errors import HeartfeatError as HeartfeatError
    from heartfeat.heads.monitor import Epoch as Epoch
    from heartfeat.heads.monitor import Monitor as Monitor
    from heartfeat.heads.monitor import StopTraining as StopTraining
    from heartfeat.signals.segmentation import cardiac_states as cardiac_states
    from heartfeat.signals.segmentation import read_annotation as read_annotation
    from heartfeat.stores.store import Store as Store
    from heartfeat.stores.store import open_store as open_store


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a public name when it is first asked for, so that ``heartfeat --help`` stays quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'heartfeat' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
