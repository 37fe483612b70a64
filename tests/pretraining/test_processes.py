import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """What the two processes held at the end, by case, course and process."""
    folder = tmp_path_factory.mktemp("two")
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--standalone"]
    done = subprocess.run(
        [*launch, "-m", "tests.pretraining.two_processes", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return lambda case, course, process: load_file(folder / f"{course}-{case}-{process}.safetensors")


@pytest.mark.parametrize("case", ["pcg", "cnn_mamba"])
def test_processes_end_with_the_same_weights_and_queue(case, ended):
    first, second = (ended(case, "whole", process) for process in (0, 1))
    assert set(first) == set(second)
    for name in first:
        # Statistics of a batch are those of the process's own crops until the next step.
        if ".bn" not in name and "shortcut.1.running" not in name:
            assert torch.equal(first[name], second[name]), name


@pytest.mark.parametrize("case", ["pcg", "cnn_mamba"])
@pytest.mark.parametrize("process", [0, 1])
def test_processes_that_were_stopped_go_on_to_the_same_bits(case, process, ended):
    whole, parts = (ended(case, course, process) for course in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_the_queue_holds_the_keys_of_both_processes(ended):
    state = ended("cnn_mamba", "whole", 0)
    # Four steps of three pairs in each of two processes.
    assert state["objectives.contrast.queue_next"] == 4 * 3 * 2 % 16
    assert state["objectives.contrast.queue_people"][0].ge(0).all()
