import pytest

from heartfeat.cohorts.age_bands import BANDS, age_band
from heartfeat.cohorts.circor_fields import CHOICES


def test_the_bands_are_those_of_circor_and_adults():
    assert [band for _, band in BANDS] == [*CHOICES["Age"][1], "Adult"]


@pytest.mark.parametrize(
    ("years", "band"),
    [
        (0.05, "Neonate"),
        (0.5, "Infant"),
        (1, "Child"),
        (18.9, "Adolescent"),
        (21, "Young adult"),
        (22, "Adult"),
    ],
)
def test_an_age_in_years_lies_in_one_band(years, band):
    assert age_band(years) == band
