"""Parts of messages."""


def shorten(value: object, longest: int = 100) -> str:
    """A value on one line, for a message; the middle of a long one is left out."""
    text = repr(value)
    return text if len(text) <= longest else f"{text[: longest - 25]}...{text[-20:]}"
