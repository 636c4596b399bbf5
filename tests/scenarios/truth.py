"""What is true of a study's figures in a drawn company: the expected value, noise integrated out.

By name of the result. Of the share who left or wants to there is only a realised truth (both worlds
of everybody drawn); its mean over draws is the expected one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.incidence import by_day
from analysis.synthetic import truth as planted
from analysis.synthetic.calendar import MONTHS, month_of, month_start
from analysis.synthetic.exits import VOLUNTARY
from analysis.synthetic.truth_feelings import feeling_truths, lottery_feelings
from analysis.synthetic.truth_roll_out import BEFORE, STARTS_OF_ALL, _mean, _views
from tests.scenarios.questions import CARE, INTENTION, SALES, STARTERS, TURNOVER, spec_of
from tests.synthetic_careers import curves, matched_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.synthetic.company import Company
    from analysis.synthetic.streams import Ints

LATE = "two_stage_least_squares"
REALISED = ((INTENTION, "primary"),)


def truth_of(company: Company, study: str) -> dict[str, float]:
    """The truth of each figure of the study of which there is one, on the figure's scale."""
    makers: dict[str, Callable[[Company], dict[str, float]]] = {
        SALES: _sales, CARE: _care, STARTERS: _starters, INTENTION: _intention, TURNOVER: _turnover,
    }  # fmt: skip
    return makers.get(study, _sites)(company)


def _sales(company: Company) -> dict[str, float]:
    rows = planted._lottery(company, company.lottery, "sales", "revenue_per_call", ((1, 6),))
    found = {r.estimand: r.value_expected for r in rows if not r.subgroup}
    return {
        "primary": found["revenue_per_call.itt.while_employed"],
        LATE: found["revenue_per_call.late.while_employed"],
    }


def _starters(company: Company) -> dict[str, float]:
    window = spec_of(STARTERS).follow_up.primary
    some = company.programme("STARTER-LOT")
    rows = planted._lottery(company, some, "contact_centre", "resolved_per_hour", (window,))
    found = {r.estimand: r.value_expected for r in rows if not r.subgroup}
    lasting = found["resolved_per_hour.itt.always_survivors"]
    return {
        "primary": found["resolved_per_hour.itt.while_employed"],
        "lee_bound_lower": lasting,
        "lee_bound_upper": lasting,
    }


def _care(company: Company) -> dict[str, float]:
    some = company.programme("CARE-OPTIN")
    joined = some.take(some.applied)
    sums, _ = planted.performance_sums(company, joined, (4, 12))["while_employed"]
    return {"primary": planted.percent(sums.mean(np.ones(len(joined))))}


def _intention(company: Company) -> dict[str, float]:
    """Left voluntarily by the end of the window or scored the cut, and the score itself."""
    felt, spec = lottery_feelings(company), spec_of(INTENTION)
    rows = {r.estimand: r.value_expected for r in feeling_truths(company, felt)}
    some = company.lottery.take(company.lottery.applied)
    end = some.zero + spec.follow_up.primary[1]
    worlds = []
    for month, kind, score in (
        (some.untreated_month, some.untreated_kind, felt.scored[:, 0]),
        (some.if_mentored_month, some.if_mentored_kind, felt.scored[:, 3]),
    ):
        left = (month <= end) & (kind == VOLUNTARY)
        worlds.append((left | (score >= spec.outcome.cut)).astype(float))
    composite = float((some.takes_up * (worlds[1] - worlds[0])).mean())
    return {"primary": composite, "score": rows["tis6.itt.if_all_answered"]}


def starters_of(company: Company) -> tuple[Ints, Ints]:
    """Rows of people who start in CARE-OPTIN and are there on the next first, and their month."""
    some = company.programme("CARE-OPTIN")
    start = matched_on(company, some)
    who, start = some.person[~np.isnat(start)], start[~np.isnat(start)]
    gone = np.fmin(company.exit_on[who], company.notice_on[who])
    month = month_of(start)
    here = np.isnat(gone) | (gone >= month_start(month + 1))
    return who[here], month[here]


def _turnover(company: Company) -> dict[str, float]:
    """Of those who start: chance to have left voluntarily a year on, with less without."""
    who, month = starters_of(company)
    months = spec_of(TURNOVER).follow_up.months
    plain = np.ones((len(who), months))
    without, having = (
        curves(company, who, month + 1, factor * plain, months)[0]
        for factor in (1.0, company.scenario.theta)
    )
    first = (month + 1)[:, None] + np.arange(months + 1)
    ends = np.diff(month_start(first).astype(np.int64), axis=1).cumsum(axis=1)
    return {"primary": float((by_day(ends, 365) * (having - without)).sum() / len(who))}


def _sites(company: Company) -> dict[str, float]:
    """Plain average of the months of the window, of people settled at the start, in per cent."""
    enrolment = company.programme("OPS-ROLL")
    some = enrolment.take(enrolment.tenure >= BEFORE)
    expected, _ = _views(company, some)
    last = STARTS_OF_ALL[-1] if company.scenario.everybody_in_the_end else MONTHS
    event = some.event_month()
    seen = np.arange(MONTHS) < last
    first, end = spec_of("operations-mentoring").follow_up.primary
    gains = [_mean(expected, (event == e) & seen) for e in range(first, end + 1)]
    return {"primary": planted.percent(float(np.mean(gains)) / 100)}
