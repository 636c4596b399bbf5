"""Truths of the lottery beside its headline: dose, return, spillover; and what mentors get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.calendar import NEVER
from analysis.synthetic.estimand import Estimand, row
from analysis.synthetic.exits import VOLUNTARY
from analysis.synthetic.lottery import PROGRAMME, saturation
from analysis.synthetic.mentor_side import mentor_months
from analysis.synthetic.people import CODES
from analysis.synthetic.spillover import others_mentored
from analysis.synthetic.worlds import exit_differences, performance_sums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.streams import Bools, Floats

MARGIN = 3_000.0  # EUR a month
LEAVING = 0.21 * 42_000.0  # EUR an exit
COST = 1_100.0  # EUR a taker


def dose_truths(company: Company) -> Iterator[Estimand]:
    """What one more meeting does, in per cent."""
    value = 100 * float(np.expm1(company.scenario.per_meeting))
    met = company.lottery.mentored & (company.lottery.department == CODES["sales"])
    yield row(
        company, PROGRAMME, "revenue_per_call.dose", (value, value),
        population="mentored in sales", window="1-6", unit="% a meeting", method="closed_form",
        arm_contrast="one more meeting", n_units=int(met.sum()),
    )  # fmt: skip


def return_truths(company: Company) -> Iterator[Estimand]:
    """Net return over cost of a taker in sales in the first year; performance as if all stayed."""
    lottery = company.lottery
    some = lottery.take(lottery.applied & (lottery.department == CODES["sales"]))
    if not some.takes_up.any():
        return
    expected, realised = performance_sums(company, some, (1, 12))["if_all_stayed"]
    chance, drawn = exit_differences(company, some, 365)
    values = []
    for p, sums, exits in (
        (some.p_take_up, expected, chance), (some.takes_up.astype(float), realised, drawn),
    ):  # fmt: skip
        gain = MARGIN * 12 * np.expm1(sums.mean(p, 0.0))
        kept = -LEAVING * (p * exits).sum() / p.sum()
        values.append(float((gain + kept - COST) / COST))
    yield row(
        company, PROGRAMME, "return_on_cost", (values[0], values[1]),
        population="takers in sales", window="1-12", unit="net return over cost",
        arm_contrast="mentored against not", n_units=int(some.takes_up.sum()),
    )  # fmt: skip


def spillover_truths(company: Company) -> Iterator[Estimand]:
    """Three worlds in sales, months 1-6: nobody, as happened, everybody; high against low."""
    if not company.scenario.spillover:
        return
    lottery = company.lottery
    sales = lottery.department == CODES["sales"]
    high = saturation(company.streams, lottery.group) > 0.5
    for name, who in {
        "winners_total": sales & lottery.won,
        "not_won": sales & ~lottery.won,
        "everybody_mentored": sales,
    }.items():
        values = [_spill(company, name, m, who) for m in _shares(lottery)]
        yield _spill_row(company, name, values, who)
    rest = sales & ~lottery.won
    values = [
        _spill(company, "not_won", m, rest & high) - _spill(company, "not_won", m, rest & ~high)
        for m in _shares(lottery)
    ]
    yield _spill_row(company, "high_less_low_saturation", values, rest)


def _shares(lottery: Enrolment) -> tuple[Floats, Floats]:
    """Chance of being mentored given the lots, and being mentored."""
    return (lottery.won * lottery.p_take_up).astype(float), lottery.mentored.astype(float)


def _spill(company: Company, world: str, mentored: Floats, who: Bools) -> float:
    """Mean gain over nobody mentored, in per cent; the profile has mean 1 in months 1-6."""
    lottery, per = company.lottery, company.scenario.spillover
    if world == "everybody_mentored":
        mentored = np.ones(len(lottery))
    total = mentored * lottery.gain + per * others_mentored(lottery, mentored)
    return 100 * float(np.expm1(total[who].mean())) if who.any() else 0.0


def _spill_row(company: Company, name: str, values: list[float], who: Bools) -> Estimand:
    return row(
        company, PROGRAMME, f"revenue_per_call.spillover.{name}", (values[0], values[1]),
        population="invited in sales", window="1-6", unit="%", n_units=int(who.sum()),
        arm_contrast="as happened against nobody mentored", method="counted",
    )  # fmt: skip


def mentor_truths(company: Company) -> Iterator[Estimand]:
    """What mentoring does to mentors themselves."""
    who, busy = mentor_months(company.matches)
    factor, cost = company.scenario.mentor_theta, -100 * company.scenario.mentor_cost
    common = (company, "MENTORS")
    yield row(
        *common, "kpi.months_with_a_mentee", (cost, cost), population="mentors",
        window="with a mentee", unit="log points x 100", method="closed_form",
        arm_contrast="mentoring against not", n_units=len(who),
    )  # fmt: skip
    yield row(
        *common, "voluntary_exit.hazard_factor", (factor, factor), population="mentors",
        window="with a mentee", unit="ratio", method="closed_form",
        arm_contrast="mentoring against not", n_units=len(who),
    )  # fmt: skip
    if len(who) and factor != 1.0:
        left = (company.exit_month[who] < NEVER) & (company.exit_kind[who] == VOLUNTARY)
        alone = company.untreated.kind[who] == VOLUNTARY
        value = 100 * float(left.mean() - alone.mean())
        yield row(
            *common, "voluntary_exit.by_the_end", (value, value), population="mentors",
            window="0-47", unit="percentage points", method="counted",
            arm_contrast="mentoring against not", n_units=int(busy.any(axis=1).sum()),
        )  # fmt: skip
