"""What a source of the project file declares: its files, how they are read, what they feed."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipelines.database import Postgres, named_by_pull
from pipelines.parts import Part
from pipelines.timetable import due

TableName = Literal[
    "people",
    "employment",
    "jobs",
    "performance",
    "enrolments",
    "matches",
    "sessions",
    "surveys",
]
# What a file holds: everything, what changed, or everything of the last window_days.
Contents = Literal["full", "delta", "rolling"]
OnTrouble = Literal["stop", "continue"]
# A full file that loses more of its headcount than this may be a delta delivered as full.
HEADCOUNT_DROP = 0.05
Locale = Literal["de", "en", "es", "fr", "it", "nl"]


def _as_tuple(value: object) -> object:
    """YAML authors write one word or a list of words; both mean a tuple."""
    return (value,) if isinstance(value, str) else value


def _as_text(value: object) -> object:
    """What YAML made of the words yes and no, or of a number, is text again."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Text = Annotated[str, BeforeValidator(_as_text)]


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


class Unpivot(Part):
    """Columns that become lines: each cell is a line of its own, named after its column.

    The columns are listed, or found by a pattern whose one group is the item's name.
    """

    item: str = "item"
    value: str = "value"
    columns: tuple[str, ...] = ()
    pattern: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.columns) == bool(self.pattern):
            raise ValueError("needs either columns or a pattern")
        try:
            groups = re.compile(self.pattern).groups
        except re.error:
            raise ValueError("the pattern is not a regular expression") from None
        if self.pattern and groups > 1:
            raise ValueError("the pattern has more than one group; use (?:...) for the others")
        return self


class MapTo(Part):
    """Read a column of the file as this canonical column."""

    map: str


class Load(Part):
    """One delivery table fed from a file: canonical column -> header of the file.

    Several headers for one column are read in that order, the first with a value counts.
    ``aliases`` are headers that may stand in the file; those absent are left out.
    """

    table: TableName
    columns: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    aliases: dict[str, Words] = Field(default_factory=dict)
    constants: dict[str, Text] = Field(default_factory=dict)
    values: dict[str, dict[Text, Text]] = Field(default_factory=dict)
    formats: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    null_words: dict[str, Words] = Field(default_factory=dict)
    suppressed: Words = ()
    decimal: Literal[".", ","] | None = None
    scale_by: dict[str, float] = Field(default_factory=dict)
    range: dict[str, tuple[float, float]] = Field(default_factory=dict)
    pivot: int | None = Field(default=None, ge=0, le=99)
    locale: Locale | None = None
    unpivot: Unpivot | None = None
    keep_if: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    drop_if: dict[str, Words] = Field(default_factory=dict)
    shift_days: dict[str, int] = Field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    # Column of an identifier -> system of the section identity; see pipelines/identity.py.
    id_systems: dict[str, str] = Field(default_factory=dict)
    id_date: str | None = None
    unknown_person: Literal["quarantine", "load"] | None = None

    @model_validator(mode="after")
    def _fits_its_table(self) -> Self:
        if self.attributes and self.table != "people":
            raise ValueError("attributes belong to the table people; add a load for it")
        if self.suppressed and self.table != "surveys":
            raise ValueError("suppressed belongs to the table surveys")
        if any(low > high for low, high in self.range.values()):
            raise ValueError("range: the lower bound comes first")
        return self


class Layout(Part):
    """How the files of a source are laid out and written.

    ``header_row`` holds the names; the other ``header_rows`` below it are skipped. ``footer`` are
    patterns of the first text in the rows that end the table. ``record`` is the type to read of a
    file that holds several.
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
    record: str = ""

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
    dialect: str = ""
    tables: tuple[TableName, ...] = ()
    null_words: tuple[str, ...] = ("", "NA", "N/A", "NULL", "-")
    on_drift: dict[str, Literal["stop", "ignore"] | MapTo] = Field(default_factory=dict)
    contents: Contents = "delta"
    window_days: int | None = Field(default=None, ge=1)
    headcount_drop: float = Field(default=HEADCOUNT_DROP, gt=0, le=1)
    on_headcount_drop: OnTrouble = "stop"
    on_refused: OnTrouble = "stop"
    expected: str = ""
    postgres: Postgres | None = None
    loads: tuple[Load, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _by_dialect(cls, data: Any, info: ValidationInfo) -> Any:
        """What the dialect says comes first, what the source says goes over it.

        A source that is pulled knows the names of its files: the pull gives them.
        """
        from pipelines.ingest.dialect import applied  # it validates with the classes of this file

        context = info.context if isinstance(info.context, dict) else {}
        return named_by_pull(applied(data, context.get("folder")))

    @model_validator(mode="after")
    def _window_of_rolling(self) -> Self:
        if (self.window_days is not None) != (self.contents == "rolling"):
            raise ValueError("window_days belongs to contents: rolling, and to it alone")
        return self

    @field_validator("expected")
    @classmethod
    def _understood(cls, text: str) -> str:
        if text:
            due(text)
        return text

    @field_validator("file")
    @classmethod
    def _inside(cls, pattern: str) -> str:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError("must lie below the data folder: no leading /, no .. in it")
        try:
            next(iter(Path("/nowhere").glob(pattern)), None)
        except (ValueError, NotImplementedError, IndexError):
            raise ValueError(
                "not a pattern of file names; ** stands alone between slashes"
            ) from None
        return pattern
