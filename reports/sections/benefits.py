"""Who benefits: declared subgroups, quantiles of the outcome, eagerness to join."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from analysis.benefits.eagerness import TREND
from analysis.benefits.members import COLUMN, NOT_RECORDED
from analysis.benefits.spread import EQUAL, SD_RATIO
from analysis.benefits.spread import NAME as QUANTILE
from reports.forest import axis_of, reference, row
from reports.names import arm_words, outcome_words, study_title, upper_first
from reports.numbers import months, p_said, p_text, words
from reports.sections.section import Section
from reports.shown import shown
from reports.wording import findings
from reports.wording.benefits import (
    eagerness_sentence,
    is_benefit,
    is_fifth,
    may_be_said,
    percentile,
    quantiles_sentence,
    spread_sentence,
    tests_sentence,
)
from reports.wording.vocabulary import effect_on, noun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.disclosure import Release, ReleasedEstimate
    from analysis.released_interactions import ReleasedInteraction
    from reports.model import Report

Rows = list["ReleasedEstimate"]


def view(report: Report) -> dict[str, Any]:
    """A chart and table for each study that declares who may benefit; nothing to say else."""
    found = [r for r in report.releases if any(map(is_benefit, r.estimates))]
    studies = [s for r in found for s in _arms(r, report.manifest.as_known_at)]
    return {"studies": studies, "nothing_to_say": not studies}


def _arms(release: Release, as_known_at: str) -> list[dict[str, Any]]:
    source = findings.source(release, as_known_at)
    return [_study(release, arm) | {"source": source} for arm in release.treated]


def _study(release: Release, arm: str) -> dict[str, Any]:
    """One arm of one study."""
    own = [e for e in release.estimates if e.arm == arm and is_benefit(e)]
    tests = [t for t in release.interactions if t.arm == arm]
    title = study_title(release)
    if len(release.treated) > 1:
        title += f", {arm_words(arm)}"
    if release.exploratory:  # its groups may have been chosen after an answer
        title += " (exploratory)"
    return {
        "title": title,
        "outcome": outcome_words(release),
        "effect_on": effect_on(release),
        "noun": noun(release),
        "window": months(release.window),
        "unit": shown(release.headline).unit_long,
        "withheld": release.grade == "Withheld",
        "subgroups": _subgroups(release, [e for e in own if e.name.startswith(COLUMN)], tests),
        "quantiles": _quantiles(release, own),
        "eagerness": _eagerness(release, own),
        "protected": release.mode == "protected",
    }


def _subgroups(
    release: Release, found: Rows, tests: Sequence[ReleasedInteraction]
) -> dict[str, Any] | None:
    """The forest of all groups, everybody first, and the tests."""
    if not found:
        return None
    chart = _chart(release, found)
    variables = []
    for name, group in groupby(found, key=lambda e: e.name):
        variable = name.removeprefix(COLUMN)
        lead = f"{words(variable)} "
        rows = [_row(e, chart, (e.subgroup or "").removeprefix(lead)) for e in group]
        variables.append({"name": f"By {words(variable)}", "rows": rows})
    return {
        "heading": tests_sentence(release, tests),
        "everybody": _row(release.headline, chart, "Everybody"),
        "variables": variables,
        "tests": [_test(release, t) for t in tests],
        "family": max((t.family for t in tests), default=0),
        **chart,
    }


def _test(release: Release, test: ReleasedInteraction) -> dict[str, str]:
    return {
        "variable": words(test.variable).capitalize(),
        "p": p_text(test.p_value),
        "holm": p_text(test.p_holm),
        "bh": p_text(test.p_bh),
        "said": may_be_said(release, test),
    }


def _quantiles(release: Release, own: Rows) -> dict[str, Any] | None:
    """Effects at the quantiles, and the ratio of spreads."""
    found = [e for e in own if e.name.startswith(QUANTILE)]
    if not found:
        return None
    chart = _chart(release, found)
    label: Callable[[ReleasedEstimate], str] = lambda e: percentile(e).capitalize()  # noqa: E731
    return {
        "heading": quantiles_sentence(release, found),
        "rows": [_row(e, chart, label(e)) for e in found],
        "spread": [spread_sentence(release, e) for e in own if e.name == SD_RATIO],
        "equal": [
            p_said(d.value) for d in release.diagnostics if d.name == f"{EQUAL}{found[0].arm}"
        ],
        "joined": release.design == "opt_in",
        **chart,
    }


def _eagerness(release: Release, own: Rows) -> dict[str, Any] | None:
    """Effects by fifth of the chance of joining, and the trend."""
    trend = next((e for e in own if e.name == TREND), None)
    if trend is None:
        return None
    found = [e for e in own if is_fifth(e)]
    chart = _chart(release, found)
    figures = shown(trend)
    return {
        "heading": eagerness_sentence(release, trend),
        "rows": [_row(e, chart, words(e.subgroup or "").capitalize()) for e in found],
        "trend": f"{figures.effect} ({figures.range}), {p_said(trend.p_value)}"
        if trend.status == "released"
        else "",
        "reason": trend.reason,
        **chart,
    }


def _chart(release: Release, found: Rows) -> dict[str, Any]:
    """The axis that rows share; the dotted line is the headline."""
    head = release.headline
    axis = axis_of([e for e in (head, *found) if e.status == "released"], head)
    return {
        "axis": axis,
        "reference": reference(head, axis),
        "ticks": axis.ticks if axis else (),
        "zero": axis.at(0.0) if axis else "",
        "places": shown(head, extra=1).places if head.status == "released" else None,
        "window": head.window,
    }


def _row(estimate: ReleasedEstimate, chart: dict[str, Any], label: str) -> dict[str, Any]:
    made = row(estimate, chart["axis"], chart["places"], chart["window"])
    people = "" if estimate.n_people is None else f"{estimate.n_people:,} people"
    label = upper_first(label)
    return made | {"label": label or NOT_RECORDED.capitalize(), "detail": people}


SECTION = Section(
    id="benefits",
    nav="Who benefits",
    title="Who benefits",
    intro="Only groups that the study declares; where it was changed after it was answered, it is "
    "marked exploratory. That one group’s interval excludes zero and another’s does not is no "
    "difference between them: the tests say whether groups differ.",
    view=view,
)
