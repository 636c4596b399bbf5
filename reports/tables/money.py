"""What a programme is worth, as rows: the result, its benefits, costs and assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.money.assumptions import SHARES
from reports.numbers import plain
from reports.tables.table import (
    GENERAL,
    WHOLE,
    Column,
    Table,
    Value,
    effect,
    figure,
    figures,
    texts,
)
from reports.wording import money as words
from reports.wording.money_base import benefit_of
from reports.wording.tables import NONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.money.assumptions import Assumption
    from analysis.money.value import Benefit, Money
    from reports.model import Report

_OF_COST, _PER_CENT = "net over cost", "0%"
_NOTHING = "counts as nothing"
_COUNTS = {"months": "months", "mentor_hours": "hours", "mentee_hours": "hours"}
Row = tuple[Value, ...]


def money(report: Report) -> Table:
    """Every case, from the result to the last assumption."""
    rows = tuple(
        (plain(m.title), *row)
        for m in report.money
        for row in (*_result(m), *_benefits(m, report), *_costs(m), *_assumptions(m))
    )
    return Table(
        name="Money",
        about="What a programme is worth at the project's assumptions: result, benefits, costs, "
        "and what the result would be at either end of each assumption. Effects count from "
        "Credible on. The interval is that of the effects alone.",
        columns=(
            *texts(Case=24, Part=14, What=44, Study=22), *figures("Value", "Low", "High"),
            Column("Unit", width=16), *texts(Low_and_high_are=24),
            *figures("Net over cost at low", "Net over cost at high"), *texts(Note=60),
        ),
        rows=rows,
    )  # fmt: skip


def _row(
    part: str, what: str, study: str, shown: tuple[Value, ...], unit: str, ends: str, note: str,
    swing: tuple[Value, Value] = (NONE, NONE),
) -> Row:  # fmt: skip
    return part, what, study, *shown, unit, ends, *swing, note


def _result(m: Money) -> Iterator[Row]:
    made, ends = m.returned, "95 % interval"
    if made is None:
        why = "No benefit may be counted."
        yield _row("result", "Return", "", (_NOTHING,) * 3, _OF_COST, "", why)
        return
    said = "".join(words.sentence(m))
    ratio = (figure(v, NONE, _PER_CENT) for v in (made.ratio, made.low, made.high))
    net = (effect(v, NONE, 0) for v in (made.net, made.net_low, made.net_high))
    yield _row("result", "Return", "", tuple(ratio), _OF_COST, ends, said)
    yield _row("result", "Net", "", tuple(net), m.currency, ends, words.lower_bound(m))
    share = (figure(made.p_positive, NONE, _PER_CENT), NONE, NONE)
    yield _row("result", "More comes back than was spent", "", share, "share of draws", "", "")


def _benefits(m: Money, report: Report) -> Iterator[Row]:
    known = {r.study: r for r in report.releases}
    for b in m.benefits:
        note = words.counts_as_nothing(b, known) if b.refused else f"Graded {b.grade}."
        yield _row("benefit", words.benefit_name(b, known), b.study, *_amounts(b, m), note)


def _amounts(b: Benefit, m: Money) -> tuple[tuple[Value, ...], str, str]:
    if b.refused:
        return (_NOTHING,) * 3, m.currency, ""
    shown = tuple(effect(v, NONE, 0) for v in (b.amount, b.low, b.high))
    return shown, m.currency, "95 % interval"


def _costs(m: Money) -> Iterator[Row]:
    for line in m.costs:
        shown = (figure(line.amount, NONE, WHOLE), NONE, NONE)
        made_up = words.cost_made_up(line.name, m)
        yield _row("cost", words.COST_LINES[line.name], "", shown, m.currency, "", made_up)
    total = (figure(m.cost, NONE, WHOLE), NONE, NONE)
    yield _row("cost", "All costs", "", total, m.currency, "", "")


def _assumptions(m: Money) -> Iterator[Row]:
    swings = {(s.study, s.name): s for s in m.tornado}
    for a in m.assumptions:
        found = swings.get((a.study, a.name))
        ends = (found.at_low, found.at_high) if found else (None, None)
        at_low, at_high = (figure(v, NONE, _PER_CENT) for v in ends)
        shown = tuple(figure(v, NONE, _PER_CENT if a.name in SHARES else GENERAL)
                      for v in (a.value, a.low, a.high))  # fmt: skip
        by = "given by the project" if a.declared else words.BY_DEFAULT
        yield _row("assumption", words.assumption(a.name, benefit_of(m, a.study)), a.study, shown,
                   _unit(a, m), by, plain(a.note), (at_low, at_high))  # fmt: skip


def _unit(a: Assumption, m: Money) -> str:
    return "share" if a.name in SHARES else _COUNTS.get(a.name, m.currency)
