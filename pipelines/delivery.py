"""What a source of the project file declares: its files, how they are read, what they feed."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

TableName = Literal[
    "people", "employment", "jobs", "performance", "enrolments", "matches", "sessions"
]
# What a file holds: everything, what changed, or everything of the last window_days.
Contents = Literal["full", "delta", "rolling"]
OnTrouble = Literal["stop", "continue"]
# A full file that loses more of its headcount than this may be a delta delivered as full.
HEADCOUNT_DROP = 0.05


class Part(BaseModel):
    """A part of the project file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FromName(Part):
    """Take the delivery date from the file's name: one group that matches YYYY-MM-DD."""

    from_name: str

    @field_validator("from_name")
    @classmethod
    def _one_group(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groups
        except re.error:
            raise ValueError("not a regular expression") from None
        if groups != 1:
            raise ValueError("needs exactly one group in brackets, matching YYYY-MM-DD")
        return pattern


class Load(Part):
    """One delivery table fed from a file: canonical column -> header of the file."""

    table: TableName
    columns: dict[str, str]
    constants: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    formats: dict[str, str] = Field(default_factory=dict)
    keep_if: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    shift_days: dict[str, int] = Field(default_factory=dict)
    attributes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _attributes_of_people(self) -> Self:
        if self.attributes and self.table != "people":
            raise ValueError("attributes belong to the table people; add a load for it")
        return self


class Source(Part):
    """A kind of delivery: which files, when delivered, how to read them, what they feed."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    file: str
    delivered_on: dt.date | FromName
    null_words: tuple[str, ...] = ("", "NA", "N/A", "NULL", "-")
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    contents: Contents = "delta"
    window_days: int | None = Field(default=None, ge=1)
    headcount_drop: float = Field(default=HEADCOUNT_DROP, gt=0, le=1)
    on_headcount_drop: OnTrouble = "stop"
    on_refused: OnTrouble = "stop"
    loads: tuple[Load, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _window_of_rolling(self) -> Self:
        if (self.window_days is not None) != (self.contents == "rolling"):
            raise ValueError("window_days belongs to contents: rolling, and to it alone")
        return self

    @field_validator("file")
    @classmethod
    def _inside(cls, pattern: str) -> str:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError("must lie below the data folder: no leading / and no ..")
        return pattern
