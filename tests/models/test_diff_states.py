"""What two warehouses say of the same spells, told apart by cause and put together again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from pipelines import models
from pipelines.diff import reading, restated
from pipelines.engine import Engine
from tests.models.given import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JUNE, JULY = dt.date(2024, 6, 30), dt.date(2024, 7, 31)
CAUSES = frozenset({"reasons", "exits", "values", "records"})
TOLD_IN_JUNE = """
person_id | hired_on   | exited_on  | exit_kind   | delivered
stays     | 2020-01-01 | -          | -           | 2024-06-30
late      | 2020-01-01 | -          | -           | 2024-06-30
recoded   | 2020-01-01 | 2024-03-31 | involuntary | 2024-06-30
withdrawn | 2020-01-01 | 2024-05-31 | voluntary   | 2024-06-30
moved     | 2020-01-01 | 2024-05-31 | involuntary | 2024-06-30
leaves    | 2020-01-01 | -          | -           | 2024-06-30
vanishes  | 2020-01-01 | -          | -           | 2024-06-30
corrected | 2020-01-01 | -          | -           | 2024-06-30
"""
TOLD_IN_JULY = """
stays     | 2020-01-01 | -          | -           | 2024-07-31
late      | 2020-01-01 | 2024-06-15 | voluntary   | 2024-07-31
recoded   | 2020-01-01 | 2024-03-31 | voluntary   | 2024-07-31
withdrawn | 2020-01-01 | -          | -           | 2024-07-31
moved     | 2020-01-01 | 2024-06-02 | voluntary   | 2024-07-31
leaves    | 2020-01-01 | 2024-07-20 | voluntary   | 2024-07-31
corrected | 2020-02-01 | -          | -           | 2024-07-31
forgotten | 2024-06-03 | -          | -           | 2024-07-31
new       | 2024-07-01 | -          | -           | 2024-07-31
"""
SALES = """
person_id | metric | period     | value | delivered
stays     | sales  | 2024-05-01 | 10    | 2024-06-30
late      | sales  | 2024-05-01 | 20    | 2024-06-30
"""
SALES_OF_JULY = """
stays     | sales  | 2024-05-01 | 11    | 2024-07-31
stays     | sales  | 2024-06-01 | 12    | 2024-07-31
leaves    | sales  | 2024-05-01 | 30    | 2024-07-31
late      | sales  | 2024-05-01 | 20    | 2024-07-31
"""


def _saved(path: Path, full: tuple[str, ...], **landed: str) -> Path:
    house = Warehouse(full=full, **landed)
    house.engine.run(
        "update landed.deliveries set file = cast(delivered_on as varchar), "
        "sha256 = cast(delivered_on as varchar)"
    )
    for table in landed:  # rows are counted in each file
        house.engine.run(
            f"update landed.{table} set _row = counted.place from (select _seq, row_number() over "
            f"(partition by _file order by _seq) as place from landed.{table}) as counted "
            f"where {table}._seq = counted._seq"
        )
    house.engine.attach(path, "saved", read_only=False)
    house.engine.copy_database("memory", "saved")
    house.engine.detach("saved")
    house.engine.close()
    return path


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two warehouses; the second has the files of the first and one more."""
    folder = tmp_path_factory.mktemp("warehouses")
    june = _saved(folder / "a.duckdb", ("2024-06-30",), employment=TOLD_IN_JUNE, performance=SALES)
    july = _saved(
        folder / "b.duckdb",
        ("2024-06-30", "2024-07-31"),
        employment=TOLD_IN_JUNE + TOLD_IN_JULY.lstrip(),
        performance=SALES + SALES_OF_JULY.lstrip(),
    )
    return june, july


@pytest.fixture
def engine(warehouses: tuple[Path, Path]) -> Iterator[Engine]:
    """Both warehouses attached, and compared as known at the end of June and of July."""
    with Engine.memory(threads=1) as engine:
        reading.attach(engine, *warehouses)
        reading.read_first(engine, frozenset({"mapping", "identity"}))
        reading.transfers(engine, second=False)
        _build(engine)
        restated.keep_half(engine)
        restated.compare(engine, JUNE, JULY)
        yield engine


def _build(engine: Engine) -> None:
    models.build_some(engine, ["marts.employment", "marts.performance"])


