"""Which settings a sweep tries next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from heartfeat.errors import ConfigError
from heartfeat.stores.schema import canonical_json
from heartfeat.training.sweep_space import Range, Space
from heartfeat.training.sweep_trials import Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

ATTEMPTS = 20
"""Proposals in a row that were tried before after which a search is at its end."""


class Search(Protocol):
    """Proposes settings, given what has been tried and what is being tried."""

    def propose(self, number: int, done: Sequence[Trial], running: Sequence[Trial]) -> dict[str, Any] | None:
        """Settings of trial ``number``; None when there is nothing left to try."""
        ...

    def total(self, done: int) -> int:
        """Trials in all, of which ``done`` are finished."""
        ...


class GridSearch:
    """Every combination once, in order."""

    def __init__(self, space: Space) -> None:
        self._grid = {canonical_json(settings): settings for settings in space.grid()}

    def propose(self, number: int, done: Sequence[Trial], running: Sequence[Trial]) -> dict[str, Any] | None:
        """The first combination that is neither done nor running."""
        taken = {canonical_json(trial.settings) for trial in (*done, *running)}
        return next((settings for key, settings in self._grid.items() if key not in taken), None)

    def total(self, done: int) -> int:
        """How many combinations there are."""
        return len(self._grid)


class TpeSearch:
    """The tree-structured Parzen estimator of Optuna (Bergstra et al. 2011, NeurIPS).

    Every proposal is made from the table of trials alone and a seed of its own, so a sweep that was stopped goes
    on as if it had not been.

    Parameters
    ----------
    trials
        Trials in all.
    seed
        Seed of the proposals.
    lower_is_better
        Whether the score is a cost.

    Raises
    ------
    ConfigError
        When Optuna is not installed.
    """

    def __init__(self, space: Space, trials: int, seed: int, *, lower_is_better: bool) -> None:
        try:
            import optuna
        except ImportError:
            raise ConfigError(
                "--search tpe needs Optuna; install it with `pip install heartfeat[sweep]`, or sweep a grid"
            ) from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._trials, self._seed = space, trials, seed
        self._direction: Literal["minimize", "maximize"] = "minimize" if lower_is_better else "maximize"
        self._distributions = {key: _distribution(values) for key, values in space.settings.items()}

    def propose(self, number: int, done: Sequence[Trial], running: Sequence[Trial]) -> dict[str, Any] | None:
        """What promises most after the trials so far; never what was tried before."""
        import optuna

        if len(done) + len(running) >= self._trials:
            return None
        told = [told for trial in (*done, *running) if (told := self._told(trial)) is not None]
        taken = {canonical_json(trial.settings) for trial in (*done, *running)}
        for attempt in range(ATTEMPTS):
            # Trials in progress count as bad ones, so that parallel trials keep apart.
            seed = (self._seed * 1_000_003 + number * ATTEMPTS + attempt) % 2**32
            sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
            study = optuna.create_study(direction=self._direction, sampler=sampler)
            study.add_trials(told)
            settings = self._values(study.ask(self._distributions).params)
            if canonical_json(settings) not in taken:
                return settings
        return None

    def total(self, done: int) -> int:
        """How many trials were asked for."""
        return max(self._trials, done)

    def _values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: params[key] if isinstance(values, Range) else values[params[key]]
            for key, values in self._space.settings.items()
        }

    def _told(self, trial: Trial) -> FrozenTrial | None:
        """A trial as Optuna knows it; None where it lies outside of the present space."""
        from optuna.trial import TrialState, create_trial

        params: dict[str, Any] = {}
        for key, values in self._space.settings.items():
            value = trial.settings.get(key)
            if not isinstance(values, Range):
                if value not in values:
                    return None
                value = values.index(value)
            elif not isinstance(value, int | float) or not values.low <= value <= values.high:
                return None
            params[key] = value
        states = {"ok": TrialState.COMPLETE, "failed": TrialState.FAIL, "running": TrialState.RUNNING}
        return create_trial(
            state=states[trial.status], value=trial.score, params=params, distributions=self._distributions
        )


def _distribution(values: Range | tuple[Any, ...]) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not isinstance(values, Range):
        # Optuna's categories are plain values; ours may be lists, so it is given their numbers.
        return CategoricalDistribution(range(len(values)))
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log, step=int(values.step or 1))
    return FloatDistribution(values.low, values.high, log=values.log, step=values.step)
