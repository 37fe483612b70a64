"""The likeliest sequence of states whose lengths follow given distributions."""

import numpy as np

# The states come in one order only: S1, systole, S2, diastole, S1 ...
_NEXT = np.array([1, 2, 3, 0])


def decode(
    log_likelihood: np.ndarray, log_probability: np.ndarray, log_survival: np.ndarray
) -> tuple[np.ndarray, int]:
    """Duration-explicit Viterbi search of a hidden semi-Markov model with a cyclic order of states.

    After Schmidt et al. 2010 (Physiological Measurement 31, 513) and Springer et al. 2016 (IEEE Trans.
    Biomed. Eng. 63, 822), whose extended search likewise lets the first and the last state be cut by the
    recording's ends. Several duration models are tried at once and the one that explains the recording best is
    taken.

    Parameters
    ----------
    log_likelihood
        ``(frames, states)``.
    log_probability, log_survival
        ``(models, states, longest)``: log probability of a state to last exactly, and at least, 1, 2, ...
        frames.

    Returns
    -------
    path
        ``(frames,)`` uint8, states from 0.
    model
        Index of the duration model taken.
    """
    frames = len(log_likelihood)
    models, states, longest = log_probability.shape
    total = np.vstack([np.zeros(states), np.cumsum(log_likelihood, axis=0)])
    # entered[..., longest + t]: best score of being about to enter a state at frame t, less total[t].
    entered = np.full((models, states, longest + frames), -np.inf)
    lasted = np.zeros((frames + 1, models, states), dtype=np.int32)
    backwards = np.ascontiguousarray(log_probability[..., ::-1])
    for t in range(1, frames):
        best, lasted[t] = _best_length(entered[..., t : t + longest], backwards, log_survival, t)
        score = best + total[t]
        entered[:, _NEXT, longest + t] = score - total[t, _NEXT]
    cut = np.ascontiguousarray(log_survival[..., ::-1])
    best, lasted[frames] = _best_length(entered[..., frames : frames + longest], cut, log_survival, frames)
    score = best + total[frames]
    model, state = (int(index) for index in np.unravel_index(score.argmax(), score.shape))
    return _trace(lasted[:, model], state), model


def _best_length(
    entered: np.ndarray, backwards: np.ndarray, log_survival: np.ndarray, t: int
) -> tuple[np.ndarray, np.ndarray]:
    """Best score of a state that ends before frame ``t``, and how many frames it lasted.

    Parameters
    ----------
    entered
        ``(models, states, longest)``: scores of entering it ``longest`` frames ago, ..., one frame ago.
    backwards
        Log probability of lasting ``longest``, ..., one frame.
    """
    scores = entered + backwards
    index = scores.argmax(axis=-1)
    best = np.take_along_axis(scores, index[..., None], axis=-1)[..., 0]
    lasted = backwards.shape[-1] - index
    if t > log_survival.shape[-1]:
        return best, lasted
    # The state may be the first one, which began before the recording did.
    whole = log_survival[..., t - 1]
    return np.maximum(best, whole), np.where(whole > best, t, lasted)


def _trace(lasted: np.ndarray, state: int) -> np.ndarray:
    """States per frame from the lengths ``(frames + 1, states)`` and the last frame's state."""
    end, states = lasted.shape[0] - 1, lasted.shape[1]
    path = np.empty(end, dtype=np.uint8)
    while end > 0:
        length = int(lasted[end, state])
        path[end - length : end] = state
        end, state = end - length, (state - 1) % states
    return path
