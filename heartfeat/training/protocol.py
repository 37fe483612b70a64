"""What of the data a head is shown, where that is not simply all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from heartfeat.errors import ConfigError
from heartfeat.heads.examples import Examples
from heartfeat.heads.head import Head
from heartfeat.heads.held_out import trains_on_valid
from heartfeat.training.few_shot import few_shot_patients


@dataclass(frozen=True)
class Protocol:
    """What heads are trained and judged on.

    Attributes
    ----------
    few_shot
        Share of the training persons of each fold that a head is trained on; None for all of them. Validation and
        test patients stay as they are, but no head trains on validation patients then.
    few_shot_seed
        Seed of the choice.
    leave_out_site
        Site whose recordings heads neither train nor validate on, and the only one that they are tested on.
    linear_eval
        Linear evaluation: the features alone, without the sites' names.

    Raises
    ------
    ConfigError
        When the share is none.
    """

    few_shot: float | None = None
    few_shot_seed: int = 0
    leave_out_site: str | None = None
    linear_eval: bool = False

    def __post_init__(self) -> None:
        # The other way round, NaN would pass.
        if self.few_shot is not None and not 0 < self.few_shot < 1:
            raise ConfigError(
                f"--few-shot {self.few_shot:g} must be above 0 and below 1, such as 0.1; it is the share of the "
                "training persons that is kept"
            )

    def to_train(self, examples: Examples) -> Examples:
        """What heads may see of training and validation patients."""
        return self._shown(examples, at_site=False)

    def to_test(self, examples: Examples) -> Examples:
        """What heads are shown of patients that they predict."""
        return self._shown(examples, at_site=True)

    def few(self, train: Examples, fold: int) -> Examples:
        """The training patients that are kept; others in every fold."""
        if self.few_shot is None:
            return train
        patients, persons = (train.patients[column].to_list() for column in ("patient", "person"))
        seed = [self.few_shot_seed, fold]
        return train.take(few_shot_patients(patients, persons, train.labels, self.few_shot, seed))

    def to_watch(self, head: Head, valid: Examples) -> Examples:
        """The validation patients as ``head`` is given them beside its training patients.

        With few shots their labels are hidden from heads that would train on them too, and so on many.
        """
        hide = self.few_shot is not None and trains_on_valid(head)
        return valid.without_labels() if hide else valid

    def trained_on(self, head: Head, train: Examples, valid: Examples) -> dict[str, int]:
        """How many ``patients`` and ``persons`` ``head`` learns from."""
        both = trains_on_valid(head) and self.few_shot is None
        patients = pl.concat(
            [part.patients.select("person") for part in ((train, valid) if both else (train,))]
        )
        return {"patients": patients.height, "persons": patients["person"].n_unique()}

    def suffix(self) -> str:
        """What tells a run under this protocol from one that is shown everything, by name."""
        site = "" if self.leave_out_site in (None, "all") else f"-{self.leave_out_site}"
        few = "" if self.few_shot is None else f"-few{self.few_shot:g}"
        return f"{'-eval' if self.linear_eval else ''}{few}{site}"

    def check(self, recordings: pl.DataFrame) -> None:
        """Refuse a site that no recording is from.

        Raises
        ------
        ConfigError
            Names the sites that there are.
        """
        sites = recordings["site"].drop_nulls().unique(maintain_order=True).to_list()
        if self.leave_out_site is not None and self.leave_out_site not in sites:
            raise ConfigError(
                f"no usable recording is from the site {self.leave_out_site!r}; sites are {', '.join(sites)}, or all"
            )

    def reason_for_none(self) -> str:
        """What an error about a side without patients should add."""
        site = self.leave_out_site
        return "" if site is None else f", and that recordings at {site} and elsewhere are in every fold"

    def as_json(self) -> dict[str, Any]:
        """What differs from showing all there is; empty where nothing does."""
        fields = {
            "few_shot": self.few_shot,
            "few_shot_seed": None if self.few_shot is None else self.few_shot_seed,
            "leave_out_site": self.leave_out_site,
            "linear_eval": self.linear_eval or None,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _shown(self, examples: Examples, *, at_site: bool) -> Examples:
        if self.leave_out_site is not None:
            there = (examples.recordings["site"] == self.leave_out_site).fill_null(False).to_numpy()
            examples = examples.take_recordings(there == at_site)
        if not self.linear_eval:
            return examples
        return replace(examples, recordings=examples.recordings.with_columns(site=pl.lit(None, pl.String)))


EVERYTHING = Protocol()
"""Heads see all there is."""
