"""The other estimates of the same study: a table with a drawing in each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.numbers import months, number, p_text, plain, signed, words
from reports.scales import Scale, bar, scale
from reports.sections.dose import is_dose
from reports.sections.mediation import is_mediation
from reports.sections.over_time import further_windows, is_by_month, is_by_time
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import arm_words, lower_first, outcome_words, raw_gap, study_title

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report
    from reports.shown import Shown

_WIDEST = 3.0  # an interval is cut this many headline half widths beyond the outermost dot
SPECIFICATION = "specification: "  # how the names of declared specifications begin
# What a raw gap mixes with the effect, by design.
RAW_GAP = {
    "randomised": "compares people who took part with everybody else, so it also holds who takes "
    "part; the answer does not.",
    "opt_in": "compares those who joined with those who did not, so it also holds who joins and "
    "who stays; the answer does not.",
    "rollout": "also compares sites with others that started before them, whose effect still "
    "grows or fades; the answer does not.",
}
_ORDER = {"headline": 0, "secondary": 1, "naive": 2}


def view(report: Report) -> dict[str, Any]:
    """The estimates of each study on one axis, apart from those on another scale."""
    return {"studies": [_study(r) for r in report.releases]}


def _study(release: Release) -> dict[str, Any]:
    head, windows = release.headline, further_windows(release)
    kept = [
        e
        for e in release.estimates
        if not (is_by_month(e) or is_by_time(e) or is_dose(e) or is_mediation(e))
        and e not in windows
        and e.role != "association"
    ]
    kept.sort(key=lambda e: (_ORDER[e.role], e.subgroup is not None))
    same = [e for e in kept if e.unit == head.unit]
    axis = _axis([e for e in same if e.status == "released"], head)
    places = shown(head, extra=1).places if head.status == "released" else None
    return {
        "title": study_title(release),
        "outcome": outcome_words(release),
        "unit": shown(head).unit_long,
        "why_none": _why_none(release, kept),
        "groups": _groups(release, [(e, _row(e, axis, places, head.window)) for e in same]),
        "reference": _reference(head, axis),
        "ticks": axis.ticks if axis else (),
        "zero": axis.at(0.0) if axis else "",
        "elsewhere": [_row(e, None, None, head.window) for e in kept if e.unit != head.unit],
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
            "rows": [row for e, row in rows if e.arm == arm],
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


def _axis(estimates: list[ReleasedEstimate], head: ReleasedEstimate) -> Scale | None:
    """An axis for all dots; very wide intervals run off it with an arrow."""
    figures = [shown(e) for e in estimates]
    dots = [f.value for f in figures if f.value is not None]
    if not dots:
        return None
    top = shown(head)
    half = (top.high - top.low) / 2 if top.high is not None and top.low is not None else 0.0
    room = _WIDEST * half or max(abs(v) for v in dots)
    floor, roof = min(dots) - room, max(dots) + room
    ends = [v for f in figures for v in (f.low, f.high) if v is not None]
    return scale([*dots, *(min(max(v, floor), roof) for v in ends)])


def _row(
    estimate: ReleasedEstimate, axis: Scale | None, places: int | None, window: tuple[int, int]
) -> dict[str, Any]:
    figures = shown(estimate, places=places) if places is not None else shown(estimate, extra=1)
    released = estimate.status == "released"
    error = figures.std_error
    return {
        "label": _label(estimate),
        "detail": _detail(estimate, window),
        "arm": arm_words(estimate.arm),
        "role": estimate.role,
        "bar": bar(figures, axis) if axis and released else None,
        "effect": _effect(figures, axis is None) if released else "",
        "range": figures.range if released else "",
        "error": "" if error is None or not released else number(error, figures.places),
        "p": p_text(estimate.p_value) if released else "",
        "reason": "" if released else lower_first(estimate.reason).rstrip(". "),
    }


def _effect(figures: Shown, with_its_unit: bool) -> str:
    """The figure; its unit only where the table has none of its own."""
    if with_its_unit or figures.value is None:
        return figures.effect
    return signed(figures.value, figures.places)


def _label(estimate: ReleasedEstimate) -> str:
    name = plain(estimate.name)
    if estimate.role == "naive":
        return "Raw gap, not an effect"
    if name.startswith(SPECIFICATION):
        text = f"“{words(name.removeprefix(SPECIFICATION))}”"
    else:
        text = plain(estimate.estimator)
    if estimate.role == "headline":
        text += " (headline)"
    return f"{text}, {words(estimate.subgroup)}" if estimate.subgroup else text


def _detail(estimate: ReleasedEstimate, window: tuple[int, int]) -> str:
    parts = [plain(estimate.estimand)]
    if plain(estimate.estimator) not in _label(estimate):
        parts.append(plain(estimate.estimator))
    if estimate.window != window:
        parts.append(months(estimate.window, ""))
    return " · ".join(parts)


def _reference(head: ReleasedEstimate, axis: Scale | None) -> str:
    value = shown(head).value
    return axis.at(value) if axis and value is not None and head.status == "released" else ""


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
