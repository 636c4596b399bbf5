"""Both worlds of everybody in a programme, a row each: what no real company can know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.synthetic.calendar import MONTHS
from analysis.synthetic.exits import KINDS
from analysis.synthetic.lottery import PROGRAMME as LOTTERY
from analysis.synthetic.lottery import drawn_on
from analysis.synthetic.ratings import points
from analysis.synthetic.truth_feelings import Feeling, lottery_feelings
from analysis.synthetic.worlds import performance_sums

if TYPE_CHECKING:
    from analysis.synthetic.company import Company
    from analysis.synthetic.enrolment import Enrolment
    from analysis.synthetic.streams import Bools, Floats

_WINDOWS = {"SALES-LOT": (1, 6), "CARE-OPTIN": (4, 12), "STARTER-LOT": (7, 12), "OPS-ROLL": (1, 12)}


def potential_outcomes(company: Company, felt: Feeling | None = None) -> list[dict[str, Any]]:
    """Columns by name for each programme; ``mean_log_gain`` is over ``window`` if all stayed."""
    felt = felt or lottery_feelings(company)
    return [_columns(company, e, felt) for e in company.programmes if len(e)]


def _columns(company: Company, e: Enrolment, felt: Feeling) -> dict[str, Any]:
    kinds, n, window = np.array(KINDS), len(e), _WINDOWS[e.programme]
    sums = performance_sums(company, e, window)["if_all_stayed"][1]
    end = (e.zero + window[1]).clip(0, MONTHS - 1)
    return {
        "person": e.person,
        "programme": [e.programme] * n,
        "time_zero": drawn_on(e.zero),
        "effect_from": drawn_on(e.start),
        "applied": e.applied,
        "assigned": e.won,
        "mentored": e.mentored,
        "takes_up_if_assigned": e.takes_up,
        "type": complier_type(e),
        "p_take_up": e.p_take_up,
        "mentor_quality": e.quality,
        "goal_set": e.goal,
        "exit_month_untreated": e.untreated_month,
        "exit_kind_untreated": kinds[e.untreated_kind].tolist(),
        "exit_month_mentored": e.if_mentored_month,
        "exit_kind_mentored": kinds[e.if_mentored_kind].tolist(),
        "window": [f"{window[0]}-{window[1]}"] * n,
        "mean_log_gain": np.where(sums.mentored > 0, sums.gain / sums.mentored.clip(1), np.nan),
        "always_survivor": np.minimum(e.untreated_month, e.if_mentored_month) > end,
        **_scores(company, e, felt),
    }


def complier_type(e: Enrolment) -> list[str]:
    """Complier, always (crosses over without a place) or never, as a lottery sees a person."""
    crossed = e.mentored & ~e.won
    names = np.where(e.takes_up, np.where(crossed, "always", "complier"), "never")
    return [str(name) for name in names]


def _scores(company: Company, e: Enrolment, felt: Feeling) -> dict[str, Any]:
    """TIS-6 and five-point rating in both worlds, of applicants of the lottery; else NaN."""
    names = ("tis6_untreated", "tis6_mentored", "rating_untreated", "rating_mentored")
    found: dict[str, Floats] = {name: np.full(len(e), np.nan) for name in names}
    if e.programme == LOTTERY and e.applied.any():
        better = felt.rating + company.scenario.rating
        values = (felt.scored[:, 0], felt.scored[:, 3], points(felt.rating), points(better))
        rows: Bools = e.applied
        for name, value in zip(names, values, strict=True):
            found[name][rows] = value
    return found
