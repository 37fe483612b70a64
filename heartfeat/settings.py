"""What settings have in common, wherever they are declared."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Settings that do not change, of known keys and finite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
