"""What every part of the project file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the project file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
