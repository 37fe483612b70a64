"""What must not be overlooked, on standard error."""

import sys
from collections.abc import Iterable


def say_loudly(lines: Iterable[str]) -> None:
    """Print lines, framed where one of them is a warning; nothing where there are none."""
    said = list(lines)
    if not said:
        return
    from heartfeat.backbones.trained_on import ALOUD

    frame = ["=" * 78] if any(line.startswith(ALOUD) for line in said) else []
    print("\n".join([*frame, *said, *frame]), file=sys.stderr, flush=True)
