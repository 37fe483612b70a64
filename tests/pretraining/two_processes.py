"""Run under torchrun: trainings of two processes, whole and stopped half-way; what each process holds at the end."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save_file

from heartfeat.pretraining.accelerating import new_accelerator
from heartfeat.pretraining.kept import Kept
from heartfeat.pretraining.loop import PretrainLoop
from heartfeat.pretraining.objectives.objective import Learner
from heartfeat.pretraining.probe import Probe
from heartfeat.pretraining.sharing import read_once
from heartfeat.pretraining.train import new_objective
from tests.pretraining.tiny import CNN_MAMBA, PCG, make_drawer, make_encoder, make_settings, make_sounds

MOCO = {"kind": "contrast", "method": "moco", "queue": 16, "projection": 16}
CASES = {
    "pcg": {"encoder": PCG},
    "cnn_mamba": {
        "encoder": CNN_MAMBA,
        "objectives": [MOCO, {"kind": "masked", "decoder_size": 16}],
        "steps": 4,
        "keep_every": 2,
    },
}


def train(name: str, folder: Path, kept: str, accelerator: Any, stop_at: int | None = None) -> None:
    settings = make_settings(**CASES[name])
    sounds = read_once(make_sounds, folder / "sounds", accelerator)
    encoder, drawer = make_encoder(name, sounds), make_drawer(sounds, name, seconds=0.8)
    objectives = [(one.kind, 1.0, new_objective(one, encoder, 25.0)) for one in settings.objectives]
    learner = Learner(encoder, objectives)

    def tell(step: int, steps: int, detail: str) -> None:
        if step == stop_at:
            raise StopIteration

    made_of = {"name": name, "processes": accelerator.num_processes}
    loop = PretrainLoop(
        settings,
        learner,
        drawer,
        Probe(sounds, np.arange(4), drawer.samples),
        accelerator,
        Kept(folder / f"{kept}-{name}.kept", made_of, accelerator),
        tell,
    )
    try:
        loop.run()
    except StopIteration:
        return
    state = {key: tensor.contiguous() for key, tensor in learner.state_dict().items()}
    save_file(state, folder / f"{kept}-{name}-{accelerator.process_index}.safetensors")


if __name__ == "__main__":
    for case in CASES:
        two = new_accelerator("cpu", "fp32")
        train(case, Path(sys.argv[1]), "whole", two)
        train(case, Path(sys.argv[1]), "parts", two, stop_at=len("four"))
        train(case, Path(sys.argv[1]), "parts", two)
    two.end_training()
