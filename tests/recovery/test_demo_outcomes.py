"""Ratings and doses of the demo company's lottery: planted truth found, and traps walked into.

Panels are made by the shipped code from frames shaped as its queries return them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from analysis.cohort import Cohort
from analysis.estimators.ancova import ancova
from analysis.estimators.dose import ASSOCIATION, dose_associations
from analysis.follow_up import build_panel
from analysis.study import StudySpec, parse_study
from analysis.synthetic.blocks import block_ratings, blocks
from analysis.synthetic.calendar import MONTHS, month_start
from analysis.synthetic.company import Company, draw_company
from analysis.synthetic.people import CODES
from analysis.synthetic.ratings import CYCLES, DATED_AFTER, FOUR_POINTS, points
from analysis.synthetic.sessions import draw_sessions
from analysis.synthetic.truth import estimands

DRAWS = 12
PLANTED = 1.0  # on the latent rating; the company's own .15 drowns in the noise of a few draws
FIVE, FOUR = "five points, 5 best", "four points, 1 best"


def study(**keys: object) -> StudySpec:
    return parse_study(
        {
            "study": "lottery",
            "question": "q?",
            "as_of": "2025-12-31",
            "programme": "SALES-LOT",
            "design": "randomised",
            "arms": {"treated": "mentee", "comparison": "lottery_lost"},
            "allocation": {"strata": ["stratum"], "share": 0.5},
            "take_up": "met_mentor_once",
            **keys,
        }
    )


RATING = study(
    outcome={"metric": "rating", "kind": "rating", "scales": {FIVE: "highest", FOUR: "lowest"}},
    follow_up={"months": 12, "primary": [1, 12]},
)
SALES = study(
    outcome={"metric": "revenue_per_call", "transform": "log"},
    follow_up={"months": 6, "primary": [1, 6]},
    adjust_for=["pre_period_outcome"],
    allocation={"share": 0.5},
    dose=["meetings"],
)


@cache
def company(seed: int) -> Company:
    return draw_company(size=5_000, seed=seed)


def applicants(firm: Company, department: str | None = None) -> pd.DataFrame:
    e = firm.lottery
    e = e.take(e.applied if department is None else e.applied & (e.department == CODES[department]))
    return pd.DataFrame(
        {
            "person_no": e.person,
            "time_zero": pd.to_datetime(month_start(e.zero)),
            "arm": np.where(e.won, "mentee", "lottery_lost"),
            "stratum": 10 * e.zero + e.department,
            "tenure_months": e.tenure.astype(float),
            "take_up": e.mentored.astype(float),
            "mentored": e.mentored.astype(float),
            "exited_on": pd.NaT,
        }
    )


@cache
def ratings(seed: int) -> pd.DataFrame:
    """Everybody's ratings as the query gives them; ``gain`` is what mentoring moved them by."""
    firm, parts = company(seed), []
    for block in blocks(firm):
        drawn, rater = block_ratings(firm, block.first, block.site)
        rows = slice(block.first, block.first + len(block.site))
        there = firm.people.hire_month[rows, None] <= CYCLES - 2
        there = there & (firm.exit_month[rows, None] > CYCLES + DATED_AFTER)
        row, at = np.nonzero(drawn.asked & there)
        four = CYCLES[at] == FOUR_POINTS
        mentored = block.mentored[row, CYCLES[at]]
        value = points(drawn.latent[row, at] + PLANTED * mentored, four).astype(float)
        parts.append(
            pd.DataFrame(
                {
                    "person_no": block.first + row,
                    "month": pd.to_datetime(month_start(CYCLES[at])),
                    "scale": np.where(four, FOUR, FIVE),
                    "value": value,
                    "rater_no": rater[row, at].astype(float),
                    "by_mentor": False,
                    "gain": value - points(drawn.latent[row, at], four),
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    cycle = frame.groupby(["month", "scale"])["value"]
    frame["rated"] = cycle.transform("size").astype(float)
    frame["centre"] = cycle.transform("mean")
    frame["squares"] = (
        (frame["value"] ** 2).groupby([frame["month"], frame["scale"]]).transform("sum")
    )
    return frame


@cache
def rated(seed: int) -> tuple[float, float, float, float]:
    """Estimate, standard error, truth in SD, and the difference of raw points in 2024."""
    people, given = applicants(company(seed)), ratings(seed)
    panel = build_panel(RATING, Cohort(people=people, steps=()), given)
    (found,) = ancova(panel, RATING, (1, 12))
    own = given.merge(people[["person_no", "time_zero", "arm"]], on="person_no")
    month = own["month"].dt.to_period("M").astype("int64")
    event = month - own["time_zero"].dt.to_period("M").astype("int64")
    own = own[event.between(1, 12)]
    spread = np.sqrt((own["squares"] - own["rated"] * own["centre"] ** 2) / (own["rated"] - 1))
    gain = own["gain"] * np.where(own["scale"] == FOUR, -1, 1) / spread
    raw = own[own["scale"] == FOUR].groupby("arm")["value"].mean()
    return (
        found.estimate,
        found.std_error,
        float(gain[own["arm"] == "mentee"].mean()),
        float(raw["mentee"] - raw["lottery_lost"]),
    )


def test_a_planted_rise_of_ratings_is_recovered_over_two_scales() -> None:
    estimate, error, truth, raw = (np.array(v) for v in zip(*map(rated, range(DRAWS)), strict=True))
    miss = estimate - truth
    assert abs(miss.mean()) < 4 * miss.std(ddof=1) / np.sqrt(DRAWS)
    assert (np.abs(miss) < 1.96 * error).sum() >= 9  # P(Binomial(12, .95) < 9) = .002
    assert (estimate > 3 * error).all()
    assert raw.max() < 0  # points as they are printed: 1 was the best that year


def test_the_companys_own_effect_on_ratings_is_that_of_its_truth_file() -> None:
    """+.073 points of five for the offer, 0.08 SD: less than a study of this size can see."""
    truths = {e.estimand: e.value_expected for e in estimands(company(0))}
    assert truths["rating.itt.if_all_stayed"] == pytest.approx(0.073, abs=0.006)
    assert rated(0)[1] > truths["rating.itt.if_all_stayed"] / 2


@cache
def dose(seed: int, whole: bool) -> tuple[float, float]:
    """Association per meeting, adjusted and as it is; meetings of the window, or of the year."""
    firm = company(seed)
    people = applicants(firm, "sales")
    parts = [(b.happened, b.recorded) for b in blocks(firm)]
    value, seen = (np.concatenate(p)[people["person_no"]] for p in zip(*parts, strict=True))
    row, month = np.nonzero(seen)
    given = pd.DataFrame(
        {
            "person_no": people["person_no"].to_numpy()[row],
            "month": pd.to_datetime(month_start(np.arange(MONTHS))[month]),
            "value": np.exp(value[row, month]),
        }
    )
    held = draw_sessions(firm.streams, firm.people, firm.matches, 0, len(firm))
    meetings = pd.DataFrame(
        {"person_no": held.mentee, "held_on": pd.to_datetime(held.held_on), "minutes": 45.0}
    )
    panel = build_panel(SALES, Cohort(people=people, steps=()), given, meetings)
    if whole:
        total = np.bincount(held.mentee, minlength=len(firm))
        panel.people["dose: meetings"] = total[panel.people["person"]].astype(float)
    adjusted, plain = dose_associations(panel, SALES, (1, 6))
    assert {r.target.estimand for r in (adjusted, plain)} == {ASSOCIATION}
    assert {r.target.role for r in (adjusted, plain)} == {"association"}
    return adjusted.estimate, plain.estimate


def test_meetings_go_with_sales_although_they_do_nothing() -> None:
    """Truth 0. Published: +1.52 (.33) as it is, +.49 (.25) adjusted for the past, still biased.

    The past of twelve months used here is a better one than the published figure's; the tolerance
    is the published spread of one draw.
    """
    (truth,) = {e.value_expected for e in estimands(company(0)) if e.estimand.endswith(".dose")}
    assert truth == 0
    for whole in (True, False):  # meetings of the year, or of the window alone
        adjusted, plain = (
            np.array(v) for v in zip(*(dose(s, whole) for s in range(DRAWS)), strict=True)
        )
        assert plain.mean() > adjusted.mean() > 3 * adjusted.std(ddof=1) / np.sqrt(DRAWS)
        if whole:
            assert plain.mean() == pytest.approx(1.52, abs=0.33)
            assert adjusted.mean() == pytest.approx(0.49, abs=0.25)
