"""Where every delivered row went: the reconciliation of a landing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from pipelines.ingest.drift import Drift
    from pipelines.ingest.files import DeliveredFile, RefusedFile, SkippedFile
    from pipelines.ingest.identity.report import IdentityReport


@dataclass(frozen=True)
class RuleCount:
    """Rows that one rule, broken by one column, kept out: quarantined or excluded.

    Among ``blanked``: rows that were kept, but for one cell or link. ``first_row`` is where the
    first of them stands in the file.
    """

    outcome: str
    rule: str
    column: str
    rows: int
    first_row: int | None = None

    def describe(self) -> str:
        """The rule, its column, and how many rows from which on."""
        column = f" in {self.column}" if self.column else ""
        first = f" (first: row {self.first_row:,})" if self.first_row else ""
        return f"{self.rule}{column}, {self.rows:,} rows{first}"


@dataclass(frozen=True)
class LoadReport:
    """Where the rows of one file went in one table.

    rows_in = loaded + quarantined + excluded + duplicates, always. Where columns became lines,
    ``lines_per_row`` of them were made of each row. ``read`` are the headers of each column,
    ``absent`` the columns no header stands for, ``differing`` the rows in which several headers
    of one column disagree, ``unmapped`` those with a word that the project does not map.
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
    blanked: tuple[RuleCount, ...] = ()
    read: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unmapped: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        gone = self.rows_in - self.loaded - self.quarantined - self.excluded - self.duplicates
        if gone:
            raise AssertionError(f"{self.table}: {gone} rows are not accounted for")


@dataclass(frozen=True)
class FileReport:
    """One accepted file: what it is, what it fed, and what of it was not read.

    ``not_data`` counts rows above, in and below the table by kind, ``counted`` hidden rows and the
    like that were read; ``notes`` say how, without counts. Where several ``tabs`` are read, `_row`
    is a row of a tab and the rows of those above it.
    """

    delivered: DeliveredFile
    rows: int
    columns_not_loaded: tuple[str, ...]
    loads: tuple[LoadReport, ...]
    not_data: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()
    tabs: tuple[tuple[str, int], ...] = ()

    @property
    def source(self) -> str:
        """Name of the source in the project file."""
        return self.delivered.source.name

    @property
    def file(self) -> str:
        """Name of the file below the data folder."""
        return self.delivered.name

    @property
    def sha256(self) -> str:
        """SHA-256 of the file."""
        return self.delivered.sha256

    @property
    def delivered_on(self) -> dt.date:
        """The date the delivery declares for itself."""
        return self.delivered.delivered_on

    def rows_of(self, kind: str) -> int:
        """Rows of one outcome (or ``rows_in``) over all tables the file feeds."""
        return sum(getattr(load, kind) for load in self.loads)

    def in_one_line(self) -> str:
        """Where the rows of the file went."""
        return f"{self.file}: {_sum_line([self])}"


@dataclass(frozen=True)
class IngestReport:
    """The reconciliation: accepted files, copies that were skipped, and refused files.

    ``remarks`` are worth a look: an unusual fall of the headcount, a gap between rolling files.
    """

    files: tuple[FileReport, ...]
    skipped: tuple[SkippedFile, ...]
    refused: tuple[RefusedFile, ...] = ()
    remarks: tuple[str, ...] = ()
    identity: IdentityReport | None = None

    @property
    def loaded(self) -> int:
        """Rows loaded over all files and tables."""
        return sum(file.rows_of("loaded") for file in self.files)

    @property
    def quarantined(self) -> int:
        """Rows quarantined over all files and tables."""
        return sum(file.rows_of("quarantined") for file in self.files)

    def in_one_line(self) -> str:
        """Where all rows went; they are rows of files and tables, not people."""
        return f"rows: {_sum_line(self.files)}"

    def lines(self) -> list[str]:
        """What the run says: a line for each file with rows in quarantine, copies, refusals, sum.

        Every file has its line in the report.
        """
        held = [file.in_one_line() for file in self.files if file.rows_of("quarantined")]
        words = [line for file in self.files for line in _words(file)]
        copies = [f"{s.file.name}: skipped, same content as {s.same_as}" for s in self.skipped]
        refused = [f"{r.file}: refused: {r.reason} Fix: {r.fix}" for r in self.refused]
        return [*held, *words, *copies, *refused, *self.remarks, self.in_one_line()]

    def as_dict(self) -> dict[str, Any]:
        """The reconciliation as plain values, as the report reads it; dates in ISO 8601."""
        return {
            "files": [_file(f) for f in self.files],
            "skipped": [
                {"file": s.file.name, "why": f"same content as {s.same_as}"} for s in self.skipped
            ],
            "refused": [{"file": r.file, "why": r.reason, "fix": r.fix} for r in self.refused],
            "remarks": list(self.remarks),
            **({"identity": self.identity.as_dict()} if self.identity else {}),
        }


def partial(refused: Sequence[str]) -> UserError:
    """The error of a run that is complete but for files it refused."""
    shown = ", ".join(refused[:10]) + (", ..." if len(refused) > 10 else "")
    fix = "The lines above say why; mend or remove each file and run again."
    return UserError(f"refused and left out: {shown}", fix, Exit.PARTIAL)


def _sum_line(files: Sequence[FileReport]) -> str:
    kinds = ("loaded", "quarantined", "excluded", "duplicates")
    parts = [f"{sum(file.rows_of(kind) for file in files):,} {kind}" for kind in kinds]
    return f"{sum(file.rows_of('rows_in') for file in files):,} in = {' + '.join(parts)}"


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
        **({"rows_above_sheets": dict(file.tabs)} if file.tabs else {}),
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
        "blanked": {f"{r.rule}: {r.column}": r.rows for r in load.blanked},
        **({"words_not_mapped": dict(load.unmapped)} if load.unmapped else {}),
    }


def _words(file: FileReport) -> list[str]:
    """Columns with words that the project does not map; the words stay as they are."""
    return [
        f"{file.file}: {rows:,} rows hold a word in {', '.join(map(repr, dict(load.read)[name]))} "
        f"that `values: {name}:` does not map; it is kept"
        for load in file.loads
        for name, rows in load.unmapped
    ]


def _named(load: LoadReport, outcome: str) -> dict[str, int]:
    """Rows by rule; a rule names the column that broke it."""
    counts = [r for r in load.rules if r.outcome == outcome]
    return {f"{r.rule}: {r.column}" if r.column else r.rule: r.rows for r in counts}
