"""Extraction against the bare forward pass, against a plain loop over files, in bf16, and with five views.

python benchmarks/extraction_speed.py --size small --recordings 24
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from extraction_data import SIZES, medians, print_table, save_encoder, write_recordings

from heartfeat.backbones.encode import default_batch_size
from heartfeat.backbones.load import load_backbone
from heartfeat.backbones.settings import TransformersSettings
from heartfeat.backbones.windows import cut_windows
from heartfeat.cohorts.cohort import Cohort
from heartfeat.extraction.engine import run_extraction
from heartfeat.stores import open_store
from heartfeat.views import resolve_views


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--recordings", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="without five views and two workers")
    parser.add_argument("--device", default="cuda:0" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cohort = write_recordings(folder, options.recordings, options.seconds)
        encoder = save_encoder(folder / "encoder", options.size)
        settings = TransformersSettings(name="speech", model=str(encoder), precision="fp32")
        _compare(cohort, settings, folder, options)


def _compare(
    cohort: Cohort, settings: TransformersSettings, folder: Path, options: argparse.Namespace
) -> None:
    half = settings.model_copy(update={"precision": "bf16"})
    audio = options.recordings * options.seconds

    def extraction(
        one: TransformersSettings, views: Sequence[str] = ("clean",), workers: int = 1
    ) -> Callable[[], None]:
        def work() -> None:
            uri = folder / f"{one.precision}-{len(views)}.h5"
            uri.unlink(missing_ok=True)
            devices = (options.device,) * workers
            summary = run_extraction(cohort, uri, [one], views, devices=devices)
            assert summary.encoded == options.recordings, summary.lines()

        return work

    bare, bare_half = (_forward(cohort, one, options.device) for one in (settings, half))
    ways = {
        "bare forward pass on ready tensors": bare,
        "heartfeat": extraction(settings),
        "a loop over files with transformers": _loop(cohort, settings, folder, options.device),
        "heartfeat, five views": extraction(settings, resolve_views("tta5")),
        "bare forward pass, bf16": bare_half,
        "heartfeat, bf16": extraction(half),
    }
    if options.quick:
        del ways["heartfeat, five views"]
    elif options.device == "cpu":
        ways["heartfeat, two workers"] = extraction(settings, workers=2)
    # What is paid once per process (imports, kernels) counts for none of them.
    first = Cohort("one", cohort.recordings.head(1), cohort.patients.head(1))
    for one in (settings, half):
        run_extraction(
            first, folder / f"warm-{one.precision}.h5", [one], ["clean"], devices=(options.device,)
        )
    seconds = medians(ways, options.rounds)
    base = seconds["bare forward pass on ready tensors"]
    rows = [
        [way, f"{taken:.1f}", f"{audio / taken:.1f}", f"{base / taken:.2f}"] for way, taken in seconds.items()
    ]
    title = (
        f"Extraction with Wav2Vec2 ({options.size}, random weights) on {options.device}, {torch.get_num_threads()} "
        f"threads: {options.recordings} recordings of {options.seconds:g} s"
    )
    print_table(title, ("way", "seconds", "audio s/s", "of the bare forward pass"), rows)
    loop = seconds["a loop over files with transformers"]
    print(
        f"\nagainst the loop: {loop / seconds['heartfeat']:.2f} x; in bf16 {loop / seconds['heartfeat, bf16']:.2f} x"
    )
    print(
        f"in bf16, of its own bare forward pass: {seconds['bare forward pass, bf16'] / seconds['heartfeat, bf16']:.2f}"
    )
    if not options.quick:
        print(f"five views cost {seconds['heartfeat, five views'] / seconds['heartfeat']:.2f} x one")
    full, mixed = (open_store(folder / f"{p}-1.h5").tokens().astype(np.float32) for p in ("fp32", "bf16"))
    error = np.sqrt(np.mean((mixed - full) ** 2)) / full.std()
    print(f"bf16 changes the features by {error:.2%} of their standard deviation (RMS)")


def _forward(cohort: Cohort, settings: TransformersSettings, device: str) -> Callable[[], None]:
    """The model alone, in batches as extraction has them, on windows that lie ready."""
    backbone = load_backbone(settings, device)
    spec = backbone.spec
    windows = torch.cat(
        [torch.from_numpy(cut_windows(_read(path), spec.window)) for path in cohort.recordings["path"]]
    )
    batches = windows.split(default_batch_size(spec.window.samples, torch.device(device).type))
    dtype = torch.bfloat16 if spec.precision == "bf16" else torch.float32

    @torch.inference_mode()
    def work() -> None:
        with torch.autocast(torch.device(device).type, dtype, enabled=dtype != torch.float32):
            for batch in batches:
                backbone.model(batch.to(device))
        if device != "cpu":
            torch.cuda.synchronize()

    return work


def _loop(cohort: Cohort, settings: TransformersSettings, folder: Path, device: str) -> Callable[[], None]:
    """What one would write in a notebook: each file read, run through the model whole, and saved."""
    from transformers import Wav2Vec2Model

    model = Wav2Vec2Model.from_pretrained(settings.model).eval().to(device)

    @torch.inference_mode()
    def work() -> None:
        for recording, path in cohort.recordings.select("recording", "path").rows():
            samples = torch.from_numpy(_read(path))[None].to(device)
            np.save(folder / f"{recording}.npy", model(samples).last_hidden_state[0].half().cpu().numpy())

    return work


def _read(path: str) -> np.ndarray:
    samples, rate = soundfile.read(path, dtype="float32")
    samples = soxr.resample(samples, rate, 16_000)
    return samples / samples.std()


if __name__ == "__main__":
    main()
