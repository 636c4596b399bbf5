"""Parquet and Stata: typed values become text without changing, damaged files are refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import UserError
from pipelines.sources import columnar
from tests.unit.reading import SECRET, Read, refused, written


def parquet(folder, **columns):
    path = folder / "people.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_types_become_text(tmp_path):
    path = parquet(
        tmp_path,
        id=pa.array([7, None], pa.int64()),
        value=[1.0, 0.1],
        pay=pa.array([Decimal("1.10"), None]),
        day=[dt.date(2024, 1, 31), None],
        at=[dt.datetime(2024, 1, 31), dt.datetime(2024, 1, 31, 8)],
        utc=pa.array([dt.datetime(2024, 1, 31), None], pa.timestamp("us", "Pacific/Kiritimati")),
        arm=pa.array(["a", "b"]).dictionary_encode(),
        large=pa.array(["x", None], pa.large_string()),
        left=[True, None],
        none=pa.nulls(2),
    )
    read = Read(path)
    # The column utc holds midnight of Greenwich: 14 o'clock of the same day in Kiritimati.
    utc = "2024-01-31 14:00:00+14:00"
    assert read.lines == [
        ("7", "1", "1.10", "2024-01-31", "2024-01-31", utc, "a", "x", "true", None),
        (None, "0.1", None, None, "2024-01-31 08:00:00", None, "b", None, None, None),
    ]
    assert read.rows == [1, 2]
    assert Read(path, decimal=",").lines[0][:3] == ("7", "1", "1,10")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[SECRET]], "list"),
        ([{"name": SECRET}], "struct"),
        ([SECRET.encode()], "binary"),
        ([dt.timedelta(days=1)], "duration"),
    ],
)
def test_parquet_of_other_types_is_named(tmp_path, values, kind):
    error = refused(parquet(tmp_path, id=[1], odd=values))
    assert f"column 'odd' holds {kind}" in error.problem


def test_parquet_without_rows_columns_or_with_one_twice(tmp_path):
    assert "no data rows" in refused(parquet(tmp_path, id=pa.array([], pa.string()))).problem
    assert "the file holds no column names" in refused(parquet(tmp_path)).problem
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table([[1], [2]], names=["id", "id"]), path)
    assert "'id' stands twice" in refused(path).problem


def test_parquet_that_is_cut_or_changed_is_refused_or_read(tmp_path):
    names = [f"{SECRET}-{i}" for i in range(2000)]
    whole = parquet(tmp_path, id=list(range(2000)), name=names).read_bytes()
    assert "not a Parquet file" in refused(written(tmp_path, whole[:-9], "cut.parquet")).problem
    refusals = 0
    for at in range(0, len(whole), 211):
        data = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        try:
            Read(written(tmp_path, data, "changed.parquet"))
        except UserError as error:
            assert error.problem.startswith("changed.parquet: ")
            assert SECRET not in error.problem
            refusals += 1
    assert refusals > 5


def test_parquet_is_read_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "ROWS_AT_ONCE", 1000)
    read = Read(parquet(tmp_path, id=list(range(3500))))
    assert read.sizes == [1000, 1000, 1000, 500]
    assert read.rows == list(range(1, 3501))


def stata(folder, frame, **options):
    path = folder / "trial.dta"
    frame.to_stata(path, write_index=False, **options)
    return path


def test_stata_codes_stay_codes_and_no_digit_changes(tmp_path):
    frame = pd.DataFrame({"sex": [1, 0], "share": [0.1, None], "name": ["a", ""]})
    frame["sex"] = frame["sex"].astype("int8")
    frame["single"] = pd.Series([0.1, 2.0], dtype="float32")
    read = Read(stata(tmp_path, frame, value_labels={"sex": {1: "man", 0: "woman"}}))
    assert read.header == ("sex", "share", "name", "single")
    assert read.lines == [("1", "0.1", "a", "0.10000000149011612"), ("0", None, "", "2")]
    assert read.rows == [1, 2]


def test_stata_is_read_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "ROWS_AT_ONCE", 2)
    frame = pd.DataFrame({"id": [1.0, 2.0, None, 4.0, 5.0]})
    read = Read(stata(tmp_path, frame))
    assert (read.sizes, read.rows) == ([2, 1, 1], [1, 2, 4, 5])
    assert read.not_data == {"blank rows": 1}


def test_stata_that_is_cut_or_changed_is_refused_or_read(tmp_path):
    frame = pd.DataFrame({"id": range(50), "name": [SECRET] * 50})
    whole = stata(tmp_path, frame).read_bytes()
    refusals = 0
    for at in range(0, len(whole), 61):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            try:
                Read(written(tmp_path, data, "trial.dta"))
            except UserError as error:
                assert error.problem.startswith("trial.dta: ")
                refusals += 1
    assert refusals > 10
    assert "not a Stata file" in refused(written(tmp_path, "<stata_dta>", "x.dta")).problem


def test_the_published_stata_file_reads_as_its_authors_describe_it(shared):
    read = Read(shared / "benchmarks" / "jtpa" / "jtpa.dta")
    assert (len(read.lines), len(read.header)) == (11_204, 18)
    sex = [line[read.header.index("sex")] for line in read.lines]
    assert {code: sex.count(code) for code in set(sex)} == {"1": 5_102, "0": 6_102}
