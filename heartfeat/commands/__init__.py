"""The commands: each is one Python function and, with the same arguments, one command of the command line."""

from heartfeat.commands.cohort import cohort
from heartfeat.commands.compare import compare
from heartfeat.commands.demo import demo
from heartfeat.commands.evaluate import evaluate
from heartfeat.commands.extract import extract
from heartfeat.commands.fit import fit
from heartfeat.commands.init import init
from heartfeat.commands.predict import predict
from heartfeat.commands.splits import splits
from heartfeat.commands.store import store_info

__all__ = [
    "cohort",
    "compare",
    "demo",
    "evaluate",
    "extract",
    "fit",
    "init",
    "predict",
    "splits",
    "store_info",
]
