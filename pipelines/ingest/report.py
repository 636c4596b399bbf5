"""Where every delivered row went: the reconciliation of a landing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt

    from pipelines.ingest.drift import Drift
    from pipelines.ingest.files import SkippedFile
    from pipelines.ingest.identity.report import IdentityReport


@dataclass(frozen=True)
class RuleCount:
    """Rows that one rule, broken by one column, kept out: quarantined or excluded.

    The outcome "link" means: loaded, but without the identifier in that column.
    """

    outcome: str
    rule: str
    column: str
    rows: int


@dataclass(frozen=True)
class LoadReport:
    """Where the rows of one file went in one table.

    rows_in = loaded + quarantined + excluded + duplicates, always. Where columns became lines,
    ``lines_per_row`` of them were made of each row. ``read`` are the headers of each column,
    ``absent`` the columns no header stands for, ``differing`` the rows in which several headers
    of one column disagree.
    """

    table: str
    rows_in: int
    loaded: int
    quarantined: int
    excluded: int
    duplicates: int
    rules: tuple[RuleCount, ...]
    lines_per_row: int = 1
    absent: tuple[str, ...] = ()
    differing: tuple[tuple[str, int], ...] = ()
    read: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        gone = self.rows_in - self.loaded - self.quarantined - self.excluded - self.duplicates
        if gone:
            raise AssertionError(f"{self.table}: {gone} rows are not accounted for")


@dataclass(frozen=True)
class FileReport:
    """One accepted file: what it is, what it fed, and what of it was not read.

    ``not_data`` counts rows above, in and below the table by kind, ``counted`` hidden rows and the
    like that were read; ``notes`` say how, without counts.
    """

    source: str
    file: str
    sha256: str
    delivered_on: dt.date
    rows: int
    columns_not_loaded: tuple[str, ...]
    loads: tuple[LoadReport, ...]
    not_data: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True)
class IngestReport:
    """The reconciliation: accepted files, and files skipped as copies of another."""

    files: tuple[FileReport, ...]
    skipped: tuple[SkippedFile, ...]
    identity: IdentityReport | None = None

    @property
    def loaded(self) -> int:
        """Rows loaded over all files and tables."""
        return sum(load.loaded for file in self.files for load in file.loads)

    @property
    def quarantined(self) -> int:
        """Rows quarantined over all files and tables."""
        return sum(load.quarantined for file in self.files for load in file.loads)

    def in_one_line(self) -> str:
        """Where all rows went; they are rows of files and tables, not people."""
        loads = [load for file in self.files for load in file.loads]
        kinds = ("loaded", "quarantined", "excluded", "duplicates")
        parts = [f"{sum(getattr(load, kind) for load in loads):,} {kind}" for kind in kinds]
        return f"rows: {sum(load.rows_in for load in loads):,} in = {' + '.join(parts)}"

    def as_dict(self) -> dict[str, Any]:
        """The reconciliation as plain values, as the report reads it; dates in ISO 8601."""
        return {
            "files": [_file(f) for f in self.files],
            "skipped": [
                {"file": s.file, "why": f"same content as {s.same_as}"} for s in self.skipped
            ],
            **({"identity": self.identity.as_dict()} if self.identity else {}),
        }


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "source": file.source,
        "file": file.file,
        "sha256": file.sha256,
        "delivered_on": file.delivered_on.isoformat(),
        "rows_in": file.rows,
        "loads": [_load(load) for load in file.loads],
        "columns_not_loaded": list(file.columns_not_loaded),
        "not_data": {kind: n for kind, n in sorted(file.not_data.items()) if n},
        "counted": {kind: n for kind, n in sorted(file.counted.items()) if n},
        "notes": list(file.notes),
        "drift": [drift.as_dict() for drift in file.drift],
    }


def _load(load: LoadReport) -> dict[str, Any]:
    return {
        "table": load.table,
        "rows_in": load.rows_in,
        "loaded": load.loaded,
        "quarantined": load.quarantined,
        "duplicates": load.duplicates,
        "excluded": _named(load, "excluded"),
        "quarantine_rules": _named(load, "quarantined"),
        "lines_per_row": load.lines_per_row,
        "columns_read": {name: list(headers) for name, headers in load.read},
        "columns_absent": list(load.absent),
        "rows_differing": dict(load.differing),
        "links_left_empty": _named(load, "link"),
    }


def _named(load: LoadReport, outcome: str) -> dict[str, int]:
    """Rows by rule; a rule names the column that broke it."""
    counts = [r for r in load.rules if r.outcome == outcome]
    return {f"{r.rule}: {r.column}" if r.column else r.rule: r.rows for r in counts}