def _spells(engine: Engine, day: dt.date) -> set[tuple[str, str, str, str]]:
    """Person, first and last day and kind of exit of each spell as known at a day."""
    _build(engine)
    rows = engine.rows(
        "select person_key, hired_on, exited_on, exit_kind from marts.employment "
        "inner join staging.person using (person_no) where employment.known_from <= $1 "
        "and known_to > $1",
        [day],
    )
    return {tuple("-" if v is None else str(v) for v in row) for row in rows}


def _drawn(text: str) -> set[tuple[str, str, str, str]]:
    rows = [tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines()]
    return {row[:4] for row in rows if row[0] != "person_id"}


def test_nothing_is_read_otherwise_where_the_files_are_the_same(engine):
    assert reading.count_changed(engine) == {"mapping": 0, "identity": 0}


def test_spells_are_told_apart_by_cause(engine):
    found = {
        cause: {name for (name,) in engine.rows(f"select person_id from told.spells where {cause}")}
        for cause in restated.BY_SPELL
    }
    assert found == {
        "exits": {"late", "withdrawn", "moved"},
        "reasons": {"recoded", "moved"},
        "records": {"corrected", "forgotten"},
    }
    counted = restated.count_restated(engine)
    # Of spells: one is forgotten, the corrected one stands under both its first days.
    assert counted == {"exits": 3, "reasons": 2, "records": 3, "values": 2, "new_time": 13}


IN_JUNE = _drawn(TOLD_IN_JUNE)
# What each cause takes from what was known in June, and puts in its place.
SWITCHED = {
    "exits": _drawn("""
        late      | 2020-01-01 | 2024-06-15 | voluntary
        withdrawn | 2020-01-01 | -          | -
        moved     | 2020-01-01 | 2024-06-02 | involuntary
    """),
    "reasons": _drawn("""
        recoded   | 2020-01-01 | 2024-03-31 | voluntary
        moved     | 2020-01-01 | 2024-05-31 | voluntary
    """),
    "records": _drawn("""
        corrected | 2020-02-01 | -          | -
        forgotten | 2024-06-03 | -          | -
    """),
}  # fmt: skip


@pytest.mark.parametrize("cause", SWITCHED)
def test_one_cause_is_switched_and_nothing_else(engine, cause):
    restated.show_half(engine, frozenset({cause}), JUNE)
    told = SWITCHED[cause]
    others = {row for row in IN_JUNE if row[0] not in {name for name, *_ in told}}
    assert _spells(engine, JUNE) == others | told


def test_all_that_is_restated_is_what_july_says_of_june(engine):
    restated.show_half(engine, CAUSES, JUNE)
    later = {"leaves", "vanishes", "new"}
    expected = {row for row in _drawn(TOLD_IN_JULY) if row[0] not in later}
    assert _spells(engine, JUNE) == expected | {row for row in IN_JUNE if row[0] in later}


def test_new_time_alone_leaves_the_past_as_it_was_known(engine):
    restated.show_second(engine, frozenset({"new_time"}), JULY)
    changed = {"leaves", "vanishes"}
    assert _spells(engine, JULY) == {row for row in IN_JUNE if row[0] not in changed} | _drawn("""
        leaves    | 2020-01-01 | 2024-07-20 | voluntary
        vanishes  | 2020-01-01 | 2024-06-30 | unknown
        new       | 2024-07-01 | -          | -
    """)


def test_everything_switched_is_the_second_warehouse(engine):
    restated.show_second(engine, CAUSES | {"new_time"}, JULY)
    vanished = ("vanishes", "2020-01-01", "2024-06-30", "unknown")
    assert _spells(engine, JULY) == _drawn(TOLD_IN_JULY) | {vanished}


def _sales(engine: Engine, day: dt.date) -> set[tuple[str, int, float]]:
    _build(engine)
    rows = engine.rows(
        "select person_key, month(month), value from marts.performance "
        "inner join staging.person using (person_no) where performance.known_from <= $1 "
        "and known_to > $1",
        [day],
    )
    return {*rows}


def test_values_of_months_that_had_come_are_restated_and_others_are_new(engine):
    restated.show_half(engine, frozenset({"values"}), JUNE)
    assert _sales(engine, JUNE) == {("stays", 5, 11), ("late", 5, 20), ("leaves", 5, 30)}
    restated.show_second(engine, frozenset({"new_time"}), JULY)
    assert _sales(engine, JULY) == {("stays", 5, 10), ("late", 5, 20), ("stays", 6, 12)}
