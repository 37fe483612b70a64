from pathlib import Path
from typing import Annotated

import pytest

import heartfeat
from heartfeat.commands.arguments import pythonic


@pythonic
def command(
    store: str,
    views: Annotated[str | None, "views"] = None,
    gpus: Annotated[str | None, "gpus"] = None,
    backbone: Annotated[list[str] | None, "backbones"] = None,
    config: Annotated[Path, "config"] = Path("heartfeat.yaml"),
    workers: int | None = None,
    strict: bool = False,
) -> list[object]:
    """As commands are declared."""
    return [store, views, gpus, backbone, config, workers, strict]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"views": ["clean", "gain-6"]}, {"views": "clean,gain-6"}),
        ({"gpus": 0}, {"gpus": "0"}),
        ({"gpus": range(2)}, {"gpus": "0,1"}),
        ({"backbone": "pcg"}, {"backbone": ["pcg"]}),
        ({"backbone": ("pcg", "beats")}, {"backbone": ["pcg", "beats"]}),
        (
            {"backbone": {"views": "none", "split.folds": 3, "split": {"by": None}}},
            {"backbone": ["views=none", "split.folds=3", 'split={"by": null}']},
        ),
        ({"config": "exp/a.yaml"}, {"config": Path("exp/a.yaml")}),
        ({"workers": 2, "strict": True, "views": None}, {}),
    ],
)
def test_ordinary_values_become_what_the_command_line_would_give(given, taken):
    assert command(Path("s.zarr"), **given) == command("s.zarr", **{**given, **taken})


def test_an_argument_that_is_not_known_is_refused_as_ever():
    with pytest.raises(TypeError, match="viewz"):
        command("s.zarr", viewz="none")


def test_extract_takes_lists_texts_and_dicts(project):
    changes = {"views": "none", "backbones.fine": {"bands": 8}}
    heartfeat.extract(config=str(project), set=changes, backbone="fine", device="cpu", workers=1)
    heartfeat.extract(config=project, views=["clean", "gain-6"], set="task=outcome", device="cpu", workers=1)
    with heartfeat.open_store(project.parent / "store.zarr") as store:
        assert store.features("fine").views == ("clean",)
        assert [bag.patient for bag in store.bags(features="fine")[1:3]] == store.patients[
            "patient"
        ].to_list()[1:3]
