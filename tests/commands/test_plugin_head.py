import re
import sys
from pathlib import Path

import polars as pl
import pytest

import heartfeat

DOCS = Path(__file__).parents[2] / "docs/heads.md"


@pytest.fixture
def prototype(tmp_path, monkeypatch):
    """The head that the docs show, as an installed distribution; its module's file."""
    source = re.search(r"^```python\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert source
    info = tmp_path / "site" / "my_heads-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-heads\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[heartfeat.heads]\nprototype = my_heads:Prototype\n")
    file = info.with_name("my_heads.py")
    file.write_text(source.group(1), encoding="utf-8")
    monkeypatch.syspath_prepend(info.parent)
    yield file
    sys.modules.pop("my_heads", None)


def test_a_head_of_a_plug_in_is_fitted_saved_and_used_again(prototype, project):
    fitted = heartfeat.fit(head="prototype", config=project, set=["heads.prototype.sharpness=0.05"])
    assert fitted.folder.name == "murmur-prototype"
    assert fitted.record.settings == {"kind": "prototype", "sharpness": 0.05}
    said = heartfeat.predict(fitted.folder.name, config=project)
    expected = pl.read_parquet(fitted.folder / "predictions.parquet")
    both = said.join(expected, on="patient", suffix="_test")
    assert len(both) == len(expected)
    assert both["p_Present"].to_list() == pytest.approx(both["p_Present_test"].to_list())
