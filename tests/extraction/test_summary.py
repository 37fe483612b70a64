from heartfeat.extraction.summary import ExtractionSummary, SharedAudio

SUMMARY = ExtractionSummary(
    store="s.zarr",
    recordings=1200,
    encoded=1000,
    reused=190,
    skipped={**{f"r{i}": "silent" for i in range(7)}, "x": "truncated"},
    details={**{f"r{i}": "all samples are equal" for i in range(5)}, "x": "4,000 samples of 8,000"},
    missing={"r10": "missing file"},
    unfit={"high": ("r8", "r9")},
    shared_audio=(SharedAudio(("a", "b"), ("p", "p")), SharedAudio(("a", "c"), ("p", "q"))),
    shares={"decode": 0.25, "encode": 0.7, "write": 0.05},
    of_forward_pass=0.963,
    notes=("the worker cpu:1 died",),
    audio_seconds=7200.0,
    wall_seconds=36.0,
    nothing_to_do=False,
)


def test_lines_tell_counts_reasons_times_and_shared_audio() -> None:
    assert SUMMARY.lines() == [
        "s.zarr: 1,200 recordings, 1,000 encoded, 190 reused, 8 skipped; 2.00 h of audio in 36.0 s "
        "(27.8 recordings and 200 s of audio per second)",
        "time of the workers: decode 25%, encode 70%, write 5%; 96% of the speed of the bare forward pass",
        "the worker cpu:1 died",
        "skipped, silent: 7 (r0, r1, r2, r3, r4 and 2 more)",
        "  r0: all samples are equal",
        "  r1: all samples are equal",
        "  r2: all samples are equal",
        "skipped, truncated: 1 (x)",
        "  x: 4,000 samples of 8,000",
        "not looked at, stored features stay, missing file: 1 (r10)",
        "skipped for high, sample rate too low: 2 (r8, r9)",
        "same audio under two names: 2 pairs",
        "same audio in two patients: a of p and c of q",
    ]
