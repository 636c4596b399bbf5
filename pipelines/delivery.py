"""What a source of the project file declares: its files, how they are read, what they feed."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

TableName = Literal[
    "people", "employment", "jobs", "performance", "enrolments", "matches", "sessions"
]


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
    attributes: tuple[str, ...] = ()
    # Column of an identifier -> system of the section identity; see pipelines/identity.py.
    id_systems: dict[str, str] = Field(default_factory=dict)
    id_date: str | None = None
    unknown_person: Literal["quarantine", "load"] | None = None

    @model_validator(mode="after")
    def _attributes_of_people(self) -> Self:
        if self.attributes and self.table != "people":
            raise ValueError("attributes belong to the table people; add a load for it")
        return self


class Layout(Part):
    """How the files of a source are laid out and written.

    ``header_row`` holds the names; the other ``header_rows`` below it are skipped. ``footer`` are
    patterns of the first text in the rows that end the table.
    """

    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)
    header_rows: int = Field(default=1, ge=1, le=3)
    data_row: int | None = Field(default=None, ge=2)
    footer: tuple[str, ...] = ()
    delimiter: str | None = None
    quote: str = '"'
    encoding: str = Field(default="auto", min_length=1)
    decimal: Literal[".", ","] | None = None

    @field_validator("footer")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                empty = re.compile(pattern).search("")
            except re.error:
                raise ValueError("not a regular expression") from None
            if empty:
                raise ValueError("matches every row; write what the last rows begin with")
        return patterns

    @field_validator("delimiter", "quote")
    @classmethod
    def _one_character(cls, text: str | None, info: ValidationInfo) -> str | None:
        if not text and info.field_name == "quote":
            return ""
        if text is not None and (len(text) != 1 or not text.isascii() or text in "\r\n\0"):
            raise ValueError("must be one ASCII character that does not end a line")
        return text

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.data_row is not None and self.data_row <= self.header_row:
            raise ValueError("data_row lies below header_row")
        if self.delimiter is not None and self.delimiter == self.quote:
            raise ValueError("delimiter and quote are the same character")
        return self


class Source(Layout):
    """A kind of delivery: which files, when delivered, how to read them, what they feed."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    file: str
    delivered_on: dt.date | FromName
    null_words: tuple[str, ...] = ("", "NA", "N/A", "NULL", "-")
    loads: tuple[Load, ...] = Field(min_length=1)

    @field_validator("file")
    @classmethod
    def _inside(cls, pattern: str) -> str:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError("must lie below the data folder: no leading / and no ..")
        try:
            next(iter(Path("/nowhere").glob(pattern)), None)
        except (ValueError, NotImplementedError, IndexError):
            raise ValueError(
                "not a pattern of file names; ** stands alone between slashes"
            ) from None
        return pattern
