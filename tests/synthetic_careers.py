"""Careers of a drawn company without its files, and what is true of who started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.careers import KINDS, NEVER, Careers, Covariate
from analysis.synthetic.calendar import MONTHS, month_start
from analysis.synthetic.calendar import NEVER as NO_MONTH
from analysis.synthetic.exits import _BY_TENURE, other_hazards, voluntary_force
from analysis.synthetic.exits import KINDS as DRAWN_KINDS
from analysis.synthetic.opt_in import past_performance
from analysis.synthetic.people import CODES
from analysis.synthetic.roll_out import site_starts
from analysis.synthetic.surveys import early_engagement

if TYPE_CHECKING:
    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment

FIRST_MONTH = 12 * 2022
GROUPS = 10
SEEN_FROM = 18
_KIND = np.array([KINDS.index(name) for name in DRAWN_KINDS])


def days(dates: np.ndarray) -> np.ndarray:
    """Days since 1970, NEVER where there is no date."""
    whole = dates.astype("datetime64[D]")
    return np.where(np.isnat(whole), NEVER, whole.astype(np.int64))


def grouped(name: str, value: np.ndarray, known: np.ndarray) -> Covariate:
    """Ten groups of equally many people, each with its mean."""
    codes = np.full(len(value), -1, dtype=np.int16)
    cuts = np.quantile(value[known], np.arange(1, GROUPS) / GROUPS)
    codes[known] = np.searchsorted(cuts, value[known])
    scores = [float(value[codes == g].mean()) if (codes == g).any() else 0.0 for g in range(GROUPS)]
    labels = tuple(str(g) for g in range(GROUPS))
    return Covariate(name=name, codes=codes[:, None], labels=labels, scores=tuple(scores))


def matched_on(company: Company, some: Enrolment) -> np.ndarray:
    """First match of each person of the programme, NaT where there was none."""
    code = [e.programme for e in company.programmes].index(some.programme)
    pairs = company.matches.take(company.matches.programme == code)
    found = np.full(len(company), np.datetime64("NaT", "D"))
    np.fmin.at(found, pairs.mentee, pairs.matched_on)
    return found[some.person]


def careers_of(company: Company, some: Enrolment, **more: object) -> Careers:
    """The careers of a programme's people: one spell each, followed to the end of 2025."""
    n, who = len(some), some.person
    left = company.exit_month[who] < NO_MONTH
    parts = {
        "person": np.arange(n),
        "cluster": np.arange(n),
        "hired": days(company.people.hired_on[who]),
        "zero": days(month_start(some.zero)),
        "arm": np.full(n, -1),
        "start": days(matched_on(company, some)),
        "exit": days(company.exit_on[who]),
        "kind": np.where(left, _KIND[company.exit_kind[who]], 0),
        "notice": days(company.notice_on[who]),
        "end": np.full(n, int(month_start(np.array(MONTHS)).astype(int)) - 1),
        "eligible": np.arange(MONTHS)[None, :] >= some.zero[:, None],
        "first_month": FIRST_MONTH,
        "undated": np.zeros(n, dtype=bool),
        **more,
    }
    return Careers(**parts)


def opt_in_careers(company: Company) -> Careers:
    """CARE-OPTIN: eligible from the invitation on, covariates of before the invitation."""
    some = company.programme("CARE-OPTIN")
    n = len(company)
    invited = np.full(n, NO_MONTH)
    invited[some.person] = some.zero
    past = past_performance(
        company.streams, company.size, company.people, company.untreated.month, invited,
        company.block,
    )  # fmt: skip
    q, answered = early_engagement(
        company.streams, company.people, company.untreated.month, company.block
    )
    q, answered = q[some.person], answered[some.person]
    new = Covariate(
        name="newcomer", codes=(some.tenure < 12).astype(np.int16)[:, None], labels=("no", "yes")
    )
    covariates = (
        grouped("performance", past, ~np.isnan(past)), grouped("engagement", q, answered), new,
    )  # fmt: skip
    return careers_of(company, some, covariates=covariates)


def lottery_careers(company: Company) -> Careers:
    """SALES-LOT: applicants, drawn on the fifth of the month of the round."""
    some = company.lottery
    some = some.take(some.applied)
    return careers_of(
        company, some,
        zero=days(month_start(some.zero)) + 4,
        arm=some.won.astype(np.int64),
    )  # fmt: skip


def curves(
    company: Company, who: np.ndarray, first: np.ndarray, theta: np.ndarray, months: int
) -> tuple[np.ndarray, np.ndarray]:
    """Chance of having left voluntarily, and at all, by the end of each calendar month, (n, K).

    Of people there at the beginning of month ``first`` (month of the company), with factors
    ``theta`` (n, K) on the force of voluntary exits: exact given their traits.
    """
    people = company.people.take(who)
    column = first[:, None] + np.arange(months)
    # months after the last drawn have the season of a year before, and their own tenure
    drawn = np.where(column < MONTHS, column, column - 12)
    tenure = [_BY_TENURE[(c - people.hire_month[:, None]).clip(0, 60)] for c in (column, drawn)]
    force = np.take_along_axis(voluntary_force(people), drawn, axis=1) * tenure[0] / tenure[1]
    leaves = -np.expm1(-force * theta)
    others = [np.take_along_axis(h, drawn, axis=1) for h in other_hazards(people).values()]
    stays = (1 - leaves) * np.prod([1 - h for h in others], axis=0)
    before = np.concatenate([np.ones((len(who), 1)), np.cumprod(stays, axis=1)[:, :-1]], axis=1)
    voluntary = np.cumsum(before * leaves, axis=1)
    return voluntary, 1 - np.cumprod(stays, axis=1)


def roll_out_careers(company: Company) -> Careers:
    """OPS-ROLL: everybody of operations from July 2023 on, started with their site or not yet."""
    people = company.people
    operations = people.department == CODES["operations"]
    who = np.flatnonzero(operations & (company.exit_month >= SEEN_FROM))
    start = site_starts(company.streams, company.size, company.scenario)[people.site[who]]
    n, left = len(who), company.exit_month[who] < NO_MONTH
    day = np.where(start < NO_MONTH, days(month_start(np.minimum(start, MONTHS - 1))), NEVER)
    return Careers(
        person=np.arange(n),
        cluster=people.site[who],
        hired=days(people.hired_on[who]),
        zero=np.full(n, NEVER),
        arm=np.full(n, -1),
        start=day,
        exit=days(company.exit_on[who]),
        kind=np.where(left, _KIND[company.exit_kind[who]], 0),
        notice=days(company.notice_on[who]),
        end=np.full(n, int(month_start(np.array(MONTHS)).astype(int)) - 1),
        eligible=np.ones((n, MONTHS), dtype=bool),
        first_month=FIRST_MONTH,
        undated=np.zeros(n, dtype=bool),
    )
