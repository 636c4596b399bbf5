"""What a delivered file looks like, in shares and ratios: nothing in it is a person's value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.engine import quote_identifier as ident
from pipelines.engine import quote_text as text

if TYPE_CHECKING:
    from pipelines.engine import Engine
    from pipelines.ingest.mapping import Mapping

# Rows looked at in a file: enough for a share to the percent; every k-th row, so always the same.
SAMPLE_ROWS = 100_000
# A column of more words than this is free text or a key, and has no distribution of categories.
MAX_CATEGORIES = 50
_CATEGORICAL = {"text", "vocabulary", "flag", "programme"}
_DATE_LIKE = r"^(\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})"


@dataclass(frozen=True)
class ColumnProfile:
    """One canonical column of one file; shares are of all rows looked at."""

    header: str
    rows: int
    empty: float
    numbers: float
    dates: float
    median: float | None
    categories: dict[str, int] = field(default_factory=dict)


def profile(engine: Engine, mapping: Mapping, staged: str) -> dict[str, ColumnProfile]:
    """Each column that is read from the file, as staged; identifiers by their empty share alone."""
    rows = engine.scalar(f"select max(_row) from {staged}") or 0
    sample = f"(from {staged} where _row % {max(rows // SAMPLE_ROWS, 1)} = 0)"
    unpivoted = [mapping.load.unpivot.value] if mapping.load.unpivot else []
    roles = {c.name: c.role for c in mapping.contract.columns}
    found = {}
    for name in mapping.columns():
        if not mapping.headers(name) and name not in unpivoted:
            continue
        header = mapping.headers(name)[0] if mapping.headers(name) else name
        found[name] = _column(engine, sample, name, header, roles[name])
    return found


def _column(engine: Engine, sample: str, name: str, header: str, role: str) -> ColumnProfile:
    column = ident(name)
    if role == "identifier":
        counts = engine.rows(f"select count(*), count({column}), 0, 0, null from {sample}")[0]
    else:
        number = f"try_cast({column} as double)"
        finite = f"case when isfinite({number}) then {number} end"
        counts = engine.rows(
            f"select count(*), count({column}), count({finite}), "
            f"count(*) filter (regexp_matches({column}, {text(_DATE_LIKE)})), median({finite}) "
            f"from {sample}"
        )[0]
    total, filled, numbers, dates, median = counts
    return ColumnProfile(
        header=header,
        rows=total,
        empty=1 - filled / total if total else 0.0,
        numbers=numbers / filled if filled else 0.0,
        dates=dates / filled if filled else 0.0,
        median=median if role == "number" else None,
        categories=_categories(engine, sample, column) if role in _CATEGORICAL else {},
    )


def _categories(engine: Engine, sample: str, column: str) -> dict[str, int]:
    found = engine.rows(
        f"select {column}, count(*) from {sample} where {column} is not null "
        f"group by 1 order by 2 desc, 1 limit {MAX_CATEGORIES + 1}"
    )
    return dict(found) if len(found) <= MAX_CATEGORIES else {}
