"""Pairs of crops: two stretches of one recording, or of two recordings of one patient, each varied by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from heartfeat.backbones.grid import Grid
from heartfeat.pretraining.settings import CropSettings
from heartfeat.pretraining.sounds import Sounds
from heartfeat.pretraining.variation import Variation
from heartfeat.signals.segmentation import FRAME_RATE, S1, onsets
from heartfeat.signals.segmentation.states import CYCLE

STATES = len(CYCLE)
"""S1, systole, S2 and diastole."""

LOOKS = 4
"""How often a token looks at the states under it."""


@dataclass(frozen=True)
class Pairs:
    """A batch on the device: row ``i`` and row ``n + i`` are a pair.

    Attributes
    ----------
    plain, varied
        ``(2 n, samples)`` float32: the crops as they are (but for their speed), and with level, tilt and noise changed.
    states
        ``(2 n, tokens, 4)`` float32: share of each token's time in S1, systole, S2 and diastole.
    people
        ``(2 n,)`` int64: crops with one number are from one person.
    """

    plain: Tensor
    varied: Tensor
    states: Tensor
    people: Tensor


@dataclass(frozen=True)
class _Stretches:
    """Of recordings, from their sample ``starts`` on, played ``speeds`` times as fast; ``(n,)`` each."""

    recordings: np.ndarray
    starts: np.ndarray
    speeds: np.ndarray

    def __getitem__(self, chosen: slice) -> _Stretches:
        return _Stretches(self.recordings[chosen], self.starts[chosen], self.speeds[chosen])


class CropDrawer:
    """Draws pairs from some of the recordings: which and where on the CPU, the sounds themselves on the device.

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
    device
        Where all sounds lie from now on, and the crops.
    """

    def __init__(
        self,
        sounds: Sounds,
        chosen: np.ndarray,
        settings: CropSettings,
        grid: Grid,
        device: torch.device | str = "cpu",
    ) -> None:
        self._sounds, self._chosen, self._settings, self._device = sounds, chosen, settings, device
        self._hop, self._tokens, self._margin = grid.hop, grid.frames, grid.lead
        self.samples = grid.samples
        self._variation = Variation(settings, sounds.sample_rate)
        self._onsets: dict[int, np.ndarray] = {}
        self._lengths, self._state_lengths = np.diff(sounds.offsets), np.diff(sounds.state_offsets)
        self._flat, self._flat_states = (self._there(array) for array in (sounds.samples, sounds.states))
        self._patients = _Groups(chosen, [(one.cohort, one.patient) for one in sounds.sources])
        people = {(one.cohort, one.person) for one in sounds.sources}
        numbers = {person: number for number, person in enumerate(sorted(people))}
        self._person = np.array([numbers[one.cohort, one.person] for one in sounds.sources], dtype=np.int64)

    def __call__(self, count: int, rng: np.random.Generator) -> Pairs:
        """``count`` pairs of different recordings (as long as there are so many)."""
        first = rng.choice(self._chosen, count, replace=count > len(self._chosen))
        recordings = np.concatenate([first, self._partners(first, rng)])
        drawn = self._draw(np.concatenate([recordings, rng.choice(self._chosen, 2 * count)]), rng)
        plain, others = self._cut(drawn).chunk(2)
        return Pairs(
            plain=plain,
            varied=self._variation(plain, others, rng),
            states=self._states(drawn[: 2 * count]),
            people=self._there(self._person[recordings]),
        )

    def _partners(self, recordings: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        others = self._patients.others(recordings, rng)
        return np.where(rng.random(len(recordings)) < self._settings.other_recording, others, recordings)

    def _draw(self, recordings: np.ndarray, rng: np.random.Generator) -> _Stretches:
        """One crop of each; a short recording goes on cyclically."""
        stretch = self._settings.stretch
        speeds = np.exp(rng.uniform(-stretch, stretch, len(recordings)))
        spans = np.round(self.samples * speeds).astype(np.int64)
        lengths = self._lengths[recordings]
        starts = rng.integers(np.where(lengths <= spans, lengths, lengths - spans + 1))
        if self._settings.start == "beat":
            for at, (recording, span) in enumerate(zip(recordings.tolist(), spans.tolist(), strict=True)):
                beats = self._beats(recording, span)
                if len(beats):
                    starts[at] = rng.choice(beats)
        return _Stretches(recordings, starts, speeds)

    def _beats(self, recording: int, span: int) -> np.ndarray:
        """Starts whose first token begins with an S1; those that leave ``span`` samples, if there are any."""
        if recording not in self._onsets:
            beats = onsets(self._sounds.states_of(recording), S1)
            self._onsets[recording] = np.round(beats * self._sounds.sample_rate).astype(np.int64)
        starts = self._onsets[recording] - self._margin
        whole = starts[starts + span <= self._lengths[recording]]
        # Beyond the end a recording goes on at its beginning: a seam, to be had only where it must be.
        return whole if len(whole) else starts

    def _cut(self, drawn: _Stretches) -> Tensor:
        """``(n, samples)`` float32."""
        starts, speeds, lengths, offsets = self._columns(drawn, self._sounds.offsets)
        places = torch.arange(self.samples, device=self._device) * speeds
        low = places.floor()
        share = (places - low).float()
        first = starts + low.long()
        # The band ends far below half the sample rate, so straight lines between samples will do.
        before, after = (self._flat[offsets + at % lengths].float() for at in (first, first + 1))
        return before * (1 - share) + after * share

    def _states(self, drawn: _Stretches) -> Tensor:
        """``(n, tokens, 4)`` share of the states in each token of a recording's crop."""
        starts, speeds, lengths, offsets = self._columns(drawn, self._sounds.state_offsets)
        looks = (torch.arange(self._tokens * LOOKS, device=self._device) + 0.5) * (self._hop / LOOKS)
        moments = starts + (self._margin + looks) * speeds
        frames = (moments % lengths * (FRAME_RATE / self._sounds.sample_rate)).long()
        last = self._there(self._state_lengths[drawn.recordings] - 1)[:, None]
        seen = self._flat_states[offsets + frames.minimum(last)].unflatten(1, (self._tokens, LOOKS))
        names = torch.tensor(CYCLE, device=self._device)
        return (seen[..., None] == names).float().mean(dim=2)

    def _columns(self, drawn: _Stretches, offsets: np.ndarray) -> tuple[Tensor, ...]:
        """Starts, speeds (float64) and lengths of crops, and these offsets, ``(n, 1)`` each."""
        rows = (drawn.starts, drawn.speeds, self._lengths[drawn.recordings], offsets[drawn.recordings])
        return tuple(self._there(row)[:, None] for row in rows)

    def _there(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self._device, non_blocking=True)


class _Groups:
    """Recordings by patient.

    Parameters
    ----------
    chosen
        ``(n,)`` numbers of recordings.
    patients
        Of all recordings.
    """

    def __init__(self, chosen: np.ndarray, patients: list[tuple[str, str]]) -> None:
        together: dict[tuple[str, str], list[int]] = {}
        for recording in chosen.tolist():
            together.setdefault(patients[recording], []).append(recording)
        groups = list(together.values())
        self._members = np.concatenate([np.array(group) for group in groups])
        sizes = np.array([len(group) for group in groups])
        count = len(patients)
        self._size, self._first, self._rank = (np.zeros(count, dtype=np.int64) for _ in range(3))
        self._size[self._members] = np.repeat(sizes, sizes)
        self._first[self._members] = np.repeat(np.cumsum(sizes) - sizes, sizes)
        self._rank[self._members] = np.arange(len(self._members)) - self._first[self._members]

    def others(self, recordings: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each of ``(n,)`` recordings another of its patient; itself where it is the only one."""
        size = self._size[recordings]
        ahead = rng.integers(1, np.maximum(size, 2))
        return self._members[self._first[recordings] + (self._rank[recordings] + ahead) % size]
