"""What a source that is pulled from a PostgreSQL server declares."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from pipelines.parts import Part

_CREDENTIALS = {"dsn", "url", "uri", "conninfo", "connection", "password", "user", "host", "port"}
# SOURCE_DATE_WATERMARK_NUMBER.parquet, as pipelines/pull.py names its files.
PULLED_ON = r"_(\d{4}-\d{2}-\d{2})_\d{20}_\d+\.parquet$"


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
            raise ValueError("must lie below the project folder: no leading /, no .. in it")
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


def named_by_pull(keys: Any) -> Any:
    """The keys of a source, with the names of the files that its pulls write."""
    if not isinstance(keys, dict) or not keys.get("postgres"):
        return keys
    if {"file", "delivered_on"} & keys.keys():
        raise ValueError("leave out file and delivered_on: a pull names its own files")
    name = keys.get("name")
    return {**keys, "file": f"{name}/{name}_*.parquet", "delivered_on": {"from_name": PULLED_ON}}
