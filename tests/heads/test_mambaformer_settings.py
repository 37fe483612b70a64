import pytest
from pydantic import ValidationError

from heartfeat.heads.settings import HEAD_SETTINGS, MambaFormerSettings


def test_settings_survive_json():
    settings = MambaFormerSettings(class_weights=(4, 3, 1), scales=(1, 2))
    assert MambaFormerSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    "wrong",
    [{"epoch": 3}, {"epochs": 0}, {"width": 48}, {"dropout": 1.0}, {"scales": []}, {"class_weights": [0.0]}],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        MambaFormerSettings(**wrong)


def test_the_head_is_known_by_its_name():
    assert HEAD_SETTINGS[MambaFormerSettings().kind] is MambaFormerSettings
