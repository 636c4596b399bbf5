"""Who leaves, and when: curves, differences by day and kind of exit, and the same by other ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.agreeing_curves import OF_THE_OUTCOME, day_of, difference_in
from analysis.figures import RATIO
from analysis.outcome import EXIT_KINDS
from reports.curve_tables import (
    STANDARDISED,
    by_day,
    counts_exits,
    further,
    main_curves,
    share_on,
    who,
)
from reports.curves import Line, curve_figure
from reports.figures import script_json
from reports.forest import axis_of, in_order, reference, row
from reports.names import lower_first, study_title
from reports.numbers import as_per_cent, number, signed
from reports.sections.dose import is_dose
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import findings
from reports.wording.benefits import is_benefit
from reports.wording.exits import HAD_TO_STAY, LEFT, hazard_words, is_about_exits, within
from reports.wording.vocabulary import NOT_TOLD

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedCurve, ReleasedEstimate
    from reports.model import Report

# What else is made of exits, by the name of the estimate.
GAINED, LOST, RATE = "rmst", "time_lost", "hazard_ratio"
FIGURES = {
    "exits_avoided": "Exits avoided",
    GAINED: "Difference in time employed",
    LOST: "Time lost to these exits",
    RATE: "Hazard ratio",
}
# Checks that say how far the exits themselves can be trusted.
ABOUT_EXITS = ("exit_dates", "exit_kinds", "restatement_lag")
ABOUT_RATES = ("proportionality", "proportional_hazards")
_PLACES = 1  # decimals of a share in per cent, at least


def view(report: Report) -> dict[str, Any]:
    """Each study of exits; nothing to say where there is none."""
    found = [(i, r) for i, r in enumerate(report.releases, start=1) if is_about_exits(r)]
    studies = [_study(i, r, report.manifest.as_known_at) for i, r in found]
    return {
        "studies": studies,
        "nothing_to_say": not studies,
        "needs_script": any(s["chart"] for s in studies),
    }


def _study(place: int, release: Release, as_known_at: str) -> dict[str, Any]:
    head = release.headline
    out: dict[str, Any] = {
        "id": f"leaving-{place}",
        "title": study_title(release),
        "source": findings.source(release, as_known_at),
        "kind": LEFT[release.outcome_metric],
        "why_none": _why_none(release),
        "chart": None,
        "rounded": release.mode == "protected",
        "min_group": release.min_group,
    }
    if head.status != "released":
        return out
    places = max(shown(head).places, _PLACES)
    return out | {
        "why_no_curve": _why_no_curve(release),
        **_chart(release, places),
        "kinds": _kinds(release, places),
        "facts": _facts(release),
        "naive": _naive(release),
        "observed": further(release, places),
        **_other_ways(release),
    }


def _why_none(release: Release) -> str:
    if release.grade == "Withheld":
        return (
            "A check failed, so neither a curve nor a figure of this study is shown, the naive "
            "one included: it would be the only number remembered."
        )
    if release.headline.status != "released":
        return f"Not shown: {lower_first(release.headline.reason).rstrip('. ')}."
    return ""


def _why_no_curve(release: Release) -> str:
    hidden = [c.reason for c in main_curves(release) if c.status != "released"]
    return hidden[0] if hidden else "" if main_curves(release) else "The study has no curve."


def _chart(release: Release, places: int) -> dict[str, Any]:
    curves = [c for c in main_curves(release) if c.status == "released"]
    if not curves:
        return {"chart": None}
    lines = [Line(label=who(release, c), curve=c) for c in curves]
    return {
        "chart": script_json(curve_figure(lines, places)),
        "heading": _heading(release, curves, places),
        "standardised": curves[0].name == STANDARDISED,
        "numbers": by_day(release, curves, places),
        "exits": counts_exits(release, curves[0].name),
    }


def _heading(release: Release, curves: list[ReleasedCurve], places: int) -> str:
    """What the curves have reached on their last day, as a sentence."""
    last = curves[0].points[-1].day
    when = within(release.headline.window)
    if last != day_of(release.headline):
        when = f"within {last:,} days"
    first, *others = (
        (as_per_cent(c.points[-1].share, places), _in_arm(who(release, c))) for c in curves
    )
    said = [f"{first[0]} {LEFT[release.outcome_metric]} {when} {first[1]}"]
    doubt = "" if shown(release.headline).direction else f"; {NOT_TOLD}"
    return ", ".join([*said, *(f"{share} {arm}" for share, arm in others)]) + doubt


def _in_arm(label: str) -> str:
    return label if label.startswith("with") else f"in the {label} group"


def _kinds(release: Release, places: int) -> list[dict[str, Any]]:
    """Shares with and without, and their difference, by kind of exit and day; own kind first."""
    order = sorted(EXIT_KINDS, key=lambda k: (k != release.outcome_metric, EXIT_KINDS.index(k)))
    found = []
    for kind in order:
        rows = [
            e
            for e in release.estimates
            if difference_in(e, release.outcome_metric) == (STANDARDISED, kind)
            and e.arm == release.headline.arm
        ]
        rows.sort(key=lambda e: e.window)
        if rows:
            lines = [_difference(release, e, kind, places) for e in rows]
            found.append({"kind": LEFT[kind].capitalize(), "rows": lines})
    return found


def _difference(
    release: Release, estimate: ReleasedEstimate, kind: str, places: int
) -> dict[str, str]:
    figures = shown(estimate, places=places)
    with_, without = (
        share_on(release, kind, arm, day_of(estimate), places)
        for arm in (estimate.arm, release.comparison)
    )
    return {
        "when": within(estimate.window).capitalize(),
        "with": with_,
        "without": without,
        "effect": "" if figures.value is None else signed(figures.value, figures.places),
        "range": figures.range if estimate.status == "released" else "",
        "reason": lower_first(estimate.reason).rstrip(". "),
    }


def _facts(release: Release) -> list[tuple[str, str]]:
    """Exits avoided, time gained, the ratio of rates, and what is known of the exits."""
    lines = []
    for name, label in FIGURES.items():
        for e in release.estimates:
            if (e.name, e.arm) == (name, release.headline.arm):
                lines.append((label, _in_words(release, e)))
    told = (*ABOUT_EXITS, *ABOUT_RATES)
    return lines + [(d.label, d.display) for d in release.diagnostics if d.name in told]


def _in_words(release: Release, estimate: ReleasedEstimate) -> str:
    if estimate.status != "released":
        return f"not shown: {lower_first(estimate.reason).rstrip('. ')}"
    figures, when = shown(estimate), within(estimate.window)
    told = "" if figures.direction else f"; {NOT_TOLD}"
    if estimate.name == RATE:
        return (
            f"{figures.effect} ({figures.range}): {hazard_words(figures, release.outcome_metric)}"
        )
    if estimate.name in (GAINED, LOST):
        return f"{figures.effect} a person {when} ({figures.range}){told}"
    value = number(figures.value or 0.0, figures.places)
    return f"about {value} {when} ({figures.range}), of all who had mentoring{told}"


def _naive(release: Release) -> str:
    """What a raw comparison would have said, and why it is wrong."""
    raw = [e for e in release.estimates if e.role == "naive" and e.status == "released"]
    if not raw:
        return ""
    said = []
    for e in raw:
        figures = shown(e)
        ratio = "a hazard ratio of " if e.unit == RATIO else ""
        said.append(f"{ratio}{figures.effect} ({figures.range})")
    return (
        f"Comparing whoever was ever mentored with everybody else gives {' and '.join(said)}. "
        f"That is no effect: {HAD_TO_STAY}. Whoever left early never could be, and is counted "
        "among the others, so that mentoring would look good even if it did nothing (immortal "
        "time)."
    )


def _other_ways(release: Release) -> dict[str, Any]:
    """The headline beside other ways to the same difference, and ratios and days apart."""
    head = release.headline
    kept = [
        e
        for e in release.estimates
        if e.arm == head.arm
        and e.role != "association"
        and not (is_dose(e) or is_benefit(e))
        and e.name not in (*FIGURES, *EXIT_KINDS)
        and (e.role == "headline" or e.name not in OF_THE_OUTCOME)
    ]
    kept.sort(key=in_order)
    same = [e for e in kept if e.unit == head.unit]
    axis = axis_of([e for e in same if e.status == "released"], head)
    places = shown(head, extra=1).places
    return {
        "other_ways": findings.other_estimates(head, [e for e in same if e.role == "secondary"]),
        "rows": [row(e, axis, places, head.window) for e in same],
        "reference": reference(head, axis),
        "ticks": axis.ticks if axis else (),
        "zero": axis.at(0.0) if axis else "",
        "elsewhere": [row(e, None, None, head.window) for e in kept if e.unit != head.unit],
    }


SECTION = Section(
    id="turnover",
    nav="Leaving",
    title="Who leaves, and when",
    intro="Both groups are followed from the same day. Exits of other kinds compete: who was "
    "dismissed can no longer leave by choice, and is not counted as staying. Leave is no exit.",
    view=view,
)
