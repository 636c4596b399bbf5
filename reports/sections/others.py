"""The other estimates of the same study: a table with a drawing in each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.forest import axis_of, in_order, reference, row
from reports.names import arm_words, outcome_words, study_title
from reports.numbers import words
from reports.sections.beyond_rows import is_beyond
from reports.sections.dose import is_dose
from reports.sections.intention import told_here
from reports.sections.mediation import is_mediation
from reports.sections.over_time import further_windows, is_by_month, is_by_time
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import findings
from reports.wording.answers import raw_gap
from reports.wording.benefits import is_benefit
from reports.wording.exits import is_about_exits
from reports.wording.vocabulary import effect_on, noun

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report

TAKE_UP = "first_stage"  # a share like the outcome, perhaps, but never an effect on it
# What a raw gap mixes with the effect, by design.
RAW_GAP = {
    "randomised": "compares people who took part with everybody else, so it also holds who takes "
    "part; the answer does not.",
    "opt_in": "compares those who joined with those who did not, so it also holds who joins and "
    "who stays; the answer does not.",
    "rollout": "also compares sites with others that started before them, whose effect still "
    "grows or fades; the answer does not.",
}


def view(report: Report) -> dict[str, Any]:
    """The estimates of each study on one axis, apart from those on another scale."""
    found = [r for r in report.releases if not is_about_exits(r)]  # they have their own section
    return {
        "studies": [_study(r, report.manifest.as_known_at) for r in found],
        "nothing_to_say": report.releases and not found,
    }


def _study(release: Release, as_known_at: str) -> dict[str, Any]:
    head, windows = release.headline, further_windows(release)
    kept = [
        e
        for e in release.estimates
        if not (is_by_month(e) or is_by_time(e) or is_dose(e) or is_mediation(e))
        and not is_benefit(e)
        and e not in windows
        and e.role != "association"
        and not is_beyond(e)
        and not told_here(release, e)
    ]
    kept.sort(key=in_order)
    same = [e for e in kept if e.unit == head.unit and e.name != TAKE_UP]
    axis = axis_of([e for e in same if e.status == "released"], head)
    places = shown(head, extra=1).places if head.status == "released" else None
    return {
        "title": study_title(release),
        "finding": findings.other_estimates(head, [e for e in same if e.role == "secondary"]),
        "source": findings.source(release, as_known_at),
        "outcome": outcome_words(release),
        "effect_on": effect_on(release),
        "noun": noun(release),
        "unit": shown(head).unit_long,
        "why_none": _why_none(release, kept),
        "groups": _groups(release, [(e, row(e, axis, places, head.window)) for e in same]),
        "reference": reference(head, axis),
        "ticks": axis.ticks if axis else (),
        "zero": axis.at(0.0) if axis else "",
        "elsewhere": [row(e, None, None, head.window) for e in kept if e not in same],
        "many_arms": len(release.treated) > 1,
        "no_take_up": _no_take_up(release),
        "gap": _gap(release),
        "notes": [words(note) for note in release.notes],
    }


def _groups(
    release: Release, rows: list[tuple[ReleasedEstimate, dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The rows of each arm together, the headline's arm first."""
    order = list(dict.fromkeys([release.headline.arm, *(e.arm for e, _ in rows)]))
    base = arm_words(release.comparison)
    return [
        {
            "title": f"{arm_words(arm)} against {base}".capitalize(),
            "rows": [made for e, made in rows if e.arm == arm],
        }
        for arm in order
    ]


def _why_none(release: Release, kept: list[ReleasedEstimate]) -> str:
    if release.grade == "Withheld":
        return (
            "A check failed, so no estimate of this study is shown, the raw gap included: "
            "it would be the only number remembered."
        )
    if not any(e.status == "released" for e in kept):
        return "No estimate rests on enough people to be shown."
    return ""


def _no_take_up(release: Release) -> bool:
    """Whether nothing in the study speaks of people who took part."""
    if release.design != "randomised" or release.grade == "Withheld":
        return False
    return not any("(LATE)" in e.estimand and e.status == "released" for e in release.estimates)


def _gap(release: Release) -> dict[str, str] | None:
    """The raw gap beside the answer, for the sentence under the table."""
    gap, head = raw_gap(release), release.headline
    if gap is None or head.status != "released":
        return None
    why = RAW_GAP.get(release.design, RAW_GAP["randomised"])
    return {"raw": shown(gap).effect, "answer": shown(head).effect, "why": why}


SECTION = Section(
    id="others",
    nav="Other estimates",
    title="The same study by other methods",
    intro="The headline was named before outcomes were read. The others show how much hangs "
    "on that choice.",
    view=view,
)
