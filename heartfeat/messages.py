"""Parts of messages."""

import shlex
from collections.abc import Iterable
from difflib import get_close_matches


def shorten(value: object, longest: int = 100) -> str:
    """A value on one line, for a message; the middle of a long one is left out."""
    text = repr(value)
    return text if len(text) <= longest else f"{text[: longest - 25]}...{text[-20:]}"


def nearest(name: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` and a space, for the middle of a message; empty where no known name is near."""
    close = get_close_matches(name[:100], known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}? " if close else ""


def command(words: str, *arguments: object) -> str:
    """A command of heartfeat to be copied into a shell, between backticks."""
    return f"`{shlex.join(['heartfeat', *words.split(), *map(str, arguments)])}`"
