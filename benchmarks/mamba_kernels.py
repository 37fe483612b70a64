"""Recordings per second that the `mambaformer` network learns from and judges, its mixers run in two ways.

On a GPU with mamba-ssm's kernel against PyTorch; on the CPU in PyTorch our way against transformers'. The network
of the default settings on random tokens in the shapes of the shipped feature sets: a training step (forward, backward,
AdamW, moving average) on the crops of one batch, cutting and augmenting left out, and judging of patients with four
recordings of 20 s each as the head does it, cutting included.

    python benchmarks/mamba_kernels.py
    python benchmarks/mamba_kernels.py --device cpu
"""

import argparse
import copy
import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import polars as pl
import torch
from extraction_data import medians, print_table
from torch import Tensor
from transformers.models.mamba2 import modeling_mamba2
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer

from heartfeat.backbones.beats_spec import STATISTICS as BEAT_STATISTICS
from heartfeat.extraction.pooling import STATISTICS
from heartfeat.heads.examples import UNLABELLED, Examples, FeatureArrays, consecutive_spans
from heartfeat.heads.feature_spec import FeatureSpec
from heartfeat.heads.mamba import mixer
from heartfeat.heads.mamba.crops import statistics_of
from heartfeat.heads.mamba.inputs import Inputs
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.mamba.training import BatchLoss
from heartfeat.heads.mamba.training_bags import RECORDINGS_PER_PATIENT, Batch
from heartfeat.heads.neural.compute import Compute, computing, moved, on_device
from heartfeat.heads.neural.trainer import Trainer
from heartfeat.heads.settings import MambaFormerSettings

CLASSES = ("Present", "Unknown", "Absent")
SITES = ("AV", "MV", "PV", "TV")

PATIENTS, SECONDS = 16, 20.0
"""Patients that are judged at a time, and the length of their recordings, one at each site."""

SETS = {
    "beats": {
        "core": {"family": "beats", "windows": "beats", "transform": {"phases": [48]}},
        "core_key": "",
        "dim": 48 * 40,
        "token_rate": None,
        "statistics": BEAT_STATISTICS,
    },
    "pcg": {"core_key": "", "dim": 128, "token_rate": 25.0, "statistics": STATISTICS},
}
"""Attributes of the feature sets."""

Ways = dict[str, Callable[[], AbstractContextManager[object]]]


@contextmanager
def pytorch_only() -> Iterator[None]:
    """Within it, mixers run on PyTorch where they could run on kernels."""
    before, mixer.kernel = mixer.kernel, lambda: None
    try:
        yield
    finally:
        mixer.kernel = before


@contextmanager
def transformers_only() -> Iterator[None]:
    """Within it, mixers go transformers' way through their weights, in PyTorch also where mamba-ssm is installed."""
    ours, mixer.Mixer.forward = mixer.Mixer.forward, Mamba2Mixer.forward
    kernels = {name: f for name, f in vars(modeling_mamba2).items() if hasattr(f, "__wrapped__")}
    vars(modeling_mamba2).update({name: f.__wrapped__ for name, f in kernels.items()})
    try:
        yield
    finally:
        mixer.Mixer.forward = ours
        vars(modeling_mamba2).update(kernels)


