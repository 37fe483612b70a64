"""Age bands, as CirCor has them, and Adult for those above."""

BANDS = (
    (28 / 365.25, "Neonate"),
    (1, "Infant"),
    (12, "Child"),
    (19, "Adolescent"),
    (22, "Young adult"),
    (float("inf"), "Adult"),
)
"""Upper ends (years) of the bands (Oliveira et al. 2022, table 1)."""


def age_band(years: float) -> str:
    """The band that an age in years lies in."""
    return next(band for end, band in BANDS if years < end)
