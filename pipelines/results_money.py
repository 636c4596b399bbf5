"""Rows of ``results.money``: the figure of a case, its benefits, costs and assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.money.value import Money

RATIO, DRAWS = "net over cost", "share of draws"


def rows_of(money: Money) -> Iterator[dict[str, Any]]:
    """The rows of one case."""
    base = {"money_case": money.case, "programme": money.programme, "currency": money.currency}
    for row in (*_result(money), *_benefits(money), *_costs(money), *_assumptions(money)):
        yield {**base, **row}


def _result(money: Money) -> Iterator[dict[str, Any]]:
    made = money.returned
    common = {"part": "result", "grade": money.grade or None}
    if made is None:
        yield {**common, "name": "ratio", "unit": RATIO, "reason": "no benefit is counted"}
        return
    yield {**common, "name": "ratio", "value": made.ratio, "low": made.low, "high": made.high,
           "unit": RATIO}  # fmt: skip
    yield {**common, "name": "net", "value": made.net, "low": made.net_low, "high": made.net_high,
           "unit": money.currency}  # fmt: skip
    yield {**common, "name": "p_positive", "value": made.p_positive, "unit": DRAWS}


def _benefits(money: Money) -> Iterator[dict[str, Any]]:
    for b in money.benefits:
        yield {
            "part": "benefit", "name": b.kind, "study": b.study, "grade": b.grade or None,
            "value": b.amount, "low": b.low, "high": b.high, "unit": money.currency,
            "reason": b.refused, "break_even": b.break_even, "break_even_unit": b.unit,
        }  # fmt: skip


def _costs(money: Money) -> Iterator[dict[str, Any]]:
    for line in money.costs:
        yield {"part": "cost", "name": line.name, "value": line.amount, "unit": money.currency}


def _assumptions(money: Money) -> Iterator[dict[str, Any]]:
    swings = {(s.study, s.name): s for s in money.tornado}
    for a in money.assumptions:
        swing = swings.get((a.study, a.name))
        yield {
            "part": "assumption", "name": a.name, "study": a.study or None,
            "value": a.value, "low": a.low, "high": a.high, "range_declared": a.declared,
            "ratio_at_low": swing.at_low if swing else None,
            "ratio_at_high": swing.at_high if swing else None,
        }  # fmt: skip
