"""Questions that come up again, as SQL for the analysts' database; the first line asks."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Exit, UserError, shown

FOLDER = Path(__file__).resolve().parent.parent / "data" / "queries"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """One question in words and in SQL."""

    name: str
    question: str
    sql: str


def all_queries() -> tuple[SavedQuery, ...]:
    """Every saved question, in the order of the names."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.sql")))


def named(name: str) -> SavedQuery:
    """The question of that name; raises :class:`UserError` with the nearest names."""
    known = {query.name: query for query in all_queries()}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        fix = (
            f"Nearest: {', '.join(near)}." if near else "`mentorlift query --examples` lists them."
        )
        raise UserError(f"{shown(name)}: there is no such saved question", fix, Exit.USAGE)
    return known[name]


def _read(path: Path) -> SavedQuery:
    sql = path.read_text(encoding="utf-8")
    question = sql.split("\n", 1)[0].removeprefix("--").strip()
    return SavedQuery(name=path.stem, question=question, sql=sql)
