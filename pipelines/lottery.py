"""A draw on disk: the list of applicants in, the roster and its audit file out, and back again.

Both files name people or lead to them: they are written for their owner alone, and belong beside
nothing that is published. Hashes are those of the CSV text as written here, so what is checked is
the list itself and not how a program saved it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from analysis.errors import SpecError
from analysis.lottery import ALGORITHM, WON, Drawn, Stratum, draw
from pipelines import durable
from pipelines.errors import Exit, UserError, shown
from pipelines.ingest.identity.normal import SCIENTIFIC
from pipelines.sources import Dialect, read_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

AUDIT, ROSTER = "audit.json", "roster.csv"
ARM, WAITING = "arm", "waiting_rank"
HOW = (
    "lot = SHA-256 of algorithm, seed and person, a line each without a last line break; within a "
    "stratum the lowest lots win, the others wait in the order of their lots; places of strata by "
    "largest remainder, of equal ones the lower lot of the JSON list of the stratum's values first"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What is needed to make a draw again, and what it must give; no person is named."""

    schema_version: int
    algorithm: str
    how: str
    code_version: str
    seed: str
    seed_source: str
    places: int
    applicants: int
    id_column: str
    strata_columns: tuple[str, ...]
    strata: tuple[dict[str, Any], ...]
    applicants_file: str
    applicants_file_sha256: str
    applicants_sha256: str
    roster: str
    roster_sha256: str


@dataclass(frozen=True, slots=True)
class Applicants:
    """People with the strata they are drawn in, and the columns that said so."""

    id_column: str
    strata_columns: tuple[str, ...]
    strata: dict[str, Stratum]

    def sha256(self) -> str:
        """The hash of the list, whatever the order of its lines."""
        header = (self.id_column, *self.strata_columns)
        return text_hash(_csv(header, [(p, *s) for p, s in sorted(self.strata.items())]))


def read_applicants(path: Path, id_column: str, strata_columns: Sequence[str]) -> Applicants:
    """The applicants in a delivered file; raises UserError naming column and row of what is wrong.

    Everybody stands once, with a value in every column of strata.
    """
    taken = {ARM, WAITING} & {id_column, *strata_columns}
    if taken or len({id_column, *strata_columns}) <= len(strata_columns):
        what = f"columns {', '.join(sorted(taken)) or 'that stand twice'} cannot be used"
        raise UserError(f"{path.name}: {what}", "Rename or name each once.", Exit.USAGE)
    columns = (id_column, *strata_columns)
    table = read_source(path, Dialect())
    for name in columns:
        if name not in table.header:
            fix = f"Its columns are: {', '.join(shown(h) for h in table.header)}."
            raise UserError(f"{path.name}: there is no column {shown(name)!r}", fix)
    strata: dict[str, Stratum] = {}
    for batch in table.batches():
        cells = [[c or "" for c in batch.columns[name].to_pylist()] for name in columns]
        for row, values in zip(batch.rows.to_pylist(), zip(*cells, strict=True), strict=True):
            person, *stratum = (value.strip() for value in values)
            _check_row(f"{path.name}: row {row}", columns, (person, *stratum), strata)
            strata[person] = tuple(stratum)
    return Applicants(id_column, tuple(strata_columns), strata)


def _check_row(
    where: str, columns: Sequence[str], values: Sequence[str], seen: Mapping[str, Stratum]
) -> None:
    for name, value in zip(columns, values, strict=True):
        if not value:
            fix = "Fill it in: each applicant needs an identifier and a stratum."
            raise UserError(f"{where}: {name} is empty", fix)
        if not value.isprintable():
            raise UserError(f"{where}: {name} holds control characters", "Remove them.")
    if values[0] in seen:
        fix = "Keep one row: whoever stands twice would have two lots."
        raise UserError(f"{where}: the person stands in an earlier row too", fix)
    if re.fullmatch(SCIENTIFIC, values[0]):
        fix = "Export the list again with this column as text."
        raise UserError(f"{where}: {columns[0]} was made a number by a spreadsheet", fix)


def make_draw(
    path: Path, applicants: Applicants, places: int, seed: str, seed_source: str, out: Path
) -> Audit:
    """Draw, and write roster and audit file into ``out``; never overwrites.

    A roster without its audit file, as a draw that was cut off leaves it, gets it where this is the
    same draw.
    """
    _refuse_second(out / AUDIT)
    roster = roster_text(applicants, drawn := drawn_from(applicants, places, seed))
    won = Counter(d.stratum for d in drawn if d.arm == WON)
    sizes = Counter(d.stratum for d in drawn)
    audit = Audit(
        schema_version=1,
        algorithm=ALGORITHM,
        how=HOW,
        code_version=metadata.version("mentorlift"),
        seed=seed,
        seed_source=seed_source,
        places=places,
        applicants=len(drawn),
        id_column=applicants.id_column,
        strata_columns=applicants.strata_columns,
        strata=tuple(
            {"stratum": list(s), "applicants": n, "places": won[s], "share": round(won[s] / n, 6)}
            for s, n in sorted(sizes.items())
        ),
        applicants_file=path.name,
        applicants_file_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        applicants_sha256=applicants.sha256(),
        roster=ROSTER,
        roster_sha256=text_hash(roster),
    )
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _is(out / ROSTER, roster):
        _refuse_second(out / ROSTER)
        durable.create(out / ROSTER, roster, 0o600)
    told = json.dumps(asdict(audit), indent=1, ensure_ascii=False)
    durable.create(out / AUDIT, told + "\n", 0o600)
    return audit


def _refuse_second(path: Path) -> None:
    if path.exists():
        fix = "Name another folder: a draw that was made stays as it is."
        raise UserError(f"{path}: there is a draw already", fix, Exit.USAGE)


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def drawn_from(applicants: Applicants, places: int, seed: str) -> tuple[Drawn, ...]:
    """The draw of these applicants; raises UserError where there is nothing to draw."""
    try:
        return draw(applicants.strata, places, seed)
    except SpecError as error:
        raise UserError(f"{error.key}: {error.problem}", error.fix, Exit.USAGE) from None


def roster_text(applicants: Applicants, drawn: Sequence[Drawn]) -> str:
    """The roster as CSV: the columns of the list, then arm and place on the waiting list."""
    header = (applicants.id_column, *applicants.strata_columns, ARM, WAITING)
    return _csv(header, [(d.person, *d.stratum, d.arm, d.waiting or "") for d in drawn])


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
