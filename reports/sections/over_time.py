"""Effect over time: one estimate an event month and arm, and the further windows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from reports.figures import ROLES, by_month_figure, script_json
from reports.names import arm_words, outcome_words, study_title
from reports.numbers import month_text, months, number, p_text, signed, words
from reports.sections.section import Section
from reports.shown import has_figure, shown, told_apart
from reports.wording import findings
from reports.wording.exits import is_about_exits
from reports.wording.vocabulary import effect_on

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report

BY_MONTH, TOGETHER = "by_month", "by_month_together"
# Effects of a roll-out by what they are averaged over, each a folded table.
STARTED = "by_start"
BY_TIME = {STARTED: "By start", "by_calendar_month": "By calendar month"}
Arms = list[tuple[str, list["ReleasedEstimate"]]]
Bands = dict[tuple[str, tuple[int, int]], "ReleasedEstimate"]  # by arm and window


def view(report: Report) -> dict[str, Any]:
    """For each study its chart and the numbers behind it, or why there is none."""
    studies = [
        _study(i, r, report.manifest.as_known_at) for i, r in enumerate(report.releases, start=1)
    ]
    return {
        "studies": [s for s in studies if not s["why_none"] or s["windows"] or s["by_time"]],
        "without": [(s["title"], s["why_none"]) for s in studies if s["why_none"]],
        "needs_script": any(s["chart"] for s in studies),
    }


def is_by_month(estimate: ReleasedEstimate) -> bool:
    """Whether the estimate is one month of the course over time."""
    return estimate.name == BY_MONTH or estimate.name.startswith(f"{BY_MONTH}_")


def is_by_time(estimate: ReleasedEstimate) -> bool:
    """Whether the estimate is of one start or one calendar month."""
    return estimate.name in BY_TIME


def further_windows(release: Release) -> list[ReleasedEstimate]:
    """The headline's comparison over other windows, as the study declared them."""
    head = release.headline
    return [
        e
        for e in release.estimates
        if e.role == "secondary"
        and e.name.startswith("window")
        and e.subgroup is None
        and e.window != head.window
    ]


def _study(place: int, release: Release, as_known_at: str) -> dict[str, Any]:
    arms = _arms(release)
    enough = len({e.window for _, rows in arms for e in rows}) > 1
    out: dict[str, Any] = {
        "id": f"by-month-{place}",
        "title": study_title(release),
        "source": findings.source(release, as_known_at),
        "outcome": outcome_words(release),
        "effect_on": effect_on(release),
        "unit": shown(release.headline).unit_long,
        "chart": None,
        "why_none": "" if enough else _why_none(release, arms),
        "windows": []
        if is_about_exits(release)
        else [_window(e) for e in further_windows(release)],
        "by_time": _by_time(release),
        "fading": [d for d in release.diagnostics if d.name.startswith("fading")],
    }
    if enough:
        out |= _chart(release, arms)
    return out


def _arms(release: Release, name: str = BY_MONTH) -> Arms:
    """The months of each arm under that name, in order."""
    rows = [e for e in release.estimates if e.name == name and has_figure(e) and not e.subgroup]
    order = {arm: i for i, arm in enumerate(release.treated)}
    rows.sort(key=lambda e: (order.get(e.arm, len(order)), e.arm, e.window))
    return [(arm, list(found)) for arm, found in groupby(rows, key=lambda e: e.arm)]


def _why_none(release: Release, arms: Arms) -> str:
    if release.grade == "Withheld":
        return "The study is withheld, so its course over time is withheld too."
    if is_about_exits(release):
        return "How many have left by which day stands under “Who leaves, and when”."
    if arms:
        return "The outcome was measured in one month only: there is no course over time to show."
    if any(is_by_month(e) for e in release.estimates):
        return "No single month has enough people to be shown."
    if release.outcome_kind == "scale":
        return "A survey is answered in waves: there is one answer, and no course by month."
    return "The study has no estimate by month."


