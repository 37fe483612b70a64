"""A short name for what a head is shown, by which a fit knows its own unfinished work."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import numpy as np

from heartfeat.heads.examples import Examples


def fingerprint(examples: Examples) -> str:
    """SHA-256 of patients, recordings, labels and feature keys; the features themselves are known by their keys."""
    digest = sha256(repr((examples.classes, examples.views)).encode())
    for table in (examples.patients, examples.recordings):
        digest.update(table.write_csv().encode())
    for codes in (examples.patient_of, examples.labels, examples.recording_labels):
        digest.update(codes.tobytes())
    for name, extra in sorted(examples.extra_labels.items()):
        digest.update(
            f"{name} {extra.classes}".encode() + extra.patients.tobytes() + extra.recordings.tobytes()
        )
    for name, arrays in sorted(examples.features.items()):
        digest.update(f"{name} {arrays.attrs.get('core_key')} {arrays.pooled.shape}".encode())
        digest.update(np.diff(arrays.spans).tobytes())
    return digest.hexdigest()


def differences(found: Mapping[str, object], wanted: Mapping[str, object], under: str = "") -> list[str]:
    """What differs between two JSON-able trees, one phrase each."""
    said = []
    for name in sorted({*found, *wanted}):
        was, now = found.get(name), wanted.get(name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            said += differences(was, now, f"{under}{name}.")
        elif was != now:
            digests = isinstance(was, str) and isinstance(now, str) and len(was) == len(now) == 64
            said.append(
                f"other patients in {under}{name}" if digests else f"{under}{name} was {was} and is {now}"
            )
    return said
