from pathlib import Path

import numpy as np
import pytest

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.cohorts.cohort import Cohort
from heartfeat.errors import StoreError
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores.store import open_store

from .small_cohorts import add_rows, contents, write_heart

LOGMEL = LogMelSettings()


def test_a_chunk_that_was_deleted_is_extracted_again(cohort: Cohort, tmp_path: Path) -> None:
    uri = tmp_path / "s.zarr"
    run_extraction(cohort, uri, [LOGMEL], ["clean", "gain-6"])
    before = contents(uri)
    (uri / "features/logmel/tokens/c/1/0/0").unlink()

    summary = run_extraction(cohort, uri, [LOGMEL], ["clean", "gain-6"])

    assert summary.encoded == 8
    assert contents(uri) == before


def test_a_flipped_bit_is_never_packed_as_if_it_were_good(cohort: Cohort, uri: Path) -> None:
    run_extraction(cohort, uri, [LOGMEL], ["clean"])
    tokens = open_store(uri).tokens(recording="p1_AV").tobytes()
    file = uri / "features/logmel/tokens/c/0/0/0" if uri.is_dir() else uri
    damaged = bytearray(file.read_bytes())
    damaged[damaged.find(tokens) + 8] ^= 1
    file.write_bytes(damaged)
    sound = write_heart(Path(cohort.recordings["path"][0]).with_name("p9_AV.wav"), 9)
    more = add_rows(cohort, ("p9_AV", "p9", "p9", "AV", str(sound), None, "Absent"))

    with pytest.raises(StoreError, match=r"'p1_AV'.*checksum is another.*`heartfeat store repair "):
        run_extraction(more, uri, [LOGMEL], ["clean"])

    assert not np.array_equal(open_store(uri).tokens(recording="p1_AV"), np.frombuffer(tokens, np.float16))
