"""What must not be overlooked, on standard error."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_UNSAID = ContextVar("unsaid", default=False)


@contextmanager
def left_unsaid() -> Iterator[None]:
    """Within, `say_loudly` says nothing: whoever makes several runs has it said once, of all of them."""
    token = _UNSAID.set(True)
    try:
        yield
    finally:
        _UNSAID.reset(token)


def say_loudly(lines: Iterable[str]) -> None:
    """Print lines, framed where one of them is a warning; nothing where there are none."""
    said = list(lines)
    if not said or _UNSAID.get():
        return
    from heartfeat.backbones.trained_on import ALOUD

    frame = ["=" * 78] if any(line.startswith(ALOUD) for line in said) else []
    print("\n".join([*frame, *said, *frame]), file=sys.stderr, flush=True)
