"""One fit per seed, or per site that is left out, and the ensemble of these runs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from heartfeat.commands.fit import Fitted
    from heartfeat.config import Config
    from heartfeat.stores.store import Store
    from heartfeat.training.runs import RunRecord


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
    FeatureKeyError
        When a finished run is of other features than the store holds.
    RunError
        When one of the runs exists and may not be replaced, or is something else than what is asked for; before
        anything is fitted.
    """
    import sys
    from dataclasses import replace

    from heartfeat.commands.ensemble import ensemble
    from heartfeat.commands.fit import fit
    from heartfeat.commands.warn import left_unsaid
    from heartfeat.errors import RunError
    from heartfeat.replace import is_there
    from heartfeat.training.kept_folds import check_not_begun, interrupted

    runs = _runs(config, name, arguments)
    resume, overwrite = arguments["resume"], arguments["overwrite"]
    taken = [run for run in (name, *([] if resume else runs)) if is_there(config.runs / run, RunError)]
    if taken and not overwrite:
        raise RunError(
            f"{config.runs / taken[0]} exists; give the runs another --name, --overwrite to replace them, or --resume "
            "to go on from those that are finished"
        )
    for run in runs if not (resume or overwrite) else ():
        check_not_begun(config.runs / run)
    going_on = resume and not overwrite
    there = {run: _finished(config, wanted) if going_on else None for run, wanted in runs.items()}
    shared = {key: arguments[key] for key in ("overwrite", "store", "config", "set")}
    try:
        fitted = []
        for number, (run, wanted) in enumerate(runs.items(), start=1):
            with left_unsaid():
                fitted.append(there[run] or fit(**wanted))
            print(f"{run} is finished, {number} of {len(runs)} runs", file=sys.stderr, flush=True)
        return replace(ensemble(list(runs), name=name, **shared), members=tuple(fitted))
    except KeyboardInterrupt:
        raise interrupted(name) from None


def _runs(config: "Config", name: str, arguments: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The arguments of each run, by its name."""
    changes: dict[str, dict[str, Any]]
    if arguments["leave_out_site"] == "all":
        changes = {f"{name}-{site}": {"leave_out_site": site} for site in _sites(config, arguments)}
    else:
        changes = {
            f"{name}-seed{seed}": {"seed": seed, "seeds": None}
            for seed in _seeds(arguments["seeds"], arguments)
        }
    return {run: {**arguments, **change, "name": run} for run, change in changes.items()}


def _finished(config: "Config", wanted: Mapping[str, Any]) -> "Fitted | None":
    """A run, or the ensemble of a site's seeds, that an earlier call has finished; None where it has not.

    Raises
    ------
    FeatureKeyError
        When it is of other features than the store holds.
    RunError
        When it is something else than what is wanted; names what differs.
    """
    from heartfeat.commands.fit import Fitted
    from heartfeat.errors import RunError
    from heartfeat.evaluation.results import load_results
    from heartfeat.replace import is_there
    from heartfeat.training.runs import load_members, load_record

    seeds = {} if wanted["seeds"] is None else _runs(config, wanted["name"], wanted)
    members = [_finished(config, one) for one in seeds.values()]
    folder = config.runs / wanted["name"]
    if not is_there(folder, RunError):
        return None
    record = load_record(folder)
    if seeds:
        averaged = [member.name for member, _ in load_members(record, folder)]
        _check_same(folder, {"members": averaged}, {"members": list(seeds)})
    else:
        _check_fitted_alike(config, wanted, folder, record)
    _check_same(
        folder, {"calibration": _calibration(config, folder, record)}, {"calibration": config.calibration}
    )
    return Fitted(folder, record, load_results(folder), tuple(member for member in members if member))


def _check_fitted_alike(
    config: "Config", wanted: Mapping[str, Any], folder: "Path", record: "RunRecord"
) -> None:
    """Refuse a finished run that was fitted on anything else than `fit` would fit it on now."""
    from heartfeat.stores import open_store
    from heartfeat.training.feature_keys import check_feature_keys, check_settings
    from heartfeat.training.runs import check_same_cohort

    with open_store(wanted["store"] or config.store) as opened:
        check_same_cohort(record, opened)
        check_settings(config.backbones, wanted["features"] or config.backbones, opened)
        now = _made_of(config, wanted, opened)
        was = {name: getattr(record, name) for name in now}
        _check_same(folder, {**was, "features": sorted(record.features)}, now)
        check_feature_keys(record.features, opened)


def _calibration(config: "Config", folder: "Path", record: "RunRecord") -> str:
    """The method by which a run was calibrated; the config's where too few patients left no choice in any fold."""
    from heartfeat.evaluation.run_calibration import load_calibration

    calibrators = [
        calibrator
        for fold in load_calibration(folder, len(record.seen))
        for calibrator in (fold.mean_view, fold.clean_view)
    ]
    return next((one.method for one in calibrators if not one.reason), config.calibration)


def _made_of(config: "Config", wanted: Mapping[str, Any], store: "Store") -> dict[str, Any]:
    """What `fit` would say now in the record of a run of these arguments; of its features, their names alone."""
    from heartfeat.commands.common import find_splits
    from heartfeat.commands.fit import choose_head, choose_protocol
    from heartfeat.heads.registry import head_class
    from heartfeat.training.examples import usable
    from heartfeat.training.experiment import library_versions, split_digest, stored_cohort
    from heartfeat.training.fitting import Fitting
    from heartfeat.views import resolve_views

    names, views = list(wanted["features"] or config.backbones), resolve_views(config.views)
    head = choose_head(config, *(wanted[key] for key in ("head", "seed", "linear_eval")))
    shown = (wanted[key] for key in ("few_shot", "leave_out_site", "linear_eval"))
    settings = head.model_dump(mode="json")
    fitting = Fitting(wanted["device"], wanted["precision"], wanted["jobs"])
    splits = find_splits(config, stored_cohort(store), wanted["split"])
    return {
        "task": config.task,
        "features": sorted(set(names)),
        "views": list(views),
        "recordings": int(usable(store, names, views).sum()),
        "settings": settings,
        "split_digest": split_digest(splits),
        "versions": library_versions(),
        "protocol": choose_protocol(head, *shown).as_json(),
        "computed": fitting.made_of(head_class(settings["kind"])),
    }


def _check_same(folder: "Path", was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    from heartfeat.errors import RunError
    from heartfeat.messages import differences

    differs = differences(was, now)
    if differs:
        raise RunError(
            f"the finished run {folder} was fitted on something else: {'; '.join(differs)}. Go on with what the runs "
            "were begun with, give them another --name, or --overwrite to fit all of them anew"
        )


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

    from heartfeat.commands.common import check_cohort, config_store, find_splits
    from heartfeat.errors import SplitError
    from heartfeat.stores import open_store
    from heartfeat.training.experiment import stored_cohort

    with open_store(arguments["store"] or config_store(config, arguments["config"])) as opened:
        check_cohort(config, opened)
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
