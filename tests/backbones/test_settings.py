import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from heartfeat.backbones.settings import BackboneSettings, LogMelSettings, TransformersSettings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": 900.0}, "low must be below high"),
        ({"high": 1200.0}, "above half of sample_rate"),
        ({"token_rate": 47.0}, "does not divide sample_rate"),
        ({"frame_seconds": 0.01}, "leaves gaps between tokens"),
        ({"window_seconds": 0.01}, "holds no whole token"),
        ({"name": "a/b"}, "should match pattern"),
        ({"band": 64}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LogMelSettings.model_validate(changes)


def test_the_family_chooses_the_class() -> None:
    chosen = TypeAdapter(BackboneSettings).validate_python(
        {"family": "transformers", "name": "ast", "model": "somewhere"}
    )
    assert chosen == TransformersSettings(name="ast", model="somewhere")


@pytest.mark.parametrize(
    "settings",
    ["LogMelSettings()", "BeatsSettings()", "TransformersSettings(name='pcg', model='heartfeat-pcg')"],
)
def test_what_comes_with_the_package_is_described_without_torch(settings: str) -> None:
    code = (
        "import sys; from heartfeat.backbones.load import describe_backbone; "
        f"from heartfeat.backbones.settings import *; describe_backbone({settings}); "
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
