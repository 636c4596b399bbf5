"""What is true of a drawn company: every estimand twice.

``realised`` averages the potential outcomes of the people drawn. ``expected`` integrates out what
chance does after time zero (take-up, exits, disturbances) given traits, for the same people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.synthetic.estimand import Estimand, row
from analysis.synthetic.lottery import NEWCOMER_BELOW, STARTERS
from analysis.synthetic.opt_in import PROGRAMME as OPT_IN
from analysis.synthetic.people import CODES
from analysis.synthetic.truth_feelings import Feeling, feeling_truths, lottery_feelings
from analysis.synthetic.truth_other import (
    dose_truths,
    mentor_truths,
    return_truths,
    spillover_truths,
)
from analysis.synthetic.truth_roll_out import roll_out_truths
from analysis.synthetic.worlds import Sums, exit_differences, performance_sums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.streams import Floats

HORIZONS = (90, 180, 365)  # days from time zero, of the exit estimands


def estimands(company: Company, felt: Feeling | None = None) -> list[Estimand]:
    """Every estimand of every programme; ``felt`` saves drawing the lottery's feelings again."""
    return [
        *_lottery(company, company.lottery, "sales", "revenue_per_call", ((1, 6), (1, 3))),
        *feeling_truths(company, felt or lottery_feelings(company)),
        *dose_truths(company),
        *return_truths(company),
        *spillover_truths(company),
        *_starters(company),
        *_opt_in(company),
        *roll_out_truths(company),
        *mentor_truths(company),
    ]


def percent(log: float) -> float:
    """A mean log gain in per cent."""
    return 100 * float(np.expm1(log))


def _starters(company: Company) -> Iterator[Estimand]:
    if company.scenario.attrition:
        starters = company.programme(STARTERS)
        yield from _lottery(
            company, starters, "contact_centre", "resolved_per_hour", ((1, 6), (7, 12))
        )


def _lottery(
    company: Company, enrolment: Enrolment, department: str, metric: str,
    windows: tuple[tuple[int, int], ...],
) -> Iterator[Estimand]:  # fmt: skip
    """ITT and LATE on performance in one department, ITT on voluntary exits in all."""
    everybody = enrolment.take(enrolment.applied)
    crossover = company.scenario.crossover
    own = everybody.take(everybody.department == CODES[department])
    where = f"in {department.replace('_', ' ')}"
    for window in windows:
        sums = performance_sums(company, own, window)
        new = own.tenure < NEWCOMER_BELOW
        groups = {"": np.ones(len(own), bool), "tenure < 12": new, "tenure >= 12": ~new}
        for subgroup, who in groups.items():
            if not who.any():
                continue
            for rule, pair in sums.items():
                p, takes = own.p_take_up[who], own.takes_up[who].astype(float)
                for contrast, rest in (("itt", 1.0), ("late", 0.0)):
                    values = [
                        percent(_part(s, who).mean(share, rest))
                        for s, share in zip(pair, (p, takes), strict=True)
                    ]
                    if contrast == "itt" and crossover:  # the lot moves compliers alone
                        values = [
                            percent(np.log1p(v / 100) * (1 - crossover / share.mean()))
                            for v, share in zip(values, (p, takes), strict=True)
                        ]
                    people = "applicants" if contrast == "itt" else "compliers"
                    yield row(
                        company, enrolment.programme, f"{metric}.{contrast}.{rule}",
                        (values[0], values[1]), population=f"{people} {where}",
                        window=f"{window[0]}-{window[1]}", unit="%", subgroup=subgroup,
                        n_units=int(who.sum()),
                        arm_contrast="offered against not"
                        if contrast == "itt" else "mentored against not",
                    )  # fmt: skip
    yield from _lottery_exits(company, everybody, own, where)


def _part(sums: Sums, who: Floats) -> Sums:
    return Sums(gain=sums.gain[who], mentored=sums.mentored[who], untreated=sums.untreated[who])


def _lottery_exits(
    company: Company, everybody: Enrolment, own: Enrolment, where: str
) -> Iterator[Estimand]:
    """ITT on leaving voluntarily, in percentage points, and the factor on the hazard."""
    for population, some in (("applicants", everybody), (f"applicants {where}", own)):
        for days in HORIZONS:
            if len(some):
                chance, drawn = exit_differences(company, some, days)
                weight = 1 - company.scenario.crossover / some.p_take_up
                expected = (some.p_take_up * weight * chance).mean()
                yield row(
                    company, everybody.programme, "voluntary_exit.itt",
                    (100 * expected, 100 * (some.takes_up * weight * drawn).mean()),
                    population=population, window=f"{days} d", unit="percentage points",
                    n_units=len(some),
                )  # fmt: skip
    yield _factor(company, everybody)


def _factor(company: Company, some: Enrolment) -> Estimand:
    takers = some.theta[some.takes_up]
    theta = float(np.exp(np.log(takers).mean())) if len(takers) else 1.0
    return row(
        company, some.programme, "voluntary_exit.hazard_factor", (theta, theta),
        population="takers", window="1-12", unit="ratio", method="closed_form",
        n_units=int(some.takes_up.sum()), arm_contrast="mentored against not",
    )  # fmt: skip


def _opt_in(company: Company) -> Iterator[Estimand]:
    """Effects on those who joined, on everybody invited, and on those who stayed out."""
    some = company.programme(OPT_IN)
    groups = {"att": some.applied, "ate": np.ones(len(some), bool), "atu": ~some.applied}
    names = {"att": "joiners", "ate": "invited", "atu": "stayed out"}
    sums = performance_sums(company, some, (4, 12))
    differences = {days: exit_differences(company, some, days) for days in HORIZONS}
    for contrast, who in groups.items():
        for rule, pair in sums.items():
            one = np.ones(int(who.sum()))
            values = [percent(_part(s, who).mean(one)) for s in pair]
            yield row(
                company, OPT_IN, f"resolved_per_hour.{contrast}.{rule}", (values[0], values[1]),
                population=names[contrast], window="4-12", unit="%", n_units=int(who.sum()),
                arm_contrast="joined against not",
            )  # fmt: skip
        for days, (chance, drawn) in differences.items():
            if who.any():
                yield row(
                    company, OPT_IN, f"voluntary_exit.{contrast}",
                    (100 * chance[who].mean(), 100 * drawn[who].mean()),
                    population=names[contrast], window=f"{days} d", unit="percentage points",
                    n_units=int(who.sum()), arm_contrast="joined against not",
                )  # fmt: skip
    yield _factor(company, some.take(some.applied))
