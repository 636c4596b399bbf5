"""A round trip of the demo company: delivered by vendors, run by the command line, read back.

Nothing here is shared with what writes the deliveries; the truth is read from files beside them.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from pipelines.demo import write_demo
from pipelines.engine import Engine
from tests.flows.conftest import Firm

if TYPE_CHECKING:
    from pathlib import Path

_LAST = "known_to = date '9999-12-31'"
# Each mart as known last, under the names of the columns of truth/expected_NAME.parquet. People
# are dense numbers here and canonical numbers there.
MARTS = {
    "employment": "select person_no as employee_id, hired_on, exited_on, exit_kind, regretted, "
    f"notice_on from marts.employment where {_LAST}",
    "exits": "select person_no as employee_id, hired_on, exited_on, exit_kind, regretted "
    "from marts.exits",
    "job_history": "select person_no as employee_id, valid_from, department, level, site, "
    f"manager_no as manager_id from marts.job_history where {_LAST}",
    "performance": "select person_no as employee_id, metric, month, value, scale, "
    f"rater_no as rater_id from marts.performance where {_LAST}",
    "enrolments": "select person_no as employee_id, programme, eligible_on, invited_on, "
    "applied_on, assigned_on, arm, stratum, matched_on, completed_on, closed_on "
    f"from marts.programme_funnel where {_LAST}",
    "mentorships": "select mentee_no as mentee_id, mentor_no as mentor_id, programme, matched_on, "
    "ended_on from marts.mentorships",
    "sessions": "select person_no as employee_id, programme, held_on, "
    f"cast(minutes as integer) as minutes, status from staging.session where {_LAST}",
    "surveys": "select person_no as employee_id, cast(wave as integer) as wave, item, value, "
    f"answered_on, status from marts.survey_responses where {_LAST}",
    # The mart keeps the kind of an exit; the words of HR stay in the table behind it.
    "reasons": "select person_no as employee_id, hired_on, exit_reason "
    f"from staging.employment_spell where {_LAST}",
}
_EXPECTED = {"reasons": "employment"}
_PEOPLE = {"employee_id", "manager_id", "rater_id", "mentee_id", "mentor_id"}
Row = tuple[Any, ...]


@dataclass(frozen=True, order=True)
class Place:
    """Where HR finds a row: file, sheet where there are several, row as a spreadsheet counts."""

    file: str
    sheet: str
    row: int


@dataclass(frozen=True, order=True)
class Held:
    """What a row in quarantine broke."""

    table: str
    rule: str
    column: str


@dataclass
class Trip:
    """A demo company and what the command made of its deliveries."""

    demo: Path
    out: Path
    code: int
    err: str

    @cached_property
    def planted(self) -> list[dict[str, str]]:
        """The manifest of planted defects."""
        with (self.demo / "truth" / "defects.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def defects(self, *names: str) -> list[dict[str, str]]:
        """The planted defects of some kinds."""
        return [row for row in self.planted if row["defect"] in names]

    @cached_property
    def reconciliation(self) -> dict[str, Any]:
        """Where every delivered row went."""
        return self._work("reconciliation.json")

    @cached_property
    def checks(self) -> dict[str, int]:
        """Rows that each check of the marts warns of."""
        return {check["name"]: check["rows"] for check in self._work("checks.json")}

    @cached_property
    def loads(self) -> list[tuple[str, dict[str, Any]]]:
        """File and report of everything that was loaded."""
        files = self.reconciliation["files"]
        return [(file["file"], load) for file in files for load in file["loads"]]

    @cached_property
    def review(self) -> list[dict[str, str]]:
        """Doubtful links that a person is asked to decide."""
        path = self.out / "private" / "identity_review.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def _work(self, name: str) -> Any:
        (path,) = self.out.glob(f"runs/*/work/{name}")
        return json.loads(path.read_text(encoding="utf-8"))

    def rows(self, sql: str) -> list[Row]:
        """Rows of the published warehouse."""
        with self._warehouse() as engine:
            return engine.rows(sql)

    def _warehouse(self) -> Engine:
        (path,) = self.out.glob("warehouse/*.duckdb")
        return Engine.open(path, read_only=True)

    def expected(self, name: str) -> list[dict[str, Any]]:
        """Rows of an expected mart."""
        path = self.demo / "truth" / f"expected_{name}.parquet"
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found

    @cached_property
    def people(self) -> dict[int, set[str]]:
        """The canonical numbers of each person in the warehouse, by way of delivered numbers."""
        with Engine.open(self.out / "private" / "identity.duckdb", read_only=True) as engine:
            keys = dict(
                engine.rows(
                    "select link.id, person.pseudonym from link inner join person "
                    "on link.person = person.person where link.system = 'employee'"
                )
            )
        dense = dict(self.rows("select person_key, person_no from staging.person"))
        found: dict[int, set[str]] = {}
        for row in self.expected("identifiers"):
            number = dense.get(keys.get(row["number"]))
            if number is not None:
                found.setdefault(number, set()).add(row["employee_id"])
        return found

    def mart(self, name: str) -> tuple[Counter[Row], Counter[Row]]:
        """Rows found and rows expected, people by canonical number."""
        who = {n: min(ids) for n, ids in self.people.items()}
        with self._warehouse() as engine:
            found = engine.arrow(MARTS[name])
        columns = found.column_names
        rows = zip(
            *(
                [None if v is None else who.get(v, f"person {v}") for v in values.to_pylist()]
                if column in _PEOPLE
                else values.to_pylist()
                for column, values in zip(columns, found.columns, strict=True)
            ),
            strict=True,
        )
        wanted = self.expected(_EXPECTED.get(name, name))
        return Counter(rows), Counter(tuple(row[c] for c in columns) for row in wanted)

    @cached_property
    def held(self) -> dict[Place, Counter[Held]]:
        """What is in quarantine, by place."""
        tabs = {f["file"]: f.get("rows_above_sheets", {}) for f in self.reconciliation["files"]}
        found: dict[Place, Counter[Held]] = {}
        for file, row, table, rule, column in self.rows(
            "select _file, _row, table_name, rule, coalesce(column_name, '') from landed.quarantine"
        ):
            above, sheet = max(((n, s) for s, n in tabs[file].items() if n < row), default=(0, ""))
            place = Place(file, sheet, row - above)
            found.setdefault(place, Counter())[Held(table, rule, column)] += 1
        return found

    def rated(self, file: str) -> set[tuple[str, str]]:
        """Sheet and number of each line with a rating in a workbook, as somebody sees it there."""
        book = CalamineWorkbook.from_path(str(self.demo / "exports" / file))
        return {
            (name, str(int(row[0])))
            for name in book.sheet_names
            for row in book.get_sheet_by_name(name).to_python()[3:]
            if isinstance(row[0], float) and row[3] not in {"", "Too new to rate", "On leave"}
        }

    def place(self, defect: dict[str, str]) -> Place:
        """Where a planted defect stands."""
        return Place(defect["file"], defect["sheet"], int(defect["spreadsheet_row"]))

    def to_correct(self, source: str) -> set[Place]:
        """The rows that HR is given back in the workbook of a source."""
        path = self.out / "quarantine" / f"{source}.xlsx"
        head, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        lines = [dict(zip(head, row, strict=True)) for row in rows]
        found = set()
        for line in lines:
            sheet, _, row = str(line["mentorlift: row"]).rpartition("!")
            found.add(Place(str(line["mentorlift: file"]), sheet, int(row)))
        return found


def travel(folder: Path, *, defects: str, people: int) -> Trip:
    """Make the company, deliver it, run the command."""
    write_demo(folder, people=people, dialects="vendor", defects=defects)
    return arrive(folder, folder / "out")


def arrive(demo: Path, out: Path) -> Trip:
    """Run the command on the deliveries of a company."""
    code, said, err = Firm(demo / "project", demo / "exports", out).run()
    return Trip(demo, out, code, said + err)
