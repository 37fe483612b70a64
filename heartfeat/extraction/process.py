"""A worker in a process of its own, and its line to the ledger."""

import signal
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from heartfeat.backbones.settings import LogMelSettings, TransformersSettings
from heartfeat.errors import HeartfeatError
from heartfeat.extraction.facts import Facts
from heartfeat.extraction.feature_sets import BlockKey
from heartfeat.extraction.ledger import Done, Unit, WorkSource

NEXT, CLAIM, REPORT, FINISHED, FAILED = "next", "claim", "report", "finished", "failed"
"""Kinds of message from a worker; NEXT and CLAIM are answered."""


@dataclass(frozen=True)
class Job:
    """What a worker is started with; picklable.

    Attributes
    ----------
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

    backbones: dict[str, LogMelSettings | TransformersSettings]
    staging: Path
    device: str
    batch_size: int | None
    cores: int

    def run(self, source: WorkSource) -> None:
        """Load the backbones and work until ``source`` has no more."""
        from heartfeat.backbones.load import load_backbone
        from heartfeat.extraction.staging import StagingWriter
        from heartfeat.extraction.worker import Worker

        loaded = {key: load_backbone(settings, self.device) for key, settings in self.backbones.items()}
        # On the CPU one thread reads ahead; a GPU is hungrier.
        threads = 1 if self.device == "cpu" else max(1, min(8, self.cores))
        with StagingWriter(self.staging) as staging:
            Worker(source, loaded, staging, self.device, self.batch_size, threads).run()


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

    def report(self, done: Done) -> None:
        """See :class:`WorkSource`."""
        self.send(REPORT, done)

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
    except (EOFError, BrokenPipeError, ConnectionResetError):
        # The main process is gone; what is committed stays, and nobody is left to tell.
        return
    except HeartfeatError as error:
        line.send(FAILED, error)
    except Exception:  # noqa: BLE001 - told to the main process, which raises it
        line.send(FAILED, traceback.format_exc())


def failure(content: HeartfeatError | str) -> HeartfeatError:
    """The error to raise for the content of a FAILED message."""
    from heartfeat.errors import ExtractionError

    if isinstance(content, HeartfeatError):
        return content
    return ExtractionError(f"a worker failed; the store is as it was. Its traceback:\n{content}")
