"""How well the automatic segmenter finds first and second heart sounds, judged on CirCor's annotations.

F1 of the onsets of S1 and S2 within 100 ms, matched one to one, within the annotated stretches:

- out of fold: a segmenter is fitted on the persons of the other folds;
- as shipped: the parameters that come with the package, fitted on all of these recordings.

    python benchmarks/segmentation.py --data PATH/TO/circor
    python benchmarks/segmentation.py --data PATH/TO/circor --fit FILE   # fits on all recordings and writes FILE
"""

import argparse
import itertools
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

import heartfeat
from heartfeat.cohorts.circor import read_circor
from heartfeat.signals.recording import Recording, read_recording
from heartfeat.signals.segmentation import S1, S2, read_annotation, segment
from heartfeat.signals.segmentation.agreement import Agreement, compare_onsets, pooled
from heartfeat.signals.segmentation.fitting import AnnotatedRecording, annotated_recording, fit_segmenter
from heartfeat.signals.segmentation.segmenter import Segmenter, default_segmenter, save_segmenter

FOLDS = 5
SEED = 0


class Case(NamedTuple):
    """One recording that has an annotation."""

    person: str
    audio: str
    annotated: AnnotatedRecording

    def read(self) -> Recording:
        return read_recording(self.audio)


def read_cases(folder: Path) -> list[Case]:
    """Every recording with at least one annotated frame."""
    cases, hours = [], 0.0
    for row in read_circor(folder).recordings.iter_rows(named=True):
        if row["annotation"] is None:
            continue
        recording = read_recording(row["path"])
        hours += recording.duration / 3600
        annotation = read_annotation(row["annotation"])
        annotated = annotated_recording(recording.samples, recording.sample_rate, annotation)
        if annotated.states.any():
            cases.append(Case(row["person"], row["path"], annotated))
    marked = sum(np.count_nonzero(case.annotated.states) for case in cases) / 50 / 3600
    persons = len({case.person for case in cases})
    print(
        f"{len(cases)} annotated recordings of {persons} persons; {marked:.2f} of {hours:.2f} hours are annotated"
    )
    return cases


def folds_by_person(cases: list[Case]) -> np.ndarray:
    """Fold of each recording, one for all of a person's; ``(recordings,)`` int."""
    persons = sorted({case.person for case in cases})
    order = np.random.default_rng(SEED).permutation(len(persons))
    fold = {persons[place]: number % FOLDS for number, place in enumerate(order)}
    return np.array([fold[case.person] for case in cases])


def judge(case: Case, segmenter: Segmenter) -> dict[int, Agreement]:
    """Agreement of the onsets of S1 and of S2."""
    recording = case.read()
    states = segment(recording.samples, recording.sample_rate, segmenter)
    return {state: compare_onsets(states, case.annotated.annotation, state) for state in (S1, S2)}


def report(name: str, judged: list[dict[int, Agreement]]) -> None:
    for state, label in ((S1, "S1"), (S2, "S2")):
        found = [one[state] for one in judged]
        each = np.array([one.f1 for one in found])
        total = pooled(found)
        print(
            f"{name:12} {label}  F1 {total.f1:.4f}  sensitivity {total.hits / (total.hits + total.misses):.4f}  "
            f"precision {total.hits / (total.hits + total.extras):.4f}  mean per recording {np.nanmean(each):.4f}  "
            f"share of recordings under 0.85 {np.mean(each < 0.85):.3f}"
        )


def report_by_rate(cases: list[Case], judged: list[dict[int, Agreement]]) -> None:
    """F1 of recordings whose annotated heart rate lies between limits (beats/min)."""
    rates = np.array([heart_rate(case.annotated.annotation) for case in cases])
    for low, high in itertools.pairwise((0, 66, 90, 120, 143, 400)):
        chosen = [judged[i] for i in np.flatnonzero((rates >= low) & (rates < high))]
        scores = ", ".join(
            f"{name} {pooled([one[s] for one in chosen]).f1:.3f}" for s, name in ((S1, "S1"), (S2, "S2"))
        )
        print(f"  {low:3} to {high:3} beats/min  {len(chosen):4} recordings  F1 {scores}")


def heart_rate(annotation: np.ndarray) -> float:
    """Median over annotated cycles (beats/min), NaN where there is none."""
    starts = annotation[annotation[:, 2] == S1, 0]
    return 60 / float(np.median(np.diff(starts))) if len(starts) > 1 else float("nan")


def out_of_fold(cases: list[Case]) -> list[dict[int, Agreement]]:
    folds = folds_by_person(cases)
    judged: dict[int, dict[int, Agreement]] = {}
    for fold in range(FOLDS):
        segmenter = fit_segmenter([cases[i].annotated for i in np.flatnonzero(folds != fold)], seed=SEED)
        judged |= {int(i): judge(cases[i], segmenter) for i in np.flatnonzero(folds == fold)}
    return [judged[i] for i in range(len(cases))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="CirCor's folder")
    parser.add_argument("--fit", type=Path, help="fit on all recordings, write this file and judge nothing")
    arguments = parser.parse_args()
    cases = read_cases(arguments.data)
    if arguments.fit:
        recipe = {
            "fitted_on": f"{len(cases)} annotated recordings of CirCor DigiScope (CC / ODC-By, PhysioNet)",
            "command": "python benchmarks/segmentation.py --data circor --fit FILE",
            "seed": str(SEED),
            "heartfeat": heartfeat.__version__,
        }
        save_segmenter(fit_segmenter([case.annotated for case in cases], seed=SEED), arguments.fit, recipe)
        return
    judged = out_of_fold(cases)
    report("out of fold", judged)
    report_by_rate(cases, judged)
    started = time.perf_counter()
    report("as shipped", [judge(case, default_segmenter()) for case in cases])
    print(f"{1000 * (time.perf_counter() - started) / len(cases):.1f} ms per recording, decoding included")


if __name__ == "__main__":
    main()
