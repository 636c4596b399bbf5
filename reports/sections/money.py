"""What it is worth: the row of page one, how the figure is made up, and what it hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.numbers import plain, signed, with_unit
from reports.scales import Bar, Scale, scale
from reports.sections.section import Section
from reports.wording import money as words
from reports.wording import money_base as base
from reports.wording.answers import answer

if TYPE_CHECKING:
    from analysis.money.assumptions import Assumption
    from analysis.money.value import Benefit, Money, Swing
    from reports.model import Report


def rows(report: Report) -> list[dict[str, Any]]:
    """One row of page one for each case."""
    known = {r.study: r for r in report.releases}
    places = {r.study: i for i, r in enumerate(report.releases, start=1)}
    return [
        {
            "id": f"worth-{place}",
            "who": _who(money, places),
            "sentence": words.sentence(money),
            "pays": words.pays_from(money, known),
            "nothing": [words.counts_as_nothing(b, known) for b in money.benefits if b.refused],
            "chart": _chart(money),
        }
        for place, money in enumerate(report.money, start=1)
    ]


def view(report: Report) -> dict[str, Any]:
    """Every case in full; nothing to say where the project declares none."""
    cases = [_case(money, report) for money in report.money]
    return {"cases": cases, "nothing_to_say": not cases}


def _who(money: Money, places: dict[str, int]) -> str:
    numbers = [str(places[b.study]) for b in money.counted if b.study in places]
    of = f"study {' and '.join(numbers)}; " if numbers else ""
    return f"{plain(money.title)}; {of}{money.horizon} months, at the project’s assumptions"


def _chart(money: Money) -> dict[str, Any] | None:
    """Return in per cent of cost with its interval; None where nothing counts."""
    made = money.returned
    if made is None:
        return None
    value, low, high = (100 * v for v in (made.ratio, made.low, made.high))
    axis = scale((value, low, high), around_zero=True, intervals=3)
    return {
        "axis": axis,
        "bar": _bar(axis, value, low, high),
        "label": _per_cent(made.ratio),
        "anchor": axis.anchor(value),
        "zero": axis.at(0.0),
        "unit_left": axis.share(0.0) > 0.5,
        "text": words.chart_text(money),
    }


def _case(money: Money, report: Report) -> dict[str, Any]:
    known = {r.study: r for r in report.releases}
    made, refused = money.returned, [b for b in money.benefits if b.refused]
    notes = [words.lower_bound(money), words.together(money)] if made else []
    notes.append(base.left_out(money, known))
    return {
        "title": plain(money.title),
        "finding": words.finding(money),
        "pays": words.pays_from(money, known),
        "notes": [n for n in notes if n],
        "refused": [
            {
                "said": words.counts_as_nothing(b, known),
                "remedy": answer(known[b.study]).to_raise if b.study in known else "",
            }
            for b in refused
        ],
        "benefits": [_benefit(b, money, known) for b in money.benefits],
        "costs": [
            {
                "label": words.COST_LINES[line.name],
                "detail": words.cost_made_up(line.name, money),
                "amount": words.in_currency(-line.amount, money.currency),
            }
            for line in money.costs
        ],
        "net": words.net(money),
        "tornado": _tornado(money, known) if made else None,
        "assumptions": [_assumption(a, money, known) for a in money.assumptions],
        "counted": base.counted_facts(money, known),
        "held_fixed": words.HELD_FIXED,
    }


def _benefit(benefit: Benefit, money: Money, known: base.Releases) -> dict[str, Any]:
    label = words.benefit_name(benefit, known)
    if benefit.refused or benefit.amount is None:
        return {"label": label, "detail": "counts as nothing", "amount": "–", "range": []}
    name = "replacement_cost" if benefit.person_months is None else "monthly_value"
    value = next(a.value for a in money.assumptions if a.key == f"{benefit.study}.{name}")
    ends = [words.in_currency(v or 0.0, money.currency) for v in (benefit.low, benefit.high)]
    return {
        "label": label,
        "detail": words.made_up(benefit, value, money.currency),
        "amount": words.in_currency(benefit.amount, money.currency),
        "range": ends,
    }


def _tornado(money: Money, known: base.Releases) -> dict[str, Any]:
    """One line a thing that may be otherwise, the widest first, in per cent of cost."""
    assert money.returned is not None
    ends = [100 * v for s in money.tornado for v in (s.at_low, s.at_high)]
    axis = scale([*ends, 100 * money.returned.ratio], around_zero=True)
    return {
        "heading": words.hangs_on(money, known),
        "rows": [_swing(s, money, known, axis) for s in money.tornado],
        "ticks": axis.ticks,
        "zero": axis.at(0.0),
        "reference": axis.at(100 * money.returned.ratio),
    }


def _swing(swing: Swing, money: Money, known: base.Releases, axis: Scale) -> dict[str, Any]:
    low, high = sorted((100 * swing.at_low, 100 * swing.at_high))
    label, detail = words.swing(swing, money, known)
    return {
        "label": label,
        "detail": detail,
        "estimated": swing.name == "effect",
        "bar": _bar(axis, None, low, high),
        "range": f"{_per_cent(swing.at_low)} to {_per_cent(swing.at_high)}",
    }


def _assumption(item: Assumption, money: Money, known: base.Releases) -> dict[str, str]:
    ends = " to ".join(words.assumed(item.name, v, money.currency) for v in (item.low, item.high))
    return {
        "label": words.assumption(item.name, base.benefit_of(money, item.study)),
        "outcome": base.outcome_of(item.study, known),
        "value": words.assumed(item.name, item.value, money.currency),
        "range": ends if item.value or item.declared else "",
        "set_by": "the project" if item.declared else words.BY_DEFAULT,
        "note": plain(item.note),
    }


def _bar(axis: Scale, value: float | None, low: float, high: float) -> Bar:
    dot = None if value is None else axis.at(value)
    return Bar(
        dot=dot, low=axis.at(low), high=axis.at(high), open_low=False, open_high=False,
        has_interval=True,
    )  # fmt: skip


def _per_cent(ratio: float) -> str:
    return with_unit(signed(100 * ratio, 0), "%")


SECTION = Section(
    id="money",
    nav="Worth",
    title="What it is worth",
    intro="Only effects of studies graded Credible or better are counted, each once and nothing "
    "after an exit. Every assumption is printed; change it in the project file.",
    view=view,
)
