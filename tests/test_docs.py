import json
import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from heartfeat.cli import app
from heartfeat.commands.demo import demo
from heartfeat.config import load_config
from heartfeat.heads.settings import HEAD_SETTINGS
from heartfeat.pretraining.settings import (
    CnnMambaEncoderSettings,
    ContrastSettings,
    CropSettings,
    MaskedSettings,
    PcgEncoderSettings,
    PretrainData,
    PretrainSettings,
)
from heartfeat.tasks import get_task
from heartfeat.views import resolve_views

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language):
    return [
        (page.name, text)
        for page in PAGES
        for kind, text in FENCE.findall(page.read_text())
        if kind == language
    ]


def command_lines():
    lines = [line for _, text in blocks("console") for line in text.splitlines()]
    typed = [line.removeprefix("$ ").split("  #")[0] for line in lines if line.startswith("$ ")]
    return sorted(
        {line.strip() for line in typed if line.startswith("$ heartfeat") or line.startswith("heartfeat")}
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A folder in which a small demo has run, as the examples suppose."""
    folder = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        demo(patients=30, folds=2)
    return folder


@pytest.mark.parametrize("line", command_lines())
def test_command_lines_in_the_docs_are_understood(line):
    group = typer.main.get_command(app)
    arguments = shlex.split(line)[1:]
    while isinstance(group, click.Group) or hasattr(group, "commands"):
        name, *arguments = arguments
        group = group.commands[name]
    context = group.make_context(line, arguments)
    assert context.params


EXPERIMENTS = [path for path in sorted(ROOT.glob("configs/*.yaml")) if not path.stem.startswith("pretrain_")]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.name)
def test_ready_configs_are_valid(path):
    config = load_config(path)
    assert config.data is not None
    get_task(config.task)
    resolve_views(config.views)


def test_there_are_command_lines_to_check():
    assert len(command_lines()) > 5


@pytest.mark.slow
@pytest.mark.parametrize(("page", "text"), blocks("python"))
def test_python_in_the_docs_runs(page, text, shown, monkeypatch):
    monkeypatch.chdir(shown)
    exec(compile(text, page, "exec"), {})


@pytest.mark.slow
@pytest.mark.parametrize("notebook", sorted(ROOT.glob("notebooks/*.ipynb")), ids=lambda path: path.name)
def test_notebooks_run(notebook, shown, monkeypatch):
    monkeypatch.chdir(shown)
    scope: dict = {}
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), notebook.name, "exec"), scope)


def test_relative_links_in_the_docs_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def anchors(page):
    """Where links into a page may lead: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_to_a_part_of_a_page_lead_to_one_of_its_headings():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
            assert anchor in anchors(page.parent / target if target else page), (
                f"{page.name}: {target}#{anchor}"
            )


@pytest.mark.parametrize("head", HEAD_SETTINGS)
def test_every_setting_of_a_head_stands_in_the_docs_with_its_default(head):
    text = (ROOT / "docs/heads.md").read_text()
    table = text.split(f"| `{head}` | default |")[1].split("\n\n")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", table, re.MULTILINE))
    defaults = HEAD_SETTINGS[head]().model_dump(mode="json", exclude={"kind"})
    assert {name: json.loads(value) for name, value in shown.items()} == defaults


PRETRAINING = {
    "recipe": (PretrainSettings, {"data", "encoder", "objectives", "crops"}),
    "data": (PretrainData, {"path"}),
    "pcg": (PcgEncoderSettings, set()),
    "cnn_mamba": (CnnMambaEncoderSettings, set()),
    "crops": (CropSettings, set()),
    "masked": (MaskedSettings, set()),
    "contrast": (ContrastSettings, set()),
}
"""Settings of each table of the recipe, and those without a default of one value."""


@pytest.mark.parametrize("table", PRETRAINING)
def test_every_key_of_a_recipe_stands_in_the_docs_with_its_default(table):
    settings, without_default = PRETRAINING[table]
    text = (ROOT / "docs/pretraining.md").read_text()
    rows = text.split(f"| `{table}` | default |")[1].split("\n\n")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", rows, re.MULTILINE))
    fields = {n: f for n, f in settings.model_fields.items() if n not in ("kind", "architecture")}
    assert set(shown) == set(fields)
    defaults = {name: field.default for name, field in fields.items() if name not in without_default}
    assert {name: json.loads(shown[name]) for name in defaults} == json.loads(json.dumps(defaults))


@pytest.mark.parametrize("page", [*PAGES, *sorted(ROOT.glob("benchmarks/*.md"))], ids=lambda page: page.name)
def test_every_table_has_rows_of_one_length(page):
    lines = page.read_text().splitlines()
    rules = [number for number, line in enumerate(lines) if re.fullmatch(r"\|[-:| ]*-[-:| ]*\|", line)]
    for rule in rules:
        rows = lines[rule + 1 :]
        end = next((number for number, line in enumerate(rows) if not line.startswith("|")), len(rows))
        assert end, f"line {rule + 1}: a table without rows"
        widths = {
            len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", line)))
            for line in lines[rule - 1 : rule + 1 + end]
        }
        assert len(widths) == 1, f"line {rule + 1}: rows of different lengths"
