import subprocess
import sys

import pytest
from pydantic import BaseModel

from heartfeat.errors import ConfigError
from heartfeat.heads.registry import HEADS, head_class, head_names, head_settings, make_head
from heartfeat.heads.settings import HEAD_SETTINGS


class Stranger(BaseModel):
    kind: str = "zzz"


@pytest.mark.parametrize("kind", HEADS)
def test_every_head_is_made_from_its_settings(kind):
    head = make_head(HEAD_SETTINGS[kind]())
    assert isinstance(head, head_class(kind))
    assert head.settings.kind == kind


def test_every_head_has_settings():
    assert set(HEADS) == set(HEAD_SETTINGS)
    assert {kind: head_settings(kind) for kind in head_names()} == HEAD_SETTINGS
    assert head_settings("zzz") is None


def test_an_unknown_head_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean 'lgbm'"):
        head_class("lgb")
    with pytest.raises(ConfigError, match="Heads are: logistic, lgbm, linear, mlp, attention, mambaformer"):
        make_head(Stranger())


def test_the_registry_imports_no_heavy_library():
    heavy = "{'torch', 'transformers', 'lightgbm', 'sklearn', 'scipy'} & set(sys.modules)"
    code = f"import sys, heartfeat.heads.registry; print({heavy} or '')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
