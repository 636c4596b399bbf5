"""Whatever the order of files and rows, the same persons; more files change them for a reason."""

from __future__ import annotations

import datetime as dt
from random import Random

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.long_runs import LONG
from tests.unit.crosswalked import joined

HEADER = "number  external  mail  name  from  to"
POOLS = (
    ("-", "E1", "E2", "E3"),
    ("-", "-", "P1", "P2"),
    ("-", "a@x.com", "b@x.com", "a@x.com;b@x.com", "c@x.com"),
    ("-", "Ann Lee", "Bob Ray", "Ann Ray"),
    ("-", "2015-01-01", "2020-01-01", "2024-02-29"),
    ("-", "-", "2018-06-30", "2024-02-10"),
)
NOBODY = ("-", "-", "-")
CELLS = st.tuples(*map(st.sampled_from, POOLS)).filter(lambda row: row[:3] != NOBODY)
ROWS = st.lists(CELLS, min_size=1, max_size=5)
DAYS = ("2024-01-31", "2024-02-29", "2024-03-31")
# One crosswalk of hundreds of firms, below, tries more than a few of one firm each.
MANY = settings(
    max_examples=500 if LONG else 2,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
ASK = tuple(
    (system, text, dt.date.fromisoformat(day))
    for system, texts in (
        ("number", ("E1", "E2", "E3")),
        ("external", ("P1", "P2")),
        ("mail", ("a@x.com", "b@x.com", "c@x.com")),
        ("name", ("Ann Lee", "Bob Ray")),
    )
    for text in texts
    for day in DAYS[:2]
)
Delivered = tuple[str, str, list[tuple[str, ...]]]
Question = tuple[str, str, dt.date]


def file(source: str, day: str, rows: list[tuple[str, ...]]) -> tuple[str, str, str]:
    return source, day, "\n".join([HEADER, *("  ".join(row) for row in rows)])


@MANY
@given(january=ROWS, february=ROWS, other=ROWS, seed=st.integers(0, 2**32 - 1))
@example(  # one mail, from one day on, of two people
    january=[("-", "P2", "a@x.com;b@x.com", "-", "2015-01-01", "-"), ("E1", *"-----")],
    february=[("-", "P1", "-", "-", "2015-01-01", "-")],
    other=[("E1", *"-----"), ("-", "P1", "a@x.com", "-", "2015-01-01", "-")],
    seed=0,
)
def test_the_order_of_rows_and_files_does_not_matter(january, february, other, seed):
    delivered = [("hr", DAYS[0], january), ("hr", DAYS[1], february), ("hr", DAYS[1], other)]
    _unmoved(delivered, ASK, Random(seed))


def test_the_order_does_not_matter_to_hundreds_of_firms_at_once():
    """Firms have no identifier in common: one crosswalk holds as many examples."""
    draw = Random(1)
    january, february, other = _rows_of_firms(200, draw)
    delivered = [("hr", DAYS[0], january), ("hr", DAYS[1], february), ("hr", DAYS[1], other)]
    ask = tuple(
        (system, *_of(firm, (text,)), day)
        for system, text, day in ASK
        if system != "name"
        for firm in range(200)
    )
    _unmoved(delivered, ask, draw)


def _rows_of_firms(firms: int, draw: Random) -> tuple[list[tuple[str, ...]], ...]:
    """Rows of three deliveries, in each one to five of every firm."""
    deliveries: tuple[list[tuple[str, ...]], ...] = ([], [], [])
    for firm in range(firms):
        for rows in deliveries:
            drawn = [tuple(map(draw.choice, POOLS)) for _ in range(draw.randint(1, 5))]
            rows += [_of(firm, row) for row in drawn if row[:3] != NOBODY]
    return deliveries


def _of(firm: int, row: tuple[str, ...]) -> tuple[str, ...]:
    """The row with identifiers and words of names that are the firm's own."""
    own = [cell.replace("@x", f"@x{firm}").replace(" ", f"{firm} ") for cell in row[:4]]
    return (*(c if c == "-" or "@" in c else f"{c}x{firm}" for c in own), *row[4:])


def _unmoved(delivered: list[Delivered], ask: tuple[Question, ...], shuffle: Random) -> None:
    """Assert that files and rows in another order say the same."""
    first = joined(*(file(*d) for d in delivered), ask=ask)
    turned = [
        (source, day, shuffle.sample(rows, len(rows)))
        for source, day, rows in shuffle.sample(delivered, len(delivered))
    ]
    again = joined(*(file(*d) for d in turned), ask=ask)
    assert again.persons == first.persons
    assert again.answers == first.answers
    assert again.doubts == first.doubts
    assert again.turns == first.turns


def test_a_mail_of_two_people_from_one_day_on_is_the_later_delivered_from_then_on():
    text = "external  mail  from\n{}  desk@x.com  2015-01-01"
    days = ("2014-06-30", "2015-01-01", DAYS[0], "2024-02-28", DAYS[1], DAYS[2])
    ask = tuple(("mail", "desk@x.com", dt.date.fromisoformat(day)) for day in days)
    for one, two in (("P1", "P2"), ("P2", "P1")):
        found = joined(
            ("hr", DAYS[0], text.format(one)), ("hr", DAYS[1], text.format(two)), ask=ask
        )
        assert found.answers == [f"external:{one}"] * 4 + [f"external:{two}"] * 2
        assert not found.doubts


def test_two_holders_of_a_number_keep_their_anchors_when_an_earlier_day_is_told():
    header = "number  mail  name  from  to"
    ann = "E1  ann@x.com  Ann Lee  2015-01-01  2018-06-30"
    bob = "E1  bob@x.com  Bob Ray  2020-01-01  2022-06-30"
    first = ("hr", DAYS[0], "\n".join([header, ann, bob]))
    ask = (("mail", "ann@x.com"), ("mail", "bob@x.com"))
    for told in (ann, bob):
        later = ("hr", DAYS[1], "\n".join([header, told.replace(" 20", " 19", 1)]))
        assert joined(first, later, ask=ask).answers == joined(first, ask=ask).answers


@MANY
@given(ROWS, ROWS, ROWS)
def test_another_file_joins_and_parts_only_by_named_evidence(january, february, march):
    _only_by_evidence(january, february, march)


def test_another_file_needs_evidence_in_hundreds_of_firms_at_once():
    _only_by_evidence(*_rows_of_firms(200, Random(2)))


def _only_by_evidence(january, february, march) -> None:
    """Assert that the file of March moves nobody of whom nothing says why."""
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
