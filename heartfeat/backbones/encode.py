"""Running a backbone over windows in batches."""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor

from heartfeat.backbones.backbone import Backbone

GPU_BATCH = 64
"""Windows per forward pass on a GPU."""

CPU_SAMPLES = 170_000
"""Samples per forward pass on the CPU: what an encoder makes of more no longer fits into the processor's cache."""

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def default_batch_size(samples: int, kind: str) -> int:
    """Windows of so many samples per forward pass, on the CPU or on a GPU (``kind``)."""
    return GPU_BATCH if kind == "cuda" else max(1, CPU_SAMPLES // samples)


class Encoding:
    """Tokens of windows, which a GPU may still be computing.

    Attributes
    ----------
    seconds
        Time of the forward passes (s), known once the tokens are.
    """

    def __init__(self, tokens: Tensor, timer: Callable[[], float]) -> None:
        self._tokens = tokens
        self._timer = timer
        self.seconds = 0.0

    def tokens(self) -> np.ndarray:
        """``(n, window.tokens, channels)`` float16; waits until they are there."""
        self.seconds = self._timer()
        return self._tokens.numpy()


class WindowEncoder:
    """Runs a backbone over windows in batches, and remembers how many fit into the device's memory.

    Parameters
    ----------
    backbone
        Its model must be on ``device``.
    device
        Such as ``"cpu"`` or ``"cuda:0"``.
    batch_size
        Windows per forward pass; None for :func:`default_batch_size`.
    on_halved
        Told the new batch size whenever the old one did not fit.
    """

    def __init__(
        self,
        backbone: Backbone,
        device: str = "cpu",
        batch_size: int | None = None,
        on_halved: Callable[[int], None] = lambda size: None,
    ) -> None:
        self.backbone = backbone
        self.device = torch.device(device)
        self.batch_size = batch_size or default_batch_size(backbone.spec.window.samples, self.device.type)
        self._on_halved = on_halved

    def start(self, windows: np.ndarray) -> Encoding:
        """Begin to encode ``(n, window.samples)`` float32; on a GPU this returns before it is done.

        The result does not depend on the batch size, but for rounding within the matrix products of large
        encoders; the log-mel backbone gives identical bits. A batch that does not fit is halved.

        Raises
        ------
        torch.OutOfMemoryError, MemoryError
            When a single window does not fit.
        """
        spec = self.backbone.spec
        on_gpu = self.device.type == "cuda"
        shape = (len(windows), spec.window.tokens, spec.channels)
        encoded = torch.empty(shape, dtype=torch.float16, pin_memory=on_gpu)
        timer = _gpu_timer(self.device) if on_gpu else _cpu_timer()
        start = 0
        while start < len(windows):
            left = len(windows) - start
            # Batches of about equal size, for a small last one costs more than its share.
            size = math.ceil(left / math.ceil(left / self.batch_size))
            batch = torch.from_numpy(windows[start : start + size])
            try:
                tokens = self._forward(batch.pin_memory() if on_gpu else batch)
            except (RuntimeError, MemoryError) as error:
                if len(batch) == 1 or not _is_out_of_memory(error):
                    raise
                self._halve(len(batch))
                continue
            encoded[start : start + len(batch)].copy_(tokens, non_blocking=on_gpu)
            start += len(batch)
        return Encoding(encoded, timer())

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """``(n, window.tokens, channels)`` float16 tokens of ``(n, window.samples)`` float32 windows."""
        return self.start(windows).tokens()

    @torch.inference_mode()
    def _forward(self, batch: Tensor) -> Tensor:
        dtype = DTYPES.get(self.backbone.spec.precision)
        mixed = torch.autocast(self.device.type, dtype) if dtype else nullcontext()
        with mixed:
            tokens = self.backbone.model(batch.to(self.device, non_blocking=True))
        return tokens.to(torch.float16)

    def _halve(self, tried: int) -> None:
        self.batch_size = tried // 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self._on_halved(self.batch_size)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether a GPU or the CPU (whose allocator raises a plain RuntimeError) ran out of memory."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def _cpu_timer() -> Callable[[], Callable[[], float]]:
    started = time.perf_counter()

    def stop() -> Callable[[], float]:
        seconds = time.perf_counter() - started
        return lambda: seconds

    return stop


def _gpu_timer(device: torch.device) -> Callable[[], Callable[[], float]]:
    """The same on the GPU's own clock; reading it waits for the GPU."""
    stream = torch.cuda.current_stream(device)
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    first.record(stream)

    def stop() -> Callable[[], float]:
        last.record(stream)

        def read() -> float:
            last.synchronize()
            return first.elapsed_time(last) / 1000

        return read

    return stop
