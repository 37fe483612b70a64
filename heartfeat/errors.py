"""Every error that heartfeat raises on purpose.

HeartfeatError
├── ConfigError          a setting is unknown, missing or out of range
├── CohortError          a cohort's tables or folders contradict themselves; names file and row
├── SplitError           a split is malformed or puts one person on two sides
├── RecordingError       one recording cannot be used; carries the short reason that lands in the store
├── BackboneError        a backbone's weights are missing, incomplete or not what was asked for
├── DeviceError          a requested device is not on this machine
├── ExtractionError      a worker died or failed in a way that nobody foresaw
├── StoreError           a store is missing, damaged or of another format
│   ├── UnreadableError  the system refuses to read a file of a store
│   └── FeatureKeyError  a store holds other features than those a head was fitted on
└── RunError             a run folder is missing, damaged or does not fit what is asked of it
"""


class HeartfeatError(Exception):
    """Base of all errors raised on purpose; the command line prints it without a traceback."""


class ConfigError(HeartfeatError):
    """Raised when a setting is unknown, missing or out of range."""


class CohortError(HeartfeatError):
    """Raised when a cohort's tables or folders contradict themselves."""


class SplitError(HeartfeatError):
    """Raised when a split is malformed or puts one person on two sides."""


class RecordingError(HeartfeatError):
    """Raised when one recording cannot be used.

    Parameters
    ----------
    reason
        A short, stable phrase ("unreadable", "silent") that is counted in summaries and stored.
    detail
        What was seen, for a person who looks into the one file.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)

    def __reduce__(self) -> tuple[type["RecordingError"], tuple[str, str]]:
        return RecordingError, (self.reason, self.detail)


class BackboneError(HeartfeatError):
    """Raised when a backbone's weights are missing, incomplete or not what was asked for."""


class DeviceError(HeartfeatError):
    """Raised when a requested device is not on this machine."""


class ExtractionError(HeartfeatError):
    """Raised when a worker died or failed in a way that nobody foresaw; the store stays as it was."""


class StoreError(HeartfeatError):
    """Raised when a store is missing, damaged or of another format."""


class UnreadableError(StoreError):
    """Raised when the system refuses to read a file of a store, which says nothing of what is in the file."""


class FeatureKeyError(StoreError):
    """Raised when a store holds other features than those a head was fitted on."""


class RunError(HeartfeatError):
    """Raised when a run folder is missing, damaged or does not fit what is asked of it."""
