"""A short name for what a head is shown, by which a fit knows its own unfinished work."""

from __future__ import annotations

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
