"""Synthetic heart sounds: enough like real ones to try a pipeline on, and no more.

Levels, durations and spectra follow medians over CirCor recordings (Oliveira et al. 2022): octave bands of
the heart sounds fall from 20 to 800 Hz by about 10 dB and the room's noise is flat per octave, so that a
grade I murmur stands a few dB above it and a grade III murmur more than 10.
"""

from dataclasses import dataclass

import numpy as np

from heartfeat.signals.segmentation.states import CYCLE, DIASTOLE, S1, S2, SYSTOLE
from heartfeat.signals.synthetic_murmur import GRADE_DB, Murmur, murmur_carrier, murmur_envelope
from heartfeat.signals.synthetic_noise import breathing, coloured_noise, handling, voice

Segment = tuple[float, float, int]
"""Start (s), end (s), state."""


@dataclass(frozen=True)
class Heart:
    """How one person's heart sounds.

    Attributes
    ----------
    rate
        Beats per minute.
    jitter
        Standard deviation of the beat interval over its mean.
    s1_pitch, s2_pitch
        Main frequency of the sounds in Hz.
    split
        Delay of the second component of S2 in s.
    """

    rate: float
    jitter: float
    s1_pitch: float
    s2_pitch: float
    split: float


@dataclass(frozen=True)
class Listening:
    """One recording's circumstances; levels in dB against the peak RMS of S1 at a typical site.

    Attributes
    ----------
    s1_db, s2_db
        Level of the heart sounds at this site.
    murmur_db
        Level of the murmur against its grade's.
    hiss_db, breath_db, knock_db, voice_db
        Levels of the noises; ``-inf`` leaves one out.
    knocks_per_second
        How often the chest piece is knocked.
    level_dbfs
        RMS of the finished recording in dB relative to full scale.
    """

    s1_db: float
    s2_db: float
    murmur_db: float
    hiss_db: float
    breath_db: float
    knock_db: float
    voice_db: float
    knocks_per_second: float
    level_dbfs: float


def synthesise(
    heart: Heart,
    murmurs: tuple[Murmur, ...],
    listening: Listening,
    seconds: float,
    sample_rate: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[Segment]]:
    """One recording.

    Parameters
    ----------
    murmurs
        What is heard at this site; empty for none.
    seconds
        Duration.
    sample_rate
        In Hz.
    rng
        Source of everything random.

    Returns
    -------
    samples
        ``(seconds * sample_rate,)`` float32 within [-1, 1]; clipped where knocks exceed full scale.
    segments
        The true heart cycle from start to end of the recording.
    """
    length = round(seconds * sample_rate)
    segments = _cycle(heart, seconds, rng)
    samples = _heart_sounds(heart, listening, segments, length, sample_rate, rng)
    for murmur in murmurs:
        gain = _amplitude(GRADE_DB[murmur.grade] + listening.murmur_db)
        samples += gain * _murmur(murmur, segments, length, sample_rate, rng)
    samples += _noise(listening, length, sample_rate, rng)
    level = float(np.sqrt(np.median(samples[: length // 100 * 100].reshape(100, -1).var(axis=1))))
    scaled = samples * (_amplitude(listening.level_dbfs) / level)
    return np.clip(scaled, -1.0, 1.0).astype(np.float32), segments


def _amplitude(decibel: float) -> float:
    return float(10 ** (decibel / 20))


def _cycle(heart: Heart, seconds: float, rng: np.random.Generator) -> list[Segment]:
    """S1, systole, S2, diastole in turn; sinus arrhythmia on top of beat-to-beat jitter."""
    segments: list[Segment] = []
    start = -rng.uniform(0, 60 / heart.rate)
    breath_phase = rng.uniform(0, 2 * np.pi)
    while start < seconds:
        sway = 0.04 * np.sin(breath_phase + 2 * np.pi * 0.3 * start)
        beat = 60 / heart.rate * (1 + sway + heart.jitter * float(rng.standard_normal()))
        # Systole shortens less than diastole as the heart goes faster.
        systole = 0.1 + 0.12 * np.sqrt(beat)
        s1, s2 = rng.normal(0.12, 0.008), rng.normal(0.1, 0.008)
        middle = max(0.05, systole - 0.4 * s1)
        lengths = (s1, middle, s2, max(0.05, beat - s1 - middle - s2))
        for state, long in zip(CYCLE, lengths, strict=True):
            begin, end = max(0.0, start), min(seconds, start + long)
            if end > begin:
                segments.append((float(begin), float(end), state))
            start += long
    return segments


def _heart_sounds(
    heart: Heart,
    listening: Listening,
    segments: list[Segment],
    length: int,
    sample_rate: int,
    rng: np.random.Generator,
) -> np.ndarray:
    samples = np.zeros(length)
    for start, end, state in segments:
        if state in (S1, S2):
            level = listening.s1_db if state == S1 else listening.s2_db
            at = slice(int(start * sample_rate), int(end * sample_rate))
            time = np.arange(at.stop - at.start) / sample_rate
            sound = _valves(heart, state, time, rng)
            samples[at] += _amplitude(level + float(rng.normal(0, 1.0))) * sound
    return samples


def _valves(heart: Heart, state: int, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two closing valves: damped tones of several partials, of about unit RMS at their peak."""
    pitch = heart.s1_pitch if state == S1 else heart.s2_pitch
    delay = 0.03 if state == S1 else heart.split
    decay = 0.025 if state == S1 else 0.018
    sound = np.zeros(len(time))
    for onset, weight in ((0.01, 1.0), (0.01 + delay, 0.6)):
        since = np.maximum(time - onset, 0)
        envelope = (1 - np.exp(-since / 0.005)) * np.exp(-since / decay)
        for partial, strength in ((0.6, 0.7), (1.0, 1.0), (1.9, 0.4), (3.3, 0.15), (6.0, 0.05)):
            frequency = pitch * partial * rng.normal(1, 0.03)
            sound += 2 * weight * strength * envelope * np.sin(2 * np.pi * frequency * since)
    return sound


def _murmur(
    murmur: Murmur, segments: list[Segment], length: int, sample_rate: int, rng: np.random.Generator
) -> np.ndarray:
    carrier = murmur_carrier(murmur, length, sample_rate, rng)
    state = SYSTOLE if murmur.phase == "systolic" else DIASTOLE
    envelope = np.zeros(length)
    for start, end, segment_state in segments:
        if segment_state == state:
            # Turbulence starts within the sound before and ends within the one after.
            first, last = max(0.0, start - 0.03), end + 0.02
            at = slice(int(first * sample_rate), min(length, int(last * sample_rate)))
            time = np.arange(at.start, at.stop) / sample_rate
            envelope[at] = rng.normal(1, 0.1) * murmur_envelope(murmur, first, last, time)
    return carrier * envelope


def _noise(listening: Listening, length: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    hiss = coloured_noise(length, sample_rate, 15, 0.4 * sample_rate, rng, slope=1.0)
    noise = _amplitude(listening.hiss_db) * hiss
    noise += _amplitude(listening.breath_db) * breathing(length, sample_rate, rng.uniform(14, 35), rng)
    noise += _amplitude(listening.knock_db) * handling(length, sample_rate, listening.knocks_per_second, rng)
    if np.isfinite(listening.voice_db):
        noise += _amplitude(listening.voice_db) * voice(length, sample_rate, rng)
    return noise
