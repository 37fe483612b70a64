"""How a case may end, and what is a failure."""


class WrongAnswerError(Exception):
    """A changed input was accepted and gave something else than it says."""


class RefusedError(Exception):
    """The command line refused a changed input as it should."""


def check(right: bool, message: str) -> None:
    if not right:
        raise WrongAnswerError(message)
