"""Whatever the order of files and rows, the same persons; more files change them for a reason."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.crosswalked import joined

HEADER = "number  external  mail  name  from"
CELLS = st.tuples(
    st.sampled_from(["-", "E1", "E2", "E3"]),
    st.sampled_from(["-", "-", "P1", "P2"]),
    st.sampled_from(["-", "a@x.com", "b@x.com", "a@x.com;b@x.com", "c@x.com"]),
    st.sampled_from(["-", "Ann Lee", "Bob Ray", "Ann Ray"]),
    st.sampled_from(["-", "2015-01-01", "2020-01-01"]),
).filter(lambda row: row[:3] != ("-", "-", "-"))
ROWS = st.lists(CELLS, min_size=1, max_size=5)
DAYS = ("2024-01-31", "2024-02-29", "2024-03-31")
MANY = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
ASK = tuple(
    (system, text)
    for system, texts in (
        ("number", ("E1", "E2", "E3")),
        ("external", ("P1", "P2")),
        ("mail", ("a@x.com", "b@x.com", "c@x.com")),
        ("name", ("Ann Lee", "Bob Ray")),
    )
    for text in texts
)


def file(source: str, day: str, rows: list[tuple[str, ...]]) -> tuple[str, str, str]:
    return source, day, "\n".join([HEADER, *("  ".join(row) for row in rows)])


@MANY
@given(st.data(), ROWS, ROWS, ROWS)
def test_the_order_of_rows_and_files_does_not_matter(data, january, february, other):
    delivered = [("hr", DAYS[0], january), ("hr", DAYS[1], february), ("hr", DAYS[1], other)]
    first = joined(*(file(*d) for d in delivered), ask=ASK)
    shuffled = data.draw(st.permutations(delivered))
    turned = [(source, day, data.draw(st.permutations(rows))) for source, day, rows in shuffled]
    again = joined(*(file(*d) for d in turned), ask=ASK)
    assert again.persons == first.persons
    assert again.answers == first.answers
    assert again.doubts == first.doubts


@MANY
@given(ROWS, ROWS, ROWS)
def test_another_file_joins_and_parts_only_by_named_evidence(january, february, march):
    delivered = [file("hr", DAYS[0], january), file("hr", DAYS[1], february)]
    before = joined(*delivered)
    after = joined(*delivered, file("hr", DAYS[2], march))
    told = {
        f"{system} {part}"
        for row in march
        for system, cell in zip(("number", "external", "mail"), row, strict=False)
        for part in cell.split(";")
    }
    for person in before.persons:
        parts = [p & person for p in after.persons if p & person]
        if all(part != person for part in parts):
            assert person & after.apart, "parted, and nothing says why"
    for person in after.persons:
        if not any(person & old == person for old in before.persons):
            joins = [old for old in before.persons if _strong(old & person)]
            if len(joins) > 1:
                assert person & told, "joined, and nothing new names any of them"


def _strong(carried: frozenset[str]) -> bool:
    return any(not c.startswith("name ") for c in carried)
