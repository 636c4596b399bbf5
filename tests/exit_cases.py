"""A study of exits and one of the intention to leave, written by hand: every figure is invented."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.balance import Balance, BalanceRow, Overlap, Weights
from analysis.curve import Curve, Point
from analysis.diagnostics.alike import named
from analysis.estimate import Estimate, NotEstimable, Result
from analysis.exits.calendar import end_of_month
from analysis.finding import REQUIRED, ArmCount, Finding, Flow, Group, Step
from tests.report_cases import (
    ITT,
    PROJECT,
    Report,
    check,
    estimate,
    released,
    report,
    trial_spec,
)

if TYPE_CHECKING:
    from analysis.diagnostics import Diagnostic

JOINED, OTHERS = 980, 2310
CLOGLOG = "complementary log-log"
TRIALS = f"standardised cumulative incidence, {CLOGLOG} hazards"
ATT = "effect on those who started, against not starting within the follow-up"
CLUSTERS = "influence of persons, clustered by person"
SHARES = {  # share of people who have left by day 365: started, had they not
    "voluntary": (0.0843, 0.1054),
    "involuntary": (0.0312, 0.0335),
    "any": (0.1301, 0.1528),
}


def turnover(**changes: Any) -> Finding:
    """Opt-in, protected: fewer leave, and the naive ratio would have said far fewer."""
    spec = trial_spec(
        study="who-stays",
        title="Career mentoring",
        question="Do fewer of those who start mentoring leave by their own choice within a year?",
        design="opt_in",
        time_zero="eligible_on",
        arms={"treated": "mentored", "comparison": "not_yet_mentored"},
        outcome={"kind": "exit", "metric": "voluntary"},
        follow_up={"months": 12, "primary": [1, 12], "windows": [[1, 3], [1, 6]]},
        take_up=None,
    )
    found = {
        "spec": spec,
        "population": "Everybody employed for six months or more, not on notice",
        "flow": _flow(),
        "estimates": (*differences(), *other_scales(), *held_against()),
        "diagnostics": (*required_of_exits("opt_in"), *exit_checks()),
        "curves": curves(),
    }
    return Finding(**{**found, **changes})


def required_of_exits(design: str) -> tuple[Diagnostic, ...]:
    """The checks that a study of exits, or any other of the design, cannot be without."""
    of_exits = {
        "adjusted_balance", "balance", "comparability", "contamination", "effective_sample_size",
        "events_per_parameter", "exit_dates", "exit_kinds", "negative_controls", "restatement_lag",
        "roster", "sample_ratio", "start_weights",
    }  # fmt: skip
    told = {
        "exit_dates": ("Exits dated by the last file that still had the person", "4 %"),
        "restatement_lag": ("How late exits become known", "97 % known within two months"),
        "events_per_parameter": ("Exits for each parameter of the model", "14"),
        "comparability": ("Starters with a comparator near them", "over 98 %"),
        "equipoise": ("Months in which the choice to start was open", "74 %"),
        "effective_sample_size": ("Effective size of the comparison", "about 1,205 people"),
    }
    names = sorted(of_exits | REQUIRED.get(design, frozenset()))
    words = ({"label": told[n][0], "display": told[n][1]} if n in told else {} for n in names)
    looked = {"adjusted_balance": {"balances": (started_balance(),)}}
    return tuple(
        check(n, **said, **looked.get(n, {})) for n, said in zip(names, words, strict=True)
    )


def started_balance() -> Balance:
    """Starters and those compared at the baselines of their trials: alike once weighted."""
    found = {
        "tenure from 12": (0.42, 0.03),
        "tenure from 24": (-0.21, 0.02),
        "year 2024": (0.36, 0.01),
        "engagement": (0.38, -0.05),
        "engagement missing": (-0.12, 0.0),
        "level=2": (0.08, 0.01),
        "level=3": (0.24, -0.02),
    }
    names = {name: named(name) for name in found}
    rows = tuple(
        BalanceRow(
            covariate=names[name][0], level=names[name][1], before=before, after=after,
            groups=() if name == "engagement" else ((210, 480), (770, 1830)),
        )
        for name, (before, after) in found.items()
    )  # fmt: skip
    return Balance(
        arm="mentored", comparison="not_yet_mentored", people=(JOINED, OTHERS), rows=rows,
        rest=(("level", (560, 1350)),), limit=0.1, trials=True,
        overlap=Overlap(
            treated=(3, 12, 40, 95, 170, 220, 210, 150, 62, 18),
            comparison=(40, 900, 4100, 7200, 6900, 5100, 3000, 1400, 300, 20),
            least=(4, 60, 280, 410, 390, 300, 190, 80, 25, 6),
        ),
        weights=Weights(
            people=OTHERS, percentiles=((50, 0.712), (90, 1.94), (95, 2.61), (99, 4.43)),
            heaviest=0.2913, largest=0.0041,
        ),
    )  # fmt: skip


def exit_estimate(name: str, value: float, error: float, **more: Any) -> Estimate:
    """An estimate of the study of exits: a difference of shares unless told otherwise."""
    return estimate(name, value, error, **{**_SAME, **more})


_SAME: dict[str, Any] = {
    "estimand": ATT,
    "estimator": TRIALS,
    "arm": "mentored",
    "comparison": "not_yet_mentored",
    "window": (1, 12),
    "unit": "share",
    "n_treated": JOINED,
    "n_comparison": OTHERS,
    "n_rows": 31000,
    "df": 3200.0,
    "convention": CLUSTERS,
}


def differences() -> tuple[Estimate, ...]:
    """Differences of shares by day and by kind of exit."""
    found = [
        exit_estimate("primary", _gap("voluntary", 12), 0.0102, role="headline", p_value=0.039)
    ]
    for months, error in ((3, 0.0048), (6, 0.0071)):
        found.append(exit_estimate("window", _gap("voluntary", months), error, window=(1, months)))
    for kind, errors in (
        ("involuntary", (0.003, 0.0044, 0.0066)),
        ("any", (0.0056, 0.0082, 0.0121)),
    ):
        for months, error in zip((3, 6, 12), errors, strict=True):
            found.append(exit_estimate(kind, _gap(kind, months), error, window=(1, months)))
    return tuple(found)


def other_scales() -> tuple[Estimate, ...]:
    """The same difference in days, as a ratio of rates, and in people."""
    gap = _gap("voluntary", 12)
    return (
        exit_estimate("rmst", 4.1, 1.94, unit="days"),
        exit_estimate("time_lost", -3.6, 1.8, unit="days"),
        exit_estimate("hazard_ratio", 0.79, 0.11, unit="ratio", ci=(0.60, 1.04)),
        exit_estimate("exits_avoided", -gap * JOINED, 0.0102 * JOINED, unit="people"),
    )


def held_against() -> tuple[Result, ...]:
    """Checks by other ways, and what one would have concluded."""
    unadjusted = {"estimand": "as seen, nothing adjusted", "estimator": "Aalen-Johansen"}
    ratio: dict[str, Any] = {"unit": "ratio"}
    ever: dict[str, Any] = {"role": "naive", "estimand": "ever mentored: not an effect"}
    return (
        exit_estimate("logit", -0.0208, 0.0101, estimator=TRIALS.replace(CLOGLOG, "logit")),
        exit_estimate("landmark", -0.0184, 0.0121, estimand="effect on those who had started"),
        exit_estimate("unadjusted", -0.0297, 0.0109, **unadjusted),
        exit_estimate(
            "rmst_unadjusted", 6.0, 2.0, unit="days", **{**unadjusted, "estimator": "Kaplan-Meier"}
        ),
        exit_estimate("cox_hazard_ratio", 0.81, 0.115, **ratio, estimator="Cox (Efron)"),
        exit_estimate(
            "hazard_ratio_time_varying", 0.83, 0.09, **ratio, estimator="Discrete time, cloglog"
        ),
        NotEstimable(
            target=exit_estimate("log_rank", 1.0, 1.0, **ratio, estimator="Log-rank").target,
            reason="one of the arms has no exit of this kind, so there is no ratio",
        ),
        exit_estimate("naive", -0.0981, 0.0083, **ever, estimator="Ever against never mentored"),
        exit_estimate(
            "naive_hazard_ratio", 0.32, 0.03, **ever, unit="ratio", ci=(0.27, 0.38),
            estimator="Cox, ever against never mentored",
        ),
    )  # fmt: skip


def exit_checks() -> tuple[Diagnostic, ...]:
    """Notes beside the checks."""
    return (
        check(
            "proportionality",
            "note",
            label="The effect is the same in all months since the start",
            display="p = 0.3",
        ),
        check(
            "unseen_e_value",
            "note",
            label="E-value from the ratio of risks, mentored",
            value=1.81,
            display="1.81 times to explain the effect away, 1.18 times for the interval to reach "
            "no effect",
            threshold="by how much something not adjusted for would have to change both the chance "
            "to join and that of the outcome",
            reveals_effect=True,
            n_smallest=JOINED,
        ),
    )


def curves(joined: int = JOINED) -> tuple[Curve, ...]:
    """Standardised curves of each kind; as observed, voluntary exits and people still employed."""
    found = []
    for kind in SHARES:
        for arm, people in (("mentored", joined), ("not_yet_mentored", OTHERS)):
            found.append(_curve("standardised_incidence", arm, kind, people))
    for name, kind in (("aalen_johansen", "voluntary"), ("kaplan_meier", "any")):
        for arm, people in (("mentored", joined), ("not_yet_mentored", OTHERS)):
            found.append(_curve(name, arm, kind, people))
    return tuple(found)


def _share(kind: str, arm: str, day: int) -> float:
    """More leave early than late."""
    whole = SHARES[kind][0 if arm == "mentored" else 1]
    return whole * math.expm1(-1.2 * day / 365) / math.expm1(-1.2)


def _gap(kind: str, months: int) -> float:
    day = end_of_month(months)
    return _share(kind, "mentored", day) - _share(kind, "not_yet_mentored", day)


def _curve(name: Any, arm: str, kind: str, people: int) -> Curve:
    points, gone = [], 0
    for month in range(13):
        day = end_of_month(month)
        share, out = _share(kind, arm, day), _share("any", arm, day)
        at_risk = round(people * (1 - 2 * out))  # as many are followed no longer as left
        half = 1.96 * math.sqrt(share * (1 - share) / people)
        exits = round(share * people) - gone
        gone += exits
        low, mid, high = max(share - half, 0.0), share, share + half
        if name == "kaplan_meier":
            low, mid, high = 1 - high, 1 - mid, 1 - low
        points.append(
            Point(day=day, share=mid, ci_low=low, ci_high=high, at_risk=at_risk, events=exits)
        )
    return Curve(
        name=name,
        label=name.replace("_", " "),
        arm=arm,
        exit_kind=kind,
        n_people=people,
        convention=CLUSTERS,
        points=tuple(points),
    )


def _flow() -> Flow:
    steps = (
        Step(label="employed at some time, Jan 2022 to Aug 2025", people=4460),
        Step(label="could start in some month", people=3290, left_out="under six months of tenure"),
    )
    counts = (
        ArmCount(arm="mentored", label="started", people=JOINED),
        ArmCount(arm="not_yet_mentored", label="could have started and did not", people=OTHERS),
    )
    groups = (
        Group(arm="not_yet_mentored", what="had not asked yet", people=OTHERS, rank=5, role="used"),
    )
    return Flow(steps=steps, arms=counts, groups=groups)


def intention() -> Finding:
    """Randomised, protected: the score of a scale, its companions and its mediators."""
    spec = trial_spec(
        study="intention-to-leave",
        title="Buddies for new hires",
        question="Does a buddy lower the intention to leave after a year?",
        arms={"treated": "mentee", "comparison": "lottery_lost"},
        outcome={
            "kind": "scale",
            "metric": "tis6",
            "label": "Turnover intention (TIS-6)",
            "higher_is": "worse",
            "cut": 3.5,
        },
        follow_up={"months": 12, "primary": [12, 12]},
        take_up=None,
    )
    return Finding(
        spec=spec,
        population="New hires of 2024",
        flow=Flow(
            steps=(Step(label="recorded in the programme", people=640),),
            arms=(
                ArmCount(arm="mentee", label="drawn", people=322),
                ArmCount(arm="lottery_lost", label="drawn", people=318),
            ),
        ),
        estimates=scores(),
        diagnostics=(*(check(n) for n in sorted(REQUIRED["randomised"])), *scale_checks()),
    )


_SCALE: dict[str, Any] = {
    "estimator": "ANCOVA",
    "comparison": "lottery_lost",
    "window": (12, 12),
    "unit": "share",
    "n_treated": 322,
    "n_comparison": 318,
    "n_rows": 640,
    "convention": "HC2",
}


def scores() -> tuple[Estimate, ...]:
    """Who left or scored high, and the score of those who stayed and answered."""
    answered = {"n_treated": 251, "n_comparison": 240, "n_rows": 491}
    points = {"unit": "scale points", "estimand": "mean score of those who stayed and answered"}
    both = f"{ITT}; left voluntarily by the window's end, or scored 3.5 or more"
    weights = "Weighted for not answering"
    made: tuple[tuple[str, float, float, dict[str, Any]], ...] = (
        ("primary", -0.071, 0.031, {"role": "headline", "p_value": 0.023, "estimand": both}),
        ("difference_in_means", -0.069, 0.033, {"estimator": "Difference in means"}),
        ("weighted", -0.066, 0.034, {"estimator": weights, "estimand": both}),
        ("above_cut", -0.082, 0.037, {**answered, "estimand": "share who scored 3.5 or more"}),
        ("score", -0.31, 0.09, {**answered, **points, "p_value": 0.0006}),
        ("standardised", -0.34, 0.099, {**answered, **points, "unit": "SD"}),
        ("weighted_score", -0.29, 0.094, {**answered, **points, "estimator": weights}),
    )
    return tuple(estimate(n, v, e, **{**_SCALE, **more}) for n, v, e, more in made)


def scale_checks() -> tuple[Diagnostic, ...]:
    """What is known of the scale and of those who answered."""
    told = {
        "scale_reliability": ("Lowest reliability of tis6 in any wave", "omega 0.82 (wave 3)"),
        "scale_reliability_wave": ("Reliability of tis6, wave 3", "alpha 0.81 (0.78 to 0.84)"),
        "item_against_scale": ("Items of tis6 that run against the rest", "none"),
        "invariance": ("Items work alike in both arms", "largest difference 0.08 SD"),
        "response_bounds": (
            "Whatever those who did not answer would have said",
            "−27.8 to +13.4 points",
        ),
        "enough_answers": (
            "People who stayed and answered in the smallest arm",
            "about 240 people",
        ),
        "exit_kinds": ("Exits of unknown kind", "2 %"),
        "intent_predicts_exit": (
            "Do answers come true? Leaving within a year of the answer, by score",
            "of two people, one of whom left, the leaver had scored higher in 68 %",
        ),
    }
    return tuple(
        check(n, "note", label=label, display=shown, reveals_effect=n == "response_bounds")
        for n, (label, shown) in told.items()
    )


def leaving_report(*findings: Finding) -> Report:
    """Both studies, or the given ones, under protection."""
    project = replace(PROJECT, title="Ardenwick Group", disclosure="protected", sources_note="")
    return report(released(*(findings or (turnover(), intention()))), project=project)
