"""Whether the sound files are still those that a store was made from."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from heartfeat.errors import RecordingError
from heartfeat.progress import Progress
from heartfeat.stores.store import open_store
from heartfeat.stores.verification import Problem, Verification

ELEMENT = "recordings/pcm_digest"


def verify_sounds(
    verification: Verification, paths: Mapping[str, str], progress: Progress | None = None
) -> Verification:
    """Decode every recording that a store has audio of, and compare the digests.

    Parameters
    ----------
    verification
        Of the store; comes back with more problems.
    paths
        Sound file of each recording.
    progress
        Told of every recording.

    Raises
    ------
    StoreError
        When the store's table of recordings cannot be read.
    """
    with open_store(verification.uri) as store:
        table = store.recordings
    if "pcm_digest" not in table.columns:
        return replace(verification, sounds=0)
    known = table.select("recording", "pcm_digest").drop_nulls().rows()
    problems = tuple(_problems(known, paths, progress))
    return replace(verification, problems=verification.problems + problems, sounds=len(known))


def _problems(
    known: list[tuple[str, str]], paths: Mapping[str, str], progress: Progress | None
) -> Iterator[Problem]:
    for number, (recording, digest) in enumerate(known, start=1):
        if problem := _compare(paths.get(recording), digest):
            yield Problem(ELEMENT, problem, "audio", recording)
        if progress is not None:
            progress("decoding", number, len(known))


def _compare(path: str | None, digest: str) -> str:
    from heartfeat.signals.recording import read_recording

    if path is None:
        return "the cohort has no such recording"
    try:
        found = read_recording(path).pcm_digest
    except RecordingError as error:
        return f"{path} cannot be decoded ({error})"
    return "" if found == digest else f"{path} is another sound than the one extracted"