WAYS: dict[bool, Ways] = {
    True: {"kernels": nullcontext, "PyTorch": pytorch_only},
    False: {"PyTorch": nullcontext, "transformers": transformers_only},
}
"""Whether on a GPU, and the two ways compared there."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda:0", help="cuda:N or cpu")
    parser.add_argument("--precision", nargs="+", choices=("fp32", "bf16"), default=["fp32", "bf16"])
    parser.add_argument("--sets", nargs="+", choices=tuple(SETS), default=list(SETS))
    parser.add_argument("--seconds", type=float, default=MambaFormerSettings().crop_seconds, help="of a crop")
    parser.add_argument("--batch-patients", type=int, default=MambaFormerSettings().batch_patients)
    parser.add_argument("--layers", type=int, default=MambaFormerSettings().layers)
    parser.add_argument("--steps", type=int, default=20, help="training steps, and judgements, per round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    on_gpu = options.device != "cpu"
    if on_gpu and (lack := missing()):
        print(f"nothing to compare here: {lack}; --device cpu compares two ways in PyTorch")
        return
    inputs = new_inputs(options)
    ways = WAYS[on_gpu]
    first, second = ways
    rows, apart = [], []
    for precision in options.precision:
        compute = Compute(options.device, precision)
        for work, prepare, recordings in (
            ("training step", learning, inputs.settings.batch_patients * RECORDINGS_PER_PATIENT),
            ("judging", judging, PATIENTS * len(SITES)),
        ):
            works = {
                name: repeated(prepare(inputs, compute), way, options.steps) for name, way in ways.items()
            }
            for warm_up in works.values():
                warm_up()
            taken = medians(works, options.rounds)
            rates = [recordings * options.steps / taken[name] for name in ways]
            rows.append([precision, work, *(f"{rate:,.0f}" for rate in rates), f"{rates[0] / rates[1]:.2f}"])
        apart.append(
            [precision, *(f"{deviation(inputs, compute, ways, learns):.1e}" for learns in (True, False))]
        )
    sets = " + ".join(spec.name for spec in inputs.specs)
    heads = ("precision", "work", f"{first}: recordings/s", f"{second}: recordings/s", "ratio")
    device = torch.cuda.get_device_name(options.device) if on_gpu else f"{torch.get_num_threads()} threads"
    print_table(
        f"{options.device} ({device}), {sets}, crops of {inputs.settings.crop_seconds} s", heads, rows
    )
    heads = ("precision", "training mode", "judging")
    print_table("largest deviation of the network's vectors, relative to the largest", heads, apart)


def missing() -> str:
    """What this machine lacks for the kernels; empty where it has everything."""
    if not torch.cuda.is_available():
        return "no GPU that torch can use"
    try:
        importlib.import_module("mamba_ssm.ops.triton.ssd_combined")
    except ImportError as error:
        return f"mamba-ssm cannot be imported ({error})"
    return ""


def new_inputs(options: argparse.Namespace) -> Inputs:
    settings = MambaFormerSettings(
        crop_seconds=options.seconds,
        batch_patients=options.batch_patients,
        layers=options.layers,
        metadata=False,
        quality=False,
    )
    specs = tuple(FeatureSpec.of(name, attrs) for name, attrs in SETS.items() if name in options.sets)
    weights = np.ones(len(CLASSES))
    return Inputs(settings, CLASSES, SITES, specs, {}, None, None, weights)


def random_crops(inputs: Inputs, count: int) -> dict[str, Tensor]:
    """Standardised crops ``(count, tokens, numbers)`` by feature set."""
    generator = torch.Generator().manual_seed(0)
    shapes = {
        spec.name: (count, round(inputs.settings.crop_seconds * spec.token_rate), spec.dim)
        if spec.token_rate
        else (count, spec.cycle[0], spec.cycle[1] * len(spec.statistics))
        for spec in inputs.specs
    }
    shapes |= {
        statistics_of(spec.name): (count, spec.dim * len(spec.statistics))
        for spec in inputs.specs
        if spec.token_rate
    }
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def new_net(inputs: Inputs) -> MambaFormerNet:
    torch.manual_seed(0)
    return inputs.new_net()


def learning(inputs: Inputs, compute: Compute) -> Callable[[], object]:
    """One step of `train_net` on a batch that is ready on the CPU."""
    settings, net = inputs.settings, on_device(new_net(inputs), compute.device).train()
    count = settings.batch_patients * RECORDINGS_PER_PATIENT
    targets = torch.eye(len(CLASSES))[torch.arange(count) % len(CLASSES)]
    sites, slots = torch.arange(count) % 4, torch.arange(count)[:, None]
    batch = Batch(random_crops(inputs, count), sites, slots, torch.zeros(count, 0), targets, targets, {})
    trainer = Trainer(net, 10_000, 100, settings.learning_rate, settings.weight_decay, settings.clip)
    loss_of = BatchLoss(inputs, compute.device)

    def step() -> Tensor:
        with compute.autocast():
            loss = loss_of(net, moved(batch, compute.device))
        return trainer.step(loss)

    return step


def judging(inputs: Inputs, compute: Compute) -> Callable[[], object]:
    """One view of patients whose features are on the CPU."""
    net, examples = on_device(new_net(inputs), compute.device), random_examples(inputs)

    def judge() -> tuple[np.ndarray, np.ndarray]:
        with computing(compute):
            return inputs.predictor(net, examples).view(0)

    return judge


def random_examples(inputs: Inputs) -> Examples:
    """Patients with a recording at each site."""
    generator, recordings = np.random.default_rng(0), PATIENTS * len(SITES)
    patient_of, features = np.repeat(np.arange(PATIENTS), len(SITES)), {}
    for spec in inputs.specs:
        length = round(SECONDS * (spec.token_rate or 0))
        tokens = generator.standard_normal((1, recordings * length, spec.dim)).astype(np.float16)
        pooled = generator.standard_normal((1, recordings, spec.dim * len(spec.statistics)), np.float32)
        spans = consecutive_spans([length] * recordings)
        features[spec.name] = FeatureArrays(tokens, spans, pooled, SETS[spec.name])
    return Examples(
        classes=CLASSES,
        views=("clean",),
        patients=pl.DataFrame({"patient": np.arange(PATIENTS)}),
        recordings=pl.DataFrame({"patient": patient_of, "site": SITES * PATIENTS}),
        patient_of=patient_of,
        features=features,
        labels=np.full(PATIENTS, UNLABELLED),
        recording_labels=np.full(recordings, UNLABELLED),
    )


def repeated(
    work: Callable[[], object], way: Callable[[], AbstractContextManager[object]], steps: int
) -> Callable[[], None]:
    def run() -> None:
        with way():
            for _ in range(steps):
                work()

    return run


@torch.no_grad()
def deviation(inputs: Inputs, compute: Compute, ways: Ways, learns: bool) -> float:
    """How far the vectors of both ways lie apart at most, relative to the largest number in them.

    Dropout draws the same numbers both times.
    """
    net = on_device(new_net(inputs), compute.device).train(learns)
    crops = moved(random_crops(inputs, count=64), compute.device)
    said = {}
    for name, way in ways.items():
        torch.manual_seed(1)
        with way(), compute.autocast():
            said[name] = copy.deepcopy(net).encode(crops).double()
    one, other = said.values()
    return float((one - other).abs().max() / other.abs().max())


if __name__ == "__main__":
    main()
