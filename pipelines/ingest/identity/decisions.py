"""The review file: doubtful links for the owner of the data, and what the owner decided."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.errors import Exit, UserError
from pipelines.ingest.identity.normal import clean_sql, code_sql

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.engine import Engine
    from pipelines.identity import Identity

COLUMNS = (
    "case", "kind", "system_a", "id_a", "system_b", "id_b", "evidence", "score",
    "decision", "decided_by", "decided_on",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "'")
_TABLE = """
create table decision (
    code_a varchar, code_b varchar, decision varchar, decided_by varchar, decided_on varchar
)
"""
# What the owner joined is a profile of its own: two identifiers of one person.
_AS_SIGHTINGS = """
insert into sighting
select
    md5_number('review' || code_a || chr(30) || code_b),
    list_sort(list_filter([code_a, code_b], lambda i: left(i, 2) not in $names)),
    case when left(code_a, 2) in $names then code_a[3:] when left(code_b, 2) in $names
        then code_b[3:] end,
    null, null, 'review', 'identity_review.csv', null, null, date '9999-12-31',
    date '9999-12-31', true
from decision
where decision = 'same' and code_a < code_b
    and not (left(code_a, 2) in $names and left(code_b, 2) in $names)
"""


@dataclass(frozen=True)
class Case:
    """One doubtful link between two identifiers (codes), and its decision if there is one."""

    kind: str
    code_a: str
    code_b: str
    evidence: str
    score: int
    decision: str = ""
    decided_by: str = ""
    decided_on: str = ""

    def number(self) -> str:
        """A name for the case that depends on nothing but its two identifiers and kind."""
        told = "\x1f".join((self.kind, self.code_a, self.code_b))
        return hashlib.sha256(told.encode()).hexdigest()[:10]


def as_csv(identity: Identity, cases: list[Case]) -> str:
    """The review file; a cell that a spreadsheet would take for a formula gets an apostrophe."""
    names = list(identity.systems)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for case in cases:
        (system_a, id_a), (system_b, id_b) = (
            (names[int(code[:2])], code[2:]) for code in (case.code_a, case.code_b)
        )
        cells = [case.number(), case.kind, system_a, id_a, system_b, id_b, case.evidence]
        decided = [case.decision, case.decided_by, case.decided_on]
        writer.writerow([_plain(cell) for cell in [*cells, str(case.score), *decided]])
    return out.getvalue()


def load(engine: Engine, identity: Identity, project: Path | None) -> None:
    """Make the table ``decision``, both ways round, and a profile of each pair that is one person.

    Raises :class:`UserError` naming file and row for what cannot be a decision.
    """
    engine.run(_TABLE)
    path = project / identity.review if project else None
    rows = _read(path, identity) if path and path.is_file() else []
    for system in sorted({row[f"system_{side}"] for row in rows for side in "ab"}):
        _codes(engine, identity, system, rows)
    told: dict[tuple[str, str], tuple[str, int]] = {}
    for row in rows:
        a, b = row["code_a"], row["code_b"]
        for number, code in ((row["line"], a), (row["line"], b)):
            if not code:
                raise _wrong(path, number, "an identifier is not one of its system")
        pair = (min(a, b), max(a, b))
        before = told.setdefault(pair, (row["decision"], int(row["line"])))
        if before[0] != row["decision"]:
            raise _wrong(path, row["line"], f"decides otherwise than row {before[1]}")
        by = {"decision": row["decision"], "by": row["decided_by"], "on": row["decided_on"]}
        if before[1] == int(row["line"]):
            for x, y in sorted({(a, b), (b, a)}):
                engine.run(
                    "insert into decision values ($a, $b, $decision, $by, $on)",
                    {"a": x, "b": y, **by},
                )
    engine.run(_AS_SIGHTINGS.replace("$names", _listed(identity)))


def _read(path: Path, identity: Identity) -> list[dict[str, str]]:
    """The rows with a decision; spreadsheets may have added a byte order mark or semicolons."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong(path, "1", "the file is not UTF-8 text") from None
    first = content.split("\n", maxsplit=1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(content), delimiter=delimiter)
    header = [cell.strip() for cell in next(reader, [])]
    if missing := [name for name in COLUMNS if name not in header]:
        raise _wrong(path, "1", f"the column {missing[0]!r} is missing")
    rows = []
    for cells in reader:
        row = {k: _bare(v.strip()) for k, v in zip(header, cells, strict=False)}
        row = {name: row.get(name, "") for name in COLUMNS}
        row["line"] = str(reader.line_num)
        decision = row["decision"] = row["decision"].lower()
        if decision not in {"", "same", "different"}:
            raise _wrong(path, row["line"], "the decision is neither blank, same nor different")
        if decision:
            if {row["system_a"], row["system_b"]} - identity.systems.keys():
                raise _wrong(path, row["line"], "a system is not declared under identity")
            rows.append(row)
    return rows


def _codes(engine: Engine, identity: Identity, system: str, rows: list[dict[str, str]]) -> None:
    """Add to each row the codes of its identifiers in one system."""
    sides = [(row, side) for row in rows for side in "ab" if row[f"system_{side}"] == system]
    engine.register("told", pa.table({"given": [row[f"id_{side}"] for row, side in sides]}))
    sql = f"with c as (select {clean_sql('given')} as clean from told) "
    found = engine.rows(sql + f"select {code_sql(identity, system, 'clean')} from c")
    engine.unregister("told")
    for (row, side), (code,) in zip(sides, found, strict=True):
        row[f"code_{side}"] = code or ""


def _listed(identity: Identity) -> str:
    return "(" + (", ".join(f"'{code}'" for code in identity.codes("name")) or "''") + ")"


def _plain(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


def _wrong(path: Path | None, row: str, what: str) -> UserError:
    fix = "Correct that row; decision is blank, same or different, the other columns stay."
    return UserError(f"{path}: row {row}: {what}.", fix, Exit.PROJECT)
