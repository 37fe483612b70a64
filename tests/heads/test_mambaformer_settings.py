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


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ({"inner_folds": 1}, "give 0, or 2 or more"),
        ({"inner_folds": 0, "patient_weight": 0}, "set inner_folds to 2 or more"),
        ({"inner_folds": 2, "patient_weight": 0, "recording_weight": 0}, "leaves nothing to learn"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_with_a_remedy(wrong, remedy):
    with pytest.raises(ValidationError, match=remedy):
        MambaFormerSettings(**wrong)


def test_the_head_is_known_by_its_name():
    assert HEAD_SETTINGS[MambaFormerSettings().kind] is MambaFormerSettings
