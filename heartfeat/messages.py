"""Parts of messages."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

_DIGEST = re.compile(r"[0-9a-f]{64}")


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


def first_of(names: Sequence[str], count: int = 5, between: str = ", ") -> str:
    """The first ``count`` names, and how many more there are."""
    more = f" and {len(names) - count:,} more" if len(names) > count else ""
    return between.join(names[:count]) + more


def differences(
    was: Mapping[str, object],
    now: Mapping[str, object],
    phrase: str = "{} was {} and is {}",
    under: str = "",
) -> list[str]:
    """What differs between two JSON-able trees, one phrase each; a value that is missing counts as None.

    Parameters
    ----------
    phrase
        Takes the dotted path of a value, and the value in either tree.
    under
        Put before every path.
    """
    said = []
    for name in sorted({*was, *now}):
        one, other, path = was.get(name), now.get(name), f"{under}{name}"
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            said += differences(one, other, phrase, f"{path}.")
        elif one != other:
            said.append(phrase.format(path, _told(one), _told(other)))
    return said


def _told(value: object) -> str:
    text = str(value)
    return f"digest {text[:12]}" if _DIGEST.fullmatch(text) else text
