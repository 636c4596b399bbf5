"""Studies with something to say in every section, written by hand: every figure is invented."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.benefits.interaction import Interaction
from analysis.exits.calendar import end_of_month
from analysis.finding import REQUIRED, Finding, Flow, Group, Step
from tests.exit_cases import curves, intention, required_of_exits, turnover
from tests.report_cases import LATE, check, estimate, released, resealed, trial, trial_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.curve import Curve, Point
    from analysis.diagnostics import Diagnostic
    from analysis.disclosure import Release
    from analysis.estimate import Estimate

GRADES = ("Randomised", "Credible", "Suggestive", "Descriptive only", "Withheld")
VARIABLES = ("department", "level", "site", "tenure months", "age band")
LEVELS = 8
TAUS = (0.1, 0.25, 0.5, 0.75, 0.9)
FIFTHS = ("least eager", "second", "middle", "fourth", "most eager")
BIG: dict[str, Any] = {"n_treated": 300, "n_comparison": 310}
CHOSEN: dict[str, Any] = {"role": "association", **BIG}
MONTHS = range(-24, 37)


def lottery(**more: Any) -> Finding:
    """A trial with groups, quantiles, branches, mentors, mates, dose, mediators and many months."""
    made = trial()
    return replace(
        made,
        estimates=(
            *made.estimates, *months(arm="mentee"), *months(arm="class"), *groups(), *spread(),
            *_others(), *_amounts(), *_ways(),
        ),
        diagnostics=(*made.diagnostics, *_notes(60)),
        interactions=tests_of_groups(),
        **more,
    )  # fmt: skip


def opt_in(**more: Any) -> Finding:
    """People who joined against people who did not, with fifths of eagerness and quantiles."""
    spec = trial_spec(
        study="career-mentoring", title="Career mentoring", design="opt_in",
        time_zero="invited_on", take_up=None, arms={"treated": "joined", "comparison": "others"},
        outcome={"metric": "sales", "label": "sales", "unit": "EUR"},
    )  # fmt: skip
    of = {"arm": "joined", "comparison": "others", "unit": "EUR", **BIG}
    joined = "effect on those who joined"
    head = estimate("primary", 11.2, 3.1, role="headline", estimator="AIPW", estimand=joined, **of)
    raw = {"role": "naive", "estimand": "raw difference: not an effect"}
    others = [
        estimate(name, value, 3.0, estimator=name.upper(), estimand=joined, **of)
        for name, value in (("ipw", 11.0), ("overlap", 10.1), ("entropy_balancing", 12.0))
    ]
    beside = [*others, estimate("naive", 21.0, 2.0, **raw, **of)]
    everybody = (*groups(**of), *spread(**of), *eagerness(**of), *months(**of))
    return Finding(
        **{
            "spec": spec, "population": "Everybody in sales", "flow": _flow("joined", "others"),
            "estimates": (head, *beside, *everybody),
            "diagnostics": (*(check(n) for n in sorted(REQUIRED["opt_in"])), *_notes(60)),
            "interactions": tests_of_groups("joined"), **more,
        }
    )  # fmt: skip


def roll_out(**more: Any) -> Finding:
    """Sites that start one after the other: months, starts and calendar months."""
    spec = trial_spec(
        study="site-mentoring", title="Mentoring by site", design="rollout", cluster="site",
        time_zero="invited_on", take_up=None,
        arms={"treated": "mentoring", "comparison": "not_yet_started"},
        outcome={"metric": "orders", "label": "orders per hour", "transform": "log"},
    )  # fmt: skip
    of = {"arm": "mentoring", "comparison": "not_yet_started", "unit": "%", **BIG}
    of |= {"estimator": "ATT(g,t), not-yet-started comparison"}
    of |= {"estimand": "effect on those at sites that started (ATT)"}
    twfe = {"role": "naive", "estimator": "Two-way fixed effects"}
    by_time = [
        _of(estimate(name, 4.0 + i / 10, 1.0, **of), f"{word} {2020 + i // 12}-{1 + i % 12:02d}")
        for name, word in (("by_start", "started"), ("by_calendar_month", "in"))
        for i in range(36)
    ]
    return Finding(
        **{
            "spec": spec, "population": "people of each site",
            "flow": _flow("mentoring", "not_yet_started"),
            "estimates": (
                estimate("primary", 5.1, 1.4, role="headline", **of),
                estimate("naive", 7.3, 0.9, **{**of, **twfe}),
                *months(**of), *by_time, *groups(**of),
            ),
            "diagnostics": (*(check(n) for n in sorted(REQUIRED["rollout"])), *_notes(40)),
            "interactions": tests_of_groups("mentoring"), **more,
        }
    )  # fmt: skip


def leaving(**more: Any) -> Finding:
    """Exits over three years, with groups and curves of each month."""
    made = turnover()
    long = tuple(replace(c, points=tuple(_long(c))) for c in curves())
    of = {"arm": "mentored", "comparison": "not_yet_mentored", "unit": "share", **BIG}
    values = tuple(_scaled(e, 0.01) for e in groups(**of))
    return replace(
        made,
        estimates=(*made.estimates, *values),
        curves=long,
        diagnostics=(*required_of_exits("opt_in"), *_notes(40)),
        interactions=tests_of_groups("mentored"),
        **more,
    )


def feelings(**more: Any) -> Finding:
    """The score of a scale, with mediators and groups."""
    made = intention()
    of = {"comparison": "lottery_lost", "unit": "share", **BIG}
    return replace(
        made,
        estimates=(*made.estimates, *_ways(**of), *(_scaled(e, 0.01) for e in groups(**of))),
        diagnostics=(*made.diagnostics, *_notes(40)),
        interactions=tests_of_groups(),
        **more,
    )


KINDS = {"randomised": lottery, "opt_in": opt_in, "rollout": roll_out, "exit": leaving,
         "scale": feelings}  # fmt: skip


def graded(finding: Finding, grade: str, mode: str = "protected") -> Release:
    """The release of the finding with another grade; of a withheld one without its numbers."""
    if grade == "Withheld":
        failed = check("failed", "fail", label="Something failed", remedy="Mend it.")
        finding = replace(finding, diagnostics=(*finding.diagnostics, failed))
    (made,) = released(finding, mode=mode)
    if made.grade == grade:
        return made
    return resealed({**made.as_dict(), "grade": grade})


def many(count: int = 10) -> tuple[Release, ...]:
    """So many studies of all kinds, as they may be shown."""
    kinds = list(KINDS.values())
    found = [kinds[i % len(kinds)]() for i in range(count)]
    named = (
        replace(f, spec=f.spec.model_copy(update={"study": f"{f.spec.study}-{i}"}))
        for i, f in enumerate(found)
    )
    return released(*named)


def months(**more: Any) -> Iterator[Estimate]:
    """Effects by month, two years before and three after time zero."""
    for month in MONTHS:
        value = 0.3 * (month % 5) - 0.5 + 4 * (month > 0)
        yield estimate("by_month", value, 1.1, **{**more, "window": (month, month)})


def groups(**more: Any) -> Iterator[Estimate]:
    """Effects in groups of five variables."""
    for name in VARIABLES:
        for i in range(LEVELS):
            made = estimate(f"subgroup: {name.replace(' ', '_')}", 4.0 + i, 1.2, **{**BIG, **more})
            yield _of(made, f"{name} {'ABCDEFGH'[i]}")


def tests_of_groups(arm: str = "mentee") -> tuple[Interaction, ...]:
    """A test for each variable: some differ, of some the data cannot tell."""
    verdicts = ("differ", "no_sign", "cannot_tell", "cannot_tell", "differ")
    return tuple(
        Interaction(
            variable=name.replace(" ", "_"), arm=arm, levels=tuple("ABCDEFGH"), statistic=14.0,
            df=(7.0, 900.0), p_value=0.012, p_holm=0.06, p_bh=0.03, family=5, largest=3.0,
            verdict=verdict,  # type: ignore[arg-type]
        )
        for name, verdict in zip(VARIABLES, verdicts, strict=True)
    )  # fmt: skip


def spread(**more: Any) -> Iterator[Estimate]:
    """Quantiles, and the ratio of standard deviations."""
    for tau in TAUS:
        yield estimate(f"quantile: {tau:g}", 9 - 8 * tau, 1.0, **{**BIG, **more})
    ratio = {"unit": "ratio", "ci": (0.5, 0.7)}
    yield estimate("sd_ratio", 0.6, 0.05, **{**BIG, **more, **ratio})


def eagerness(**more: Any) -> Iterator[Estimate]:
    """Effects by fifths of the chance to join, with their trend."""
    for i, name in enumerate(FIFTHS):
        yield _of(estimate("eagerness", 9.0 - i, 1.0, **{**BIG, **more}), f"{name} fifth")
    yield estimate("eagerness_trend", -8.0, 1.0, **{**BIG, **more})


def _of(made: Estimate, subgroup: str) -> Estimate:
    return replace(made, target=replace(made.target, subgroup=subgroup))


def _scaled(made: Estimate, by: float) -> Estimate:
    ends = {k: by * getattr(made, k) for k in ("estimate", "std_error", "ci_low", "ci_high")}
    return replace(made, **ends)


def _others() -> Iterator[Estimate]:
    two = {"estimator": "Two branches", **BIG}
    for name, value in (("all", 311.1), ("in", 112.3), ("out", 633.3), ("selection", 820.0)):
        yield estimate(f"branches.{name}", value, 81.7, **two)
    yield estimate("branches.band.out", 633.3, 171.9, ci=(177.7, 1088.8), **two)
    within = "Fixed effects of people and months"
    yield estimate("mentors.within", -47.7, 13.7, estimator=within, **CHOSEN)
    yield estimate("mentors.raw", 744.4, 33.9, estimator="Raw gap", **CHOSEN)
    yield estimate(
        "team_mates.slope", 121.3, 37.3, estimator="Share of mates, by their lots", **BIG
    )


def _amounts() -> Iterator[Estimate]:
    no_effect = "association among those who took part: not an effect"
    for name in ("dose: meetings", "dose: minutes", "practice: goal set", "formal: formal match"):
        for how in ("Linear in the exposure, adjusted", "Linear in the exposure, as it is"):
            unit = "KES a week a meeting"
            yield estimate(name, 21.5, 4.0, estimator=how, estimand=no_effect, unit=unit, **CHOSEN)
    alone = "effect of a meeting if the offer acts through meetings alone"
    name, how = "dose instrumented by the offer: meetings", "Two-stage least squares"
    yield estimate(name, 30.0, 9.0, estimator=how, estimand=alone, unit="KES a week a meeting")
    yield estimate("two_stage_least_squares", 390.5, 139.1, estimator=how, estimand=LATE)


def _ways(**more: Any) -> Iterator[Estimate]:
    what = {
        "total": "all of it, among those who answered both waves (total effect)",
        "joint": "what goes through the mediators together (joint indirect effect)",
        "direct": "what goes through none of the mediators (direct effect)",
        "indirect.fit": "what goes through fit (interventional indirect effect)",
        "indirect.skill": "what goes through skill (interventional indirect effect)",
    }
    for name, estimand in what.items():
        yield estimate(
            f"mediation.{name}", -0.21, 0.05, **{**BIG, **more}, estimand=estimand,
            estimator="Linear models, at the mean of age",
        )  # fmt: skip


def _notes(count: int) -> Iterator[Diagnostic]:
    for i in range(count):
        yield check(
            "smd", "note", label=f"department {i}, mentee against control", value=0.04,
            display="+0.04 SD", threshold="not gated: a draw leaves differences",
        )  # fmt: skip
    for arm in ("mentee", "joined"):
        yield check(f"quantile_equality_{arm}", "note", value=0.001, display="p = 0.001")


def _flow(treated: str, comparison: str) -> Flow:
    return Flow(
        steps=(Step(label="recorded in the programme", people=1260),),
        arms=(),
        groups=(
            Group(arm=comparison, what="could have asked", people=310, rank=5, role="used"),
            Group(arm=treated, what="as recorded", people=300, rank=None, role="treated"),
        ),
    )


def _long(curve: Curve) -> Iterator[Point]:
    """The points of three years: each share reached in a third of the time."""
    last, per_month = len(curve.points) - 1, 3
    for month in range(last * per_month + 1):
        place, part = divmod(month, per_month)
        a, b = curve.points[place], curve.points[min(place + 1, last)]
        mix = part / per_month
        share, low, high = (
            (1 - mix) * getattr(a, k) + mix * getattr(b, k) for k in ("share", "ci_low", "ci_high")
        )
        yield replace(
            b if part else a, day=end_of_month(month), share=share, ci_low=low, ci_high=high,
            events=12 if month else 0,
        )  # fmt: skip
