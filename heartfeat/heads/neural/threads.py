"""How many threads a small network is given."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread of the CPU, and give it back its threads afterwards.

    The operations of our networks are so small that dividing them costs more than it saves, many times so when other
    programs want the same cores; and one thread adds numbers up in one order on any machine.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