def _chart(release: Release, arms: Arms) -> dict[str, Any]:
    bands = {(e.arm, e.window): e for _, rows in _arms(release, TOGETHER) for e in rows}
    places = _places([e for _, rows in arms for e in rows], list(bands.values()))
    return {
        "chart": script_json(by_month_figure(arms, bands)),
        "heading": _heading(arms, bands, places),
        "comparison": arm_words(release.comparison),
        "better": "lower" if release.higher_is == "worse" else "higher",
        "together": bool(bands),
        "before": any(e.window[0] < 0 for _, rows in arms for e in rows),
        "legend": [
            {"arm": arm_words(a), "role": ROLES[i % len(ROLES)][0], "shape": ROLES[i % 3][1]}
            for i, (a, _) in enumerate(arms)
        ],
        "numbers": [_month(e, bands, places) for _, rows in arms for e in rows],
        "many_arms": len(arms) > 1,
    }


def _places(months_: list[ReleasedEstimate], bands: list[ReleasedEstimate]) -> int:
    """Decimals of the table: those of its widest month, unless a limit would print as no effect."""
    places = min(shown(e).places for e in months_)
    return max(told_apart(shown(e, places=places)).places for e in (*months_, *bands))


def _heading(arms: Arms, bands: Bands, places: int) -> str:
    """What the chart shows of the first arm, as a sentence; the band decides where there is one."""
    arm, rows = arms[0]
    wide = [bands.get((e.arm, e.window), e) for e in rows]
    found = [(e.window[0], shown(e, places=places)) for e in wide]
    name = arm_words(arm) if len(arms) > 1 else ""
    return findings.course(name, found, places, found[0][1].unit, together=bool(bands))


def _month(estimate: ReleasedEstimate, bands: Bands, places: int) -> dict[str, str]:
    figures = shown(estimate, places=places)
    band = bands.get((estimate.arm, estimate.window))
    return {
        "arm": arm_words(estimate.arm),
        "month": number(estimate.window[0], 0),
        "effect": signed(figures.value or 0.0, places),
        "range": figures.range,
        "band": shown(band, places=places).range if band else "–",
        "people": "" if estimate.n_people is None else f"{estimate.n_people:,}",
    }


def _by_time(release: Release) -> list[dict[str, Any]]:
    """The tables by start and by calendar month; none of a study withheld or without them."""
    tables = []
    for name, caption in BY_TIME.items():
        found = [e for e in release.estimates if e.name == name and e.status != "withheld"]
        if found:
            rows = [_window(e) | {"window": _start_or_month(e)} for e in found]
            of = "Start" if name == STARTED else "Month"
            tables.append({"caption": caption, "rows": rows, "of": of, "note": _note(release)})
    return tables


def _note(release: Release) -> str:
    """How these averages differ from the answer."""
    return (
        "Here all months since the start count, also those that the answer leaves out: it is about "
        f"{months(release.headline.window, '')}."
    )


def _start_or_month(estimate: ReleasedEstimate) -> str:
    """Which start, with the months it is an average of, or which calendar month."""
    name, _, month = words(estimate.subgroup or "").rpartition(" ")
    over = f", {months(estimate.window, '')}" if estimate.name == STARTED else ""
    return f"{name.capitalize()} {month_text(month)}{over}".strip()


def _window(estimate: ReleasedEstimate) -> dict[str, str]:
    figures = shown(estimate)
    value = figures.value
    return {
        "arm": arm_words(estimate.arm),
        "window": months(estimate.window, "").capitalize(),
        "effect": "not shown" if value is None else signed(value, figures.places),
        "range": estimate.reason if value is None else figures.range,
        "p": p_text(estimate.p_value),
    }


SECTION = Section(
    id="over_time",
    nav="Over time",
    title="Over time",
    intro="One estimate for each month with an outcome. Months are read together: "
    "a single month is noisier than the answer.",
    view=view,
)
