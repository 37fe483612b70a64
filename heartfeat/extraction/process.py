"""A worker in a process of its own, and its line to the ledger."""

import os
import signal
import threading
import traceback
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from heartfeat.backbones.settings import BackboneSettings
from heartfeat.errors import ExtractionError, HeartfeatError
from heartfeat.extraction.facts import Facts
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.extraction.ledger import Done, Unit, WorkSource

NEXT, CLAIM, REPORT, NOTE, FINISHED, FAILED = "next", "claim", "report", "note", "finished", "failed"
"""Kinds of message from a worker; NEXT and CLAIM are answered."""

MOST_DECODERS = 8
"""Processes that decode for one GPU."""


@dataclass(frozen=True)
class Job:
    """What a worker is started with; picklable.

    Attributes
    ----------
    name
        Of the worker.
    backbones
        Settings by core key.
    staging
        The store's staging folder.
    device
        Such as ``"cpu"`` or ``"cuda:0"``.
    batch_size
        Windows per forward pass, or None.
    cores
        Processor cores that are this worker's share.
    """

    name: str
    backbones: dict[str, BackboneSettings]
    staging: Path
    device: str
    batch_size: int | None
    cores: int

    @property
    def decoders(self) -> int:
        """Processes that decode; a worker on the CPU has its core for itself, and a GPU is hungrier."""
        return 0 if self.device == "cpu" else max(1, min(MOST_DECODERS, self.cores - 1))

    def run(self, source: WorkSource) -> None:
        """Load the backbones and work until ``source`` has no more."""
        from heartfeat.backbones.load import load_backbone
        from heartfeat.extraction.staging import StagingWriter
        from heartfeat.extraction.worker import Worker

        if self.device != "cpu":
            import torch

            # Else every worker would open a context on the first GPU as well.
            torch.cuda.set_device(self.device)
        loaded = {key: load_backbone(settings, self.device) for key, settings in self.backbones.items()}
        with StagingWriter(self.staging) as staging:
            Worker(source, loaded, staging, self.device, self.batch_size, self.decoders).run()


class Line:
    """A worker's end of the pipe to the main process (see :class:`WorkSource`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asking = threading.Lock()
        self._sending = threading.Lock()

    def next_unit(self) -> Unit | None:
        """See :class:`WorkSource`."""
        return self._ask(NEXT)

    def claim(self, facts: Facts) -> list[BlockKey]:
        """See :class:`WorkSource`."""
        return self._ask(CLAIM, facts)

    def report(self, recordings: Sequence[str], done: Done) -> None:
        """See :class:`WorkSource`."""
        self.send(REPORT, (recordings, done))

    def note(self, text: str) -> None:
        """See :class:`WorkSource`."""
        self.send(NOTE, text)

    def send(self, kind: str, content: object = None) -> None:
        """Send without waiting for an answer."""
        with self._sending:
            self._connection.send((kind, content))

    def _ask(self, kind: str, content: object = None) -> Any:  # noqa: ANN401 - each kind has its own answer
        with self._asking:
            self.send(kind, content)
            return self._connection.recv()


def worker_main(connection: Connection, job: Job) -> None:
    """Entry point of a worker process."""
    # Ctrl-C reaches every process of the group; the main process alone decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = Line(connection)
    try:
        import torch

        torch.set_num_threads(job.cores)
        job.run(line)
        line.send(FINISHED)
    except (EOFError, ConnectionError):
        # The main process is gone; what is committed stays, and nobody is left to tell.
        return
    except BrokenProcessPool:
        os._exit(1)  # a decoder was killed: this worker counts as dead, and its units go to the others
    except HeartfeatError as error:
        line.send(FAILED, error)
    except Exception:  # noqa: BLE001 - told to the main process, which raises it
        line.send(FAILED, traceback.format_exc())


def failure(content: HeartfeatError | str) -> HeartfeatError:
    """The error to raise for the content of a FAILED message."""
    if isinstance(content, HeartfeatError):
        return content
    return ExtractionError(f"a worker failed; the store is as it was. Its traceback:\n{content}")
