"""Rows that may repeat one another: found by hash, whatever the table, and never too few."""

from __future__ import annotations

import pytest

from pipelines.engine import Engine
from pipelines.ingest import repeats
from tests.unit.delivered import Landing, performance, settings

HEADER = "id,month,sales\n"


def landed(tmp_path, text, **changes):
    (tmp_path / "kpi.csv").write_text(HEADER + text)
    return Landing(tmp_path, settings({"file": "kpi.csv", "loads": [performance(**changes)]}))


def test_duplicates_among_many_rows_that_are_alone(tmp_path):
    """Row 2 stands three times and row 5 twice; the first of each stays, in the file's order."""
    text = "a,2024-01,1\nb,2024-01,1\na,2024-01,1\nc,2024-01,2\nc,2024-01,2\na,2024-01,1\n"
    landing = landed(tmp_path, text)
    assert landing.rows("performance", "_row", "_seq") == [(2, 1), (3, 2), (5, 4)]
    (report,) = landing.report.files[0].loads
    assert (report.rows_in, report.loaded, report.duplicates) == (6, 3, 3)


def test_rows_without_a_value_repeat_nothing(tmp_path):
    landing = landed(tmp_path, "a,2024-01,1\na,2024-01,NA\na,2024-01,NA\n")
    (report,) = landing.report.files[0].loads
    assert (report.loaded, report.excluded, report.duplicates) == (1, 2, 0)


@pytest.mark.parametrize(
    ("rows", "expected"), [((1, 2, 2, 7), True), ((), True), ((2, 1), False), ((1, 3, 2, 4), False)]
)
def test_rows_in_the_order_of_the_file(rows, expected):
    with Engine.memory(threads=1) as engine:
        engine.run("create table judged (_row bigint)")
        for row in rows:
            engine.run("insert into judged values ($1)", [row])
        assert repeats.in_order(engine, "judged") is expected


def test_pseudonyms_stay_the_same_over_many_batches(tmp_path):
    """A person in every batch, and a new one in each, get half of what HMAC-SHA-256 gives."""
    import hashlib
    import hmac

    import pyarrow as pa

    from pipelines.ingest.pseudonym import Pseudonyms

    key = bytes(range(32))
    pseudonyms = Pseudonyms(key)
    for number in range(5):
        texts = ["always", None, f"new {number}", "always"]
        found = pseudonyms.of(pa.array(texts, pa.string())).to_pylist()
        assert found == [
            text and hmac.new(key, f"person:{text}".encode(), hashlib.sha256).hexdigest()[:32]
            for text in texts
        ]
