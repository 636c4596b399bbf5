"""Dialects: each is well formed, and its sample lands as the table written beside it."""

from __future__ import annotations

import hashlib
import hmac
import shutil
from pathlib import Path

import openpyxl
import pytest

from pipelines.config import load_project
from pipelines.delivery import Source
from pipelines.errors import Exit, UserError
from pipelines.ingest import dialect
from pipelines.models import contracts
from tests.models.given import table
from tests.unit.delivered import KEY, Landing, settings

SAMPLES = Path(__file__).resolve().parents[1] / "dialects"
LANDED = {contract.table: contract for contract in contracts("landed")}
# What a company's project file has to say, since no export does.
SAID = {"programme": "P", "instrument": "engagement", "wave": "2024-01"}
# What a sample holds of it all the same.
IN_FILE = {
    "pushfar_relationships": ["programme"],
    "glint_survey": ["wave"],
    "long_survey": ["wave"],
}


def expected(name: str) -> dict[str, list[dict[str, str | None]]]:
    """Tables drawn below their names."""
    found = {}
    for block in (SAMPLES / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n"):
        title, rest = block.split("\n", 1)
        found[title] = [{k: None if v == "-" else v for k, v in row.items()} for row in table(rest)]
    return found


def sample(name: str, folder: Path) -> str:
    """The sample file of a dialect in the folder; workbooks are made of their sheets as text."""
    path = next(p for p in sorted(SAMPLES.glob(f"{name}.*")) if p.suffix != ".txt")
    if path.suffix != ".sheets":
        shutil.copy(path, folder / path.name)
        return path.name
    book = openpyxl.Workbook()
    book.remove(book.active)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            sheet = book.create_sheet(line.strip("[]"))
        else:
            sheet.append([cell or None for cell in line.split(",")])
    book.save(folder / f"{name}.xlsx")
    return f"{name}.xlsx"


def source(name: str, file: str) -> dict[str, object]:
    """The source a project would declare: the dialect, and what no export says."""
    loads = []
    for load in dialect.shipped()[name].loads:
        required = {c.name for c in LANDED[load.table].columns if c.required} & SAID.keys()
        filled = {*load.columns, *load.constants, *IN_FILE.get(name, ())}
        if name.startswith("canonical"):
            filled |= load.aliases.keys()
        constants = {column: SAID[column] for column in sorted(required - filled)}
        loads.append({"table": load.table, "constants": constants})
    return {"file": file, "dialect": name, "loads": loads}


def pseudonym(identifier: str | None) -> str | None:
    if identifier is None:
        return None
    return hmac.new(KEY, f"person:{identifier}".encode(), hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize("name", sorted(dialect.names()))
def test_a_sample_lands_as_the_table_beside_it(name, tmp_path):
    landed = Landing(tmp_path, settings(source(name, sample(name, tmp_path))))
    tables = expected(name)
    assert {load.table for file in landed.report.files for load in file.loads} == set(tables)
    for title, rows in tables.items():
        identifiers = {c.name for c in LANDED[title].columns if c.role == "identifier"}
        shown = [
            tuple(pseudonym(v) if column in identifiers else v for column, v in row.items())
            for row in rows
        ]
        assert landed.rows(title, *rows[0]) == shown
    assert landed.report.quarantined == 0


@pytest.mark.parametrize("name", sorted(dialect.names()))
def test_a_dialect_names_columns_of_landed_tables_and_what_it_assumes(name):
    shipped = dialect.shipped()[name]
    assert len(shipped.assumed) > 80
    for load in shipped.loads:
        known = {c.name for c in LANDED[load.table].columns if c.role}
        named = [load.columns, load.aliases, load.constants, load.values, load.formats]
        assert {n for keys in (*named, load.null_words) for n in keys} <= known
        required = {c.name for c in LANDED[load.table].columns if c.required} - SAID.keys()
        made = {load.unpivot.item, load.unpivot.value} if load.unpivot else set()
        assert required <= {*load.columns, *load.aliases, *load.constants, *made}


def test_every_dialect_has_a_sample():
    assert {path.stem for path in SAMPLES.glob("*.txt")} == set(dialect.names())


def test_a_source_goes_over_its_dialect():
    merged = Source.model_validate(
        {
            "name": "workers",
            "file": "w.csv",
            "delivered_on": "2024-01-31",
            "dialect": "workday_workers",
            "tables": ["employment"],
            "header_row": 7,
            "loads": [
                {
                    "table": "employment",
                    "columns": {"exited_on": "Termination Date"},
                    "aliases": {"notice_on": None},
                    "formats": {"hired_on": "%d.%m.%Y"},
                    "values": {"regretted": {"x": "yes"}},
                }
            ],
        }
    )
    (load,) = merged.loads
    assert merged.header_row == 7
    assert load.columns == {"exited_on": "Termination Date"}
    assert {"person_id", "hired_on"} <= load.aliases.keys()
    assert not {"exited_on", "notice_on"} & load.aliases.keys()
    assert load.formats == {"hired_on": "%d.%m.%Y"}
    assert load.values["regretted"]["x"] == "yes" and load.values["regretted"]["Y"] == "yes"


def test_a_dialect_that_is_not_there_is_named_with_its_near_match():
    with pytest.raises(UserError) as caught:
        settings({"file": "w.csv", "dialect": "workday_worker"})
    assert "'workday_worker'" in caught.value.problem
    assert "'workday_workers'" in caught.value.fix
    assert caught.value.exit_code is Exit.PROJECT


PROJECT = """
project: own
title: Own
purpose: Tests of dialects
lawful_basis: invented data
retention: {months: 1}
sources:
  - {name: kpi, file: kpi.csv, delivered_on: 2024-01-31, dialect: our_kpi}
"""
OWN = """
system: ours
what: figures
assumed: nothing that matters here
loads:
  - table: performance
    constants: {metric: kpi}
    aliases: {person_id: [id], period: [m], value: [v]}
"""


def test_a_project_ships_dialects_of_its_own_and_they_count_in_its_hash(tmp_path):
    (tmp_path / "dialects").mkdir()
    (tmp_path / "mentorlift.yml").write_text(PROJECT)
    own = tmp_path / "dialects" / "our_kpi.yml"
    own.write_text(OWN)
    before = load_project(tmp_path)
    assert before.settings.sources[0].loads[0].aliases["value"] == ("v",)
    own.write_text(OWN.replace("[v]", "[w]"))
    assert load_project(tmp_path).digest != before.digest
    own.write_text(OWN.replace("system", "sytem"))
    with pytest.raises(UserError) as caught:
        load_project(tmp_path)
    assert "our_kpi.yml: system: is missing" in caught.value.problem
