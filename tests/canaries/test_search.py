"""The search finds a canary however it is written, so that finding none means something."""

from __future__ import annotations

import base64
import gzip
import hashlib
import sqlite3
import zipfile
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.canaries.company import people
from tests.canaries.search import Search

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERYBODY = people(60)
ONE = EVERYBODY[17]
LINE = f"row 7: {ONE.given} {ONE.family} <{ONE.mail}>, {ONE.employee}"
IN_TEXT: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda t: t.encode(),
    "upper": lambda t: t.upper().encode(),
    "utf-16-le": lambda t: t.encode("utf-16-le"),
    "utf-16-be": lambda t: t.upper().encode("utf-16-be"),
    "hex": lambda t: t.encode().hex().upper().encode(),
    "base64": lambda t: base64.b64encode(t.encode()),
    "base64, one later": lambda t: base64.b64encode(b"x" + t.encode()),
    "base64, two later": lambda t: base64.b64encode(b"xy" + t.encode()),
    "part of the mail": lambda _: ONE.mail.split(".")[0].encode(),
    "number": lambda _: b"id=" + ONE.number.encode(),
    "number in utf-16": lambda _: ONE.number.encode("utf-16-le"),
    "digest": lambda _: hashlib.sha256(ONE.mail.encode()).hexdigest().encode(),
}


@pytest.mark.parametrize("form", IN_TEXT)
def test_a_canary_in_a_text(form: str) -> None:
    content = b"\x00\xffsome bytes " + IN_TEXT[form](LINE) + b" and more"
    assert Search.of(EVERYBODY).in_bytes(content)
    assert Search.for_one(ONE).in_bytes(content) or form == "part of the mail"
    assert not Search.for_one(EVERYBODY[18]).in_bytes(content)


def test_a_canary_in_what_is_packed(tmp_path: Path) -> None:
    table = pa.table({"x": [LINE] * 1000})
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd")
    (tmp_path / "b.gz").write_bytes(gzip.compress(LINE.encode()))
    with zipfile.ZipFile(tmp_path / "c.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("sheet.xml", LINE)
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as book:
        book.writestr(f"{ONE.given}.txt", "")
    with duckdb.connect(str(tmp_path / "e.duckdb")) as held:
        held.execute("create table t as select unnest($1) as x", [[LINE] * 5000])
    with sqlite3.connect(tmp_path / "f.db") as held:
        held.execute("create table t (x)")
        held.execute("insert into t values (?)", [LINE])
    (tmp_path / f"g-{ONE.account}.txt").touch()
    (tmp_path / "innocent.txt").write_text("Nobody stands here: 73104812, quaxe, 2025-12-31.")
    found = {name[0] for name in Search.of(EVERYBODY).below(tmp_path)}
    assert found == set("abcdefg")
