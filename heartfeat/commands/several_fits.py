"""One fit per seed, or per site that is left out, and the ensemble of these runs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heartfeat.commands.fit import Fitted
    from heartfeat.config import Config


def fit_several(config: "Config", name: str, arguments: Mapping[str, Any]) -> "Fitted":
    """Fit what ``seeds`` or ``leave_out_site`` ask for as runs of their own, and average them.

    Parameters
    ----------
    name
        Name of the ensemble; its members are called ``<name>-AV`` or ``<name>-seed0``.
    arguments
        All arguments of :func:`heartfeat.fit`.

    Raises
    ------
    ConfigError
        When the seeds are none, or there is one only.
    RunError
        When one of the runs exists and may not be replaced; before anything is fitted.
    """
    from dataclasses import replace

    from heartfeat.commands.ensemble import ensemble
    from heartfeat.commands.fit import fit
    from heartfeat.errors import RunError

    changes: dict[str, dict[str, Any]]
    if arguments["leave_out_site"] == "all":
        changes = {f"{name}-{site}": {"leave_out_site": site} for site in _sites(config, arguments)}
    else:
        changes = {
            f"{name}-seed{seed}": {"seed": seed, "seeds": None}
            for seed in _seeds(arguments["seeds"], arguments)
        }
    resume, overwrite = arguments["resume"], arguments["overwrite"]
    taken = [run for run in (name, *([] if resume else changes)) if (config.runs / run).exists()]
    if taken and not overwrite:
        raise RunError(
            f"{config.runs / taken[0]} exists; give the runs another --name, --overwrite to replace them, or --resume "
            "to go on from those that are finished"
        )
    fitted = []
    for run, change in changes.items():
        wanted = {**arguments, **change, "name": run}
        there = _finished(config, wanted) if resume and not overwrite else None
        fitted.append(there or fit(**wanted))
    shared = {key: arguments[key] for key in ("overwrite", "store", "config", "set")}
    return replace(ensemble(list(changes), name=name, **shared), members=tuple(fitted))


def _finished(config: "Config", wanted: Mapping[str, Any]) -> "Fitted | None":
    """A run that an earlier call has finished; refused where its head is another than the one wanted."""
    from heartfeat.commands.fit import Fitted, choose_head
    from heartfeat.errors import RunError
    from heartfeat.evaluation.results import load_results
    from heartfeat.training.runs import load_record

    folder = config.runs / wanted["name"]
    if not folder.exists():
        return None
    record = load_record(folder)
    head = choose_head(config, *(wanted[key] for key in ("head", "seed", "linear_eval")))
    if not record.members and record.settings != head.model_dump(mode="json"):
        raise RunError(f"{folder} was fitted with other settings of the head; give the runs another --name")
    return Fitted(folder, record, load_results(folder))


def _seeds(text: str, arguments: Mapping[str, Any]) -> list[int]:
    """Whole numbers between commas, each once."""
    from heartfeat.errors import ConfigError

    if arguments["seed"] is not None:
        raise ConfigError("--seed and --seeds contradict each other; give one of them")
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts) or len({*map(int, parts)}) < max(
        2, len(parts)
    ):
        raise ConfigError(f"--seeds {text!r} must be two whole numbers or more, each once, such as 0,1,2")
    return [int(part) for part in parts]


def _sites(config: "Config", arguments: Mapping[str, Any]) -> list[str]:
    """The sites that every fold has test patients at; the others cannot be left out, and are named."""
    import sys

    from heartfeat.commands.common import find_splits
    from heartfeat.errors import SplitError
    from heartfeat.stores import open_store
    from heartfeat.training.experiment import stored_cohort

    with open_store(arguments["store"] or config.store) as opened:
        splits = find_splits(config, stored_cohort(opened), arguments["split"])
        recordings = opened.recordings
        if "status" in recordings.columns:
            recordings = recordings.filter(recordings["status"] == "ok")
        at_site: dict[str, set[str]] = {}
        for patient, site in recordings.select("patient", "site").drop_nulls().iter_rows():
            at_site.setdefault(site, set()).add(patient)
    there = {
        site: all(not tested.isdisjoint(fold.test) for fold in splits.folds)
        for site, tested in at_site.items()
    }
    few = [site for site, everywhere in there.items() if not everywhere]
    sites = [site for site, everywhere in there.items() if everywhere]
    if few:
        print(f"not left out: {', '.join(few)}; too few patients to be tested in every fold", file=sys.stderr)
    if len(sites) < 2:
        raise SplitError(
            "no two sites have test patients in every fold; ask for fewer folds, or name one site"
        )
    return sites
