import pytest
from pydantic import ValidationError

from heartfeat.heads.pooled.settings import AttentionSettings, LinearSettings, MlpSettings


@pytest.mark.parametrize("settings", [LinearSettings, MlpSettings, AttentionSettings])
def test_settings_survive_json_and_are_refused_out_of_range(settings):
    chosen = settings(class_weights=(4, 3, 1), dropout=0.0)
    assert settings.model_validate_json(chosen.model_dump_json()) == chosen
    for wrong in ({"epoch": 3}, {"patience": 0}, {"dropout": 1.0}, {"kind": "other"}):
        with pytest.raises(ValidationError):
            settings(**wrong)
