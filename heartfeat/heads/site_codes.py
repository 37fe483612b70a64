"""Sites as integer codes."""

from collections.abc import Sequence

import numpy as np

from heartfeat.heads.examples import Examples


def site_codes(examples: Examples, known: Sequence[str]) -> np.ndarray:
    """``(recordings,)`` int64 positions in ``known``; ``len(known)`` for any other site."""
    code_of = {site: code for code, site in enumerate(known)}
    sites = examples.recordings["site"].to_list()
    return np.array([code_of.get(site, len(known)) for site in sites], dtype=np.int64)
