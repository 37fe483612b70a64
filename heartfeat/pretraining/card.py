"""What a checkpoint's folder says of it to people: a page that tells what it is, learned from what, and how."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from heartfeat.pretraining.record import TrainingRecord

LICENCES = {
    "circor": "CirCor DigiScope (Oliveira et al. 2022): Open Data Commons Attribution License (ODC-BY 1.0)",
    "physionet2016": "CinC Challenge 2016 (Liu et al. 2016): Open Data Commons Attribution License (ODC-BY 1.0)",
    "pascal": "PASCAL 2011 (Bentley et al.): no licence is stated; cite the challenge",
    "own": "Own recordings: whoever made them says on what terms",
}
"""Terms of the datasets that heartfeat reads; ODC-BY asks that what is made with the data names them."""


def write_card(
    name: str, record: TrainingRecord, config: Mapping[str, Any], parameters: int, launch: str
) -> str:
    """The page in Markdown.

    Parameters
    ----------
    name
        Of the checkpoint.
    config
        Of the encoder.
    parameters
        How many numbers the encoder has.
    launch
        Command that trained it, without recipe and ``--out``.
    """
    datasets = dict.fromkeys(one["dataset"] for one in record.data)
    licences = [f"- {LICENCES[dataset]}" for dataset in datasets]
    parts = [
        f"# {name}",
        f"A `{config['model_type']}` encoder of heart sounds, {parameters:,} parameters, trained by heartfeat "
        f"{record.heartfeat} on recordings alone: no labels were read. Use it as a backbone:",
        _fenced("yaml", f"backbones:\n  {name}: {{family: transformers, model: PATH/TO/{name}}}"),
        "## Learned from",
        _table(record),
        _left_aside(record),
        "The patient ids are in `training.json`, under `seen`. Terms of the data:",
        "\n".join(licences),
        "## How",
        f"Machine: {record.machine}. Time: {record.seconds:,.0f} s. Seed: {record.settings['seed']}. The same "
        "training again, with your paths in the recipe:",
        _fenced("console", f"$ {launch} recipe.yaml --out {name}"),
        _fenced("yaml", _recipe(record)),
        "## Along the way",
        "![losses and probe over the steps](curves.svg)",
        _figures(record.history[-1]),
        "## Architecture",
        _fenced("json", json.dumps(config, indent=1, sort_keys=True)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(record: TrainingRecord) -> str:
    lines = ["| cohort | recordings | patients | people | hours |", "|---|---|---|---|---|"]
    for one in record.data:
        sizes = " | ".join(str(one[what]) for what in ("recordings", "patients", "people", "hours"))
        lines.append(f"| {one['name']} | {sizes} |")
    return "\n".join(lines)


def _left_aside(record: TrainingRecord) -> str:
    said = [
        f"- {one['held_out']} people of {one['name']}: only the probe heard them"
        for one in record.data
        if one["held_out"]
    ]
    said += [
        f"- {one['left_out']} patients of {one['name']}: they, or recordings of the same person, are tested in "
        f"`{one['split']}`, or they have no files"
        for one in record.data
        if one["left_out"]
    ]
    said += [f"- {count} recordings: {reason}" for reason, count in record.skipped.items()]
    return "Not learned from:\n\n" + "\n".join(said) if said else ""


def _recipe(record: TrainingRecord) -> str:
    data = [
        {"cohort": one["dataset"], "name": one["name"], "path": f"PATH/TO/{one['dataset']}"}
        | ({"leave_out": one["split"]} if one["split"] else {})
        for one in record.data
    ]
    return yaml.safe_dump({"data": data, **record.settings}, sort_keys=False, default_flow_style=None)


def _figures(row: Mapping[str, float]) -> str:
    lines = ["| at the end | |", "|---|---|"]
    return "\n".join(
        [*lines, *(f"| {name.replace('_', ' ')} | {value:.4g} |" for name, value in row.items())]
    )


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{textwrap.dedent(text).strip()}\n```"
