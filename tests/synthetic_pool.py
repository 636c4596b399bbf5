"""Pools of placebo programmes of a drawn company, without its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.calibration.pool import Pool, placebo_spec
from analysis.calibration.sites import SitePast, site_past
from analysis.exits.build import Built
from analysis.exits.records import Records
from analysis.finding import Flow
from analysis.panel import Panel
from analysis.synthetic.blocks import blocks
from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.people import CODES
from analysis.synthetic.roll_out import site_starts
from analysis.synthetic.surveys import early_engagement
from tests.synthetic_careers import FIRST_MONTH, days, month_start, opt_in_careers

if TYPE_CHECKING:
    from analysis.study import StudySpec
    from analysis.synthetic.company import Company

HISTORY = 12
BEGINS = np.arange(9, 36, 3)  # months of the company that placebo programmes may begin in


class Series:
    """Log results of everybody by month, and what is known of people."""

    def __init__(self, company: Company) -> None:
        parts = list(blocks(company))
        self.value = np.concatenate([b.happened for b in parts])
        self.seen = np.concatenate([b.recorded for b in parts])
        self.site = np.concatenate([b.site for b in parts])
        self.company = company
        score, answered = early_engagement(
            company.streams, company.people, company.untreated.month, company.block
        )
        self.engagement = np.where(answered, score, np.nan)

    def panel(self, who: np.ndarray, zero: np.ndarray, arm: np.ndarray, spec: StudySpec) -> Panel:
        """People (n,) from months ``zero`` (n,) on, with every covariate of the studies."""
        event = np.arange(MONTHS) - zero[:, None]
        seen = self.seen[who] & (event >= -HISTORY) & (event <= spec.follow_up.months)
        row, month = np.nonzero(seen)
        value = self.value[who]
        before = seen & (event < 0)
        past = np.where(before, value, 0).sum(1) / before.sum(1).clip(1)
        tenure = zero - self.company.people.hire_month[who]
        level = self.company.people.level[who]
        people = pd.DataFrame(
            {
                "person": np.arange(len(who)),
                "arm": arm,
                "stratum": np.unique(zero, return_inverse=True)[1] if spec.allocation.strata else 0,
                "cluster": np.arange(len(who)),
                "take_up": np.nan,
                "mentored": 0.0,
                "pre_outcome": np.where(before.any(1), past, np.nan),
                "pre_period_outcome": np.where(before.any(1), past, np.nan),
                "engagement": self.engagement[who],
                "newcomer": (tenure < 12).astype(float),
                "tenure_months": tenure.astype(float),
                **{f"level={n}": (level == n).astype(float) for n in np.unique(level)[1:]},
            }
        )
        rows = pd.DataFrame(
            {"person": row, "event_month": event[row, month], "outcome": value[row, month]}
        )
        arms = spec.arms
        return Panel(people=people, rows=rows, treated=arms.treated, comparison=arms.comparison)


def pool_of(series: Series, spec: StudySpec, department: str, seed: int) -> Pool:
    """Units of a department in months when they are employed, were measured and have no mentor.

    The real study is the programme's: who applied and won, or applied where nothing was drawn,
    against the others asked.
    """
    asked = placebo_spec(spec)
    company, people = series.company, series.company.people
    mentored = np.full(len(company), 10**6)
    np.minimum.at(mentored, company.matches.mentee, company.matches.start - 1)
    parts = []
    for zero in BEGINS:
        there = (people.hire_month <= zero) & (company.exit_month > zero)
        there &= people.department == CODES[department]
        there &= series.seen[:, zero - 3 : zero + 1].any(axis=1)
        who = np.flatnonzero(there & (mentored > zero + asked.follow_up.primary[1]))
        parts.append(np.stack([who, np.full(len(who), zero)]))
    who, zero = np.concatenate(parts, axis=1)
    panel = series.panel(who, zero, np.full(len(who), asked.arms.comparison), asked)
    some = company.programme(spec.programme)
    some = some.take(some.department == CODES[department])
    if spec.design == "randomised":
        some = some.take(some.applied)
    joined = some.won if spec.design == "randomised" else some.applied
    arm = np.where(joined, asked.arms.treated[0], asked.arms.comparison)
    return Pool(
        spec=asked,
        panel=panel,
        of=who,
        month=zero,
        first_row=np.searchsorted(panel.rows["person"], np.arange(len(who) + 1)),
        real=series.panel(some.person, some.zero, arm, asked),
        rounds=len(np.unique(some.zero)),
        seed=seed,
    )


def site_past_of(series: Series, spec: StudySpec) -> SitePast:
    """Operations before any of its sites began: people by the site where they are first seen."""
    company, who = series.company, series.company.people
    start = site_starts(company.streams, company.size, company.scenario)
    month = np.arange(MONTHS)
    here = series.seen & (who.department == CODES["operations"])[:, None]
    here &= (month - who.hire_month[:, None] >= 12) & (month < company.exit_month[:, None])
    here &= month <= start[start < MONTHS].min()
    person = np.flatnonzero(here.any(axis=1))
    site = series.site[person, here[person].argmax(axis=1)]
    begins = pd.Series(start[site]).where(start[site] < MONTHS)
    row, column = np.nonzero(here[person])
    made = site_past(
        spec,
        pd.DataFrame(
            {"site": site.astype(str), "start_month": (begins + FIRST_MONTH).astype("Int64")}
        ),
        pd.DataFrame({"measured": [len(person)], "employed": len(person), "kept": len(person)}),
        pd.DataFrame(
            {
                "person": row,
                "month_no": column + FIRST_MONTH,
                "value": np.exp(series.value[person][row, column]),
            }
        ),
    )
    assert not isinstance(made, str), made
    return made


def built_of(company: Company, spec: StudySpec) -> Built:
    """CARE-OPTIN as a study of exits has it before anything is estimated."""
    careers = opt_in_careers(company)
    arms = (*spec.arms.treated, spec.arms.comparison)
    begin = int(month_start(np.array(18)).astype(int))
    end = int(days(month_start(np.array([MONTHS])))[0]) - 1
    assert careers.first_month == FIRST_MONTH
    return Built(
        careers=careers,
        person_no=careers.person,
        flow=Flow(steps=(), arms=()),
        records=Records(begin=begin, end=end, delivered=end, known=(1.0, 1.0), fewer=False),
        population="",
        panel=Panel(
            people=pd.DataFrame({"arm": arms, "take_up": np.nan, "mentored": 0.0}),
            rows=pd.DataFrame({"person": [], "event_month": [], "outcome": []}),
            treated=spec.arms.treated,
            comparison=spec.arms.comparison,
        ),
    )
