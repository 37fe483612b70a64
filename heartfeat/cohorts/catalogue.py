"""All readers by the name of their dataset, each with the task that it is mostly used for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from heartfeat.cohorts.circor import read_circor
from heartfeat.cohorts.cohort import Cohort
from heartfeat.cohorts.own import read_own
from heartfeat.cohorts.pascal import read_pascal
from heartfeat.cohorts.physionet2016 import read_physionet2016


@dataclass(frozen=True)
class Dataset:
    """A reader, ``read(path, name)``, and the dataset's usual task."""

    read: Callable[[Path, str], Cohort]
    task: str


DATASETS = {
    "circor": Dataset(read_circor, "murmur"),
    "physionet2016": Dataset(read_physionet2016, "normal_abnormal"),
    "pascal": Dataset(read_pascal, "pascal"),
    "own": Dataset(read_own, "murmur"),
}
