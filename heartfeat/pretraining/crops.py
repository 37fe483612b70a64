"""Pairs of crops: two stretches of one recording, or of two recordings of one patient, each varied by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from heartfeat.backbones.grid import Grid
from heartfeat.pretraining.settings import CropSettings
from heartfeat.pretraining.sounds import Sounds
from heartfeat.pretraining.variation import Variation
from heartfeat.signals.segmentation import FRAME_RATE, S1, onsets

STATES = 4
"""S1, systole, S2 and diastole."""


class _Crop(NamedTuple):
    """``(samples,)`` float32 of a recording from its sample ``start`` on, played ``speed`` times as fast."""

    samples: np.ndarray
    start: int
    speed: float


@dataclass(frozen=True)
class Pairs:
    """A batch: row ``i`` and row ``n + i`` are a pair.

    Attributes
    ----------
    plain, varied
        ``(2 n, samples)`` float32: the crops as they are (but for their speed), and with level, tilt and noise changed.
    states
        ``(2 n, tokens, 4)`` float32: share of each token's time in S1, systole, S2 and diastole.
    people
        ``(2 n,)`` int64: crops with one number are from one person.
    """

    plain: np.ndarray
    varied: np.ndarray
    states: np.ndarray
    people: np.ndarray


class CropDrawer:
    """Draws pairs from some of the recordings.

    Attributes
    ----------
    samples
        Length of a crop.

    Parameters
    ----------
    sounds
        All recordings.
    chosen
        ``(n,)`` numbers of the recordings to draw from.
    settings
        How.
    grid
        How a crop lies on the encoder's tokens.
    """

    def __init__(self, sounds: Sounds, chosen: np.ndarray, settings: CropSettings, grid: Grid) -> None:
        self._sounds, self._chosen, self._settings = sounds, chosen, settings
        self._hop, self._tokens, self._margin = grid.hop, grid.frames, grid.lead
        self.samples = grid.samples
        self._variation = Variation(settings, sounds.sample_rate)
        patients = [(sounds.sources[r].cohort, sounds.sources[r].patient) for r in chosen]
        together: dict[tuple[str, str], list[int]] = {}
        for recording, patient in zip(chosen.tolist(), patients, strict=True):
            together.setdefault(patient, []).append(recording)
        self._of_patient = {
            recording: together[patient] for recording, patient in zip(chosen.tolist(), patients, strict=True)
        }
        people = {(one.cohort, one.person) for one in sounds.sources}
        numbers = {person: number for number, person in enumerate(sorted(people))}
        self._person = np.array([numbers[one.cohort, one.person] for one in sounds.sources], dtype=np.int64)

    def __call__(self, count: int, rng: np.random.Generator) -> Pairs:
        """``count`` pairs of different recordings (as long as there are so many)."""
        first = rng.choice(self._chosen, count, replace=count > len(self._chosen))
        second = np.array([self._partner(int(r), rng) for r in first])
        recordings = np.concatenate([first, second])
        crops = [self._crop(int(recording), rng) for recording in recordings]
        plain = np.stack([crop.samples for crop in crops])
        noise = np.stack([self._crop(int(r), rng).samples for r in rng.choice(self._chosen, len(crops))])
        return Pairs(
            plain=plain,
            varied=self._variation(plain, noise, rng),
            states=np.stack([self._states(int(r), crop) for r, crop in zip(recordings, crops, strict=True)]),
            people=self._person[recordings],
        )

    def _partner(self, recording: int, rng: np.random.Generator) -> int:
        others = [one for one in self._of_patient[recording] if one != recording]
        if others and rng.random() < self._settings.other_recording:
            return int(rng.choice(others))
        return recording

    def _crop(self, recording: int, rng: np.random.Generator) -> _Crop:
        """One crop; a short recording goes on cyclically."""
        sound, stretch = self._sounds.of(recording), self._settings.stretch
        speed = float(np.exp(rng.uniform(-stretch, stretch))) if stretch else 1.0
        span = round(self.samples * speed)
        start = self._start(recording, len(sound), span, rng)
        places = start + np.arange(self.samples) * speed
        low = np.floor(places).astype(np.int64)
        share = (places - low).astype(np.float32)
        # The band ends far below half the sample rate, so straight lines between samples will do.
        crop = sound[low % len(sound)] * (1 - share) + sound[(low + 1) % len(sound)] * share
        return _Crop(crop.astype(np.float32), start, speed)

    def _start(self, recording: int, length: int, span: int, rng: np.random.Generator) -> int:
        if self._settings.start == "beat":
            beats = onsets(self._sounds.states_of(recording), S1)
            starts = np.round(beats * self._sounds.sample_rate).astype(np.int64) - self._margin
            whole = starts[starts + span <= length]
            # Beyond the end a recording goes on at its beginning: a seam, to be had only where it must be.
            if len(starts):
                return int(rng.choice(whole if len(whole) else starts))
        return int(rng.integers(length)) if length <= span else int(rng.integers(length - span + 1))

    def _states(self, recording: int, crop: _Crop) -> np.ndarray:
        """``(tokens, 4)`` share of the states in each token of a recording's crop, looked at four times a token."""
        first = crop.start + self._margin * crop.speed
        moments = first + (np.arange(self._tokens * 4) + 0.5) * (self._hop / 4) * crop.speed
        states, length = self._sounds.states_of(recording), len(self._sounds.of(recording))
        frames = ((moments % length) * FRAME_RATE / self._sounds.sample_rate).astype(np.int64)
        seen = states[np.minimum(frames, len(states) - 1)].reshape(self._tokens, 4)
        return (seen[:, :, None] == np.arange(S1, S1 + STATES)).mean(axis=1, dtype=np.float32)
