"""The commands: each is one Python function and, with the same arguments, one command of the command line."""

from heartfeat.commands.arguments import pythonic
from heartfeat.commands.cohort import cohort
from heartfeat.commands.compare import compare
from heartfeat.commands.cross import cross
from heartfeat.commands.demo import demo
from heartfeat.commands.ensemble import ensemble
from heartfeat.commands.evaluate import evaluate
from heartfeat.commands.extract import extract
from heartfeat.commands.finetune import finetune
from heartfeat.commands.fit import fit
from heartfeat.commands.init import init
from heartfeat.commands.predict import predict
from heartfeat.commands.pretrain import pretrain
from heartfeat.commands.segment import segment
from heartfeat.commands.splits import splits
from heartfeat.commands.store import store_info
from heartfeat.commands.store_convert import store_convert
from heartfeat.commands.store_ls import store_ls
from heartfeat.commands.store_merge import store_merge
from heartfeat.commands.store_repair import store_repair
from heartfeat.commands.store_rm_features import store_rm_features
from heartfeat.commands.store_verify import store_verify
from heartfeat.commands.sweep import sweep

__all__ = [
    "cohort",
    "compare",
    "cross",
    "demo",
    "ensemble",
    "evaluate",
    "extract",
    "finetune",
    "fit",
    "init",
    "predict",
    "pretrain",
    "segment",
    "splits",
    "store_convert",
    "store_info",
    "store_ls",
    "store_merge",
    "store_repair",
    "store_rm_features",
    "store_verify",
    "sweep",
]

globals().update({name: pythonic(globals()[name]) for name in __all__})
