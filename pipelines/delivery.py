"""What a source of the project file declares: its files, how they are read, what they feed."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

TableName = Literal[
    "people", "employment", "jobs", "performance", "enrolments", "matches", "sessions"
]

_CREDENTIALS = {"dsn", "url", "uri", "conninfo", "connection", "password", "user", "host", "port"}
# SOURCE_DATE_WATERMARK_NUMBER.parquet, as pipelines/pull.py names its files.
PULLED_ON = r"_(\d{4}-\d{2}-\d{2})_\d{20}_\d+\.parquet$"


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

    @model_validator(mode="after")
    def _attributes_of_people(self) -> Self:
        if self.attributes and self.table != "people":
            raise ValueError("attributes belong to the table people; add a load for it")
        return self


class Postgres(Part):
    """A table or a query of a PostgreSQL server; each pull writes a delivered file.

    With ``updated_at`` a pull reads what has changed, and a little more (``overlap_days``) for
    rows that were committed late; without it, everything.
    """

    dsn_env: str
    table: str | None = Field(default=None, pattern=r"^[^.]+(\.[^.]+)?$")
    query_file: str | None = None
    columns: tuple[str, ...] = Field(min_length=1)
    key: tuple[str, ...] = ()
    updated_at: str | None = None
    overlap_days: int = Field(default=1, ge=0, le=366)
    timeout_seconds: int = Field(default=600, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _no_credentials(cls, keys: Any) -> Any:
        if isinstance(keys, dict) and _CREDENTIALS & {str(key).lower() for key in keys}:
            raise ValueError(
                "a connection or a password never stands in the project file; put it into an "
                "environment variable and name that under dsn_env"
            )
        return keys

    @field_validator("dsn_env")
    @classmethod
    def _by_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError("names an environment variable; the connection itself stands there")
        return name

    @field_validator("query_file")
    @classmethod
    def _inside(cls, path: str | None) -> str | None:
        if path is not None and (Path(path).is_absolute() or ".." in Path(path).parts):
            raise ValueError("must lie below the project folder: no leading / and no ..")
        return path

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.table is None) == (self.query_file is None):
            raise ValueError("needs either table or query_file")
        return self

    def selected(self) -> tuple[str, ...]:
        """The columns a pull reads, and no others."""
        own = (self.updated_at,) if self.updated_at else ()
        return tuple(dict.fromkeys((*self.columns, *self.key, *own)))


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
    postgres: Postgres | None = None
    loads: tuple[Load, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _pulled(cls, keys: Any) -> Any:
        """A source that is pulled knows the names of its files: the pull gives them."""
        if not isinstance(keys, dict) or not keys.get("postgres"):
            return keys
        if {"file", "delivered_on"} & keys.keys():
            raise ValueError("leave out file and delivered_on: a pull names its own files")
        name = keys.get("name")
        pattern = {"from_name": PULLED_ON}
        return {**keys, "file": f"{name}/{name}_*.parquet", "delivered_on": pattern}

    @field_validator("file")
    @classmethod
    def _inside(cls, pattern: str) -> str:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError("must lie below the data folder: no leading / and no ..")
        return pattern
