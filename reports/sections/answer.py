"""Page one: what the board may take away, one row a study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reports.names import arm_words, outcome_words, study_title
from reports.numbers import months, signed, with_unit
from reports.scales import Scale, bar, scale
from reports.sections import money
from reports.sections.section import Section
from reports.shown import has_figure, shown
from reports.since import since
from reports.standing import standing_of
from reports.wording import standing as standing_words
from reports.wording.answers import (
    answer,
    failures,
    gap_words,
    headline_figures,
    other_arms,
    raw_gap,
)
from reports.wording.exits import is_about_exits, within
from reports.wording.headline import is_long, page_headline
from reports.wording.vocabulary import GRADES, effect_on

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from reports.model import Report
    from reports.shown import Shown
    from reports.standing import Standing

_SHORT_UNIT = 12  # a longer unit does not fit beside a dot
_INTERVAL = r"\(95[^()]*\)"
_ROOMY = 3  # studies whose answers stand on one screen with all that may be said of them


def view(report: Report) -> dict[str, Any]:
    """The headline, one row a study, and the size of the largest study."""
    headline = page_headline(report.releases)
    rows = [
        _row(i, r, standing_of(report, r.study)) for i, r in enumerate(report.releases, start=1)
    ]
    drawn = [(r, row["chart"]) for r, row in zip(report.releases, rows, strict=True)]
    return {
        "headline": headline,
        "long": is_long(headline),
        "many": len(report.releases) > _ROOMY,
        "since": since(report),
        "rows": rows,
        "people": _people(report.releases),
        "money": money.rows(report),
        "raw_gap": gap_words(tuple(r for r, chart in drawn if chart and chart["naive"])),
    }


def _row(place: int, release: Release, standing: Standing | None) -> dict[str, Any]:
    said, shows = answer(release), _chart(release)
    return {
        "id": f"study-{place}",
        "place": place,
        "title": study_title(release),
        "who": _who(release),
        "grade": release.grade + ("" if shows or release.grade == "Withheld" else ", not shown"),
        "exploratory": release.exploratory,
        "mark": standing_words.mark(standing) if standing else "",
        "stands": standing_words.sentence(standing) if standing else "",
        "step": GRADES[release.grade].step,
        "answer": said,
        "other_arms": other_arms(release),
        "sentence": _pieces(said.sentence, said.strong),
        "chart": shows,
        "reasons": _why_no_number(release),
    }


def _pieces(sentence: str, strong: str) -> list[tuple[str, str]]:
    """The sentence in pieces: what is bold, the interval, which stays on one line, and the rest."""
    marked = "|".join([_INTERVAL, *([re.escape(strong)] if strong else [])])
    pieces = re.split(f"({marked})", sentence)
    kinds = {strong: "strong"}
    return [
        (text, kinds.get(text, "together") if i % 2 else "")
        for i, text in enumerate(pieces)
        if text
    ]


def _who(release: Release) -> str:
    head = release.headline
    when = within(head.window) if is_about_exits(release) else months(head.window, "")
    arms = f"{arm_words(head.arm)} against {arm_words(head.comparison)}, {when}"
    counted = f"{head.n_people:,} people, " if head.n_people else ""
    return counted + arms


def _chart(release: Release) -> dict[str, Any] | None:
    """The estimate with its interval and the raw gap, or None where no number may be shown."""
    head = release.headline
    if not has_figure(head):
        return None
    figures, gap = headline_figures(release), raw_gap(release)
    naive = shown(gap, places=figures.places) if gap else None
    values = [figures.value, figures.low, figures.high, naive.value if naive else None]
    axis = scale(values, around_zero=True)
    return {
        "axis": axis,
        "bar": bar(figures, axis),
        "label": _label(figures),
        "label_at": (axis.at(figures.value or 0.0), axis.anchor(figures.value or 0.0)),
        "naive": _naive(naive, axis) if naive else None,
        "zero_at": axis.at(0.0),
        "direction": _direction(release, axis),
        "text": _as_text(release, figures, naive),
    }


def _label(figures: Shown) -> str:
    value = signed(figures.value or 0.0, figures.places)
    return with_unit(value, figures.unit) if len(figures.unit) <= _SHORT_UNIT else value


def _naive(naive: Shown, axis: Scale) -> dict[str, Any]:
    value = naive.value or 0.0
    left = axis.share(value) > 0.5
    short = naive.effect if naive.unit in ("%", "points") else signed(value, naive.places)
    return {
        "at": axis.at(value),
        "dx": -12 if left else 12,
        "anchor": "end" if left else "start",
        "label": f"raw gap {short}",
    }


def _direction(release: Release, axis: Scale) -> dict[str, str]:
    """What the longer side of zero means, in words that do not depend on colour."""
    good, bad = ("better", "worse") if release.higher_is == "better" else ("worse", "better")
    up, down = f"higher, {good}", f"lower, {bad}"
    if is_about_exits(release):
        up, down = "more leave", "fewer leave"
    if axis.share(0.0) <= 0.5:
        return {"text": f"{up} ▸", "at": "100%", "anchor": "end"}
    return {"text": f"◂ {down}", "at": "0%", "anchor": "start"}


def _as_text(release: Release, figures: Shown, naive: Shown | None) -> str:
    what = f"{effect_on(release)} {outcome_words(release)}"
    said = f"{what} {figures.effect}, 95% interval {figures.range}."
    return said + (f" Raw gap {naive.effect}." if naive else "")


def _why_no_number(release: Release) -> list[dict[str, str]]:
    """What stands in the place of the chart when no number may be shown."""
    head = release.headline
    if release.grade == "Withheld":
        failed = failures(release)
        if failed:
            return [{"label": d.label, "figure": d.display, "limit": d.threshold} for d in failed]
        lines = [line for line in release.reasons if "could not be estimated" in line]
        return [{"label": line, "figure": "", "limit": ""} for line in lines or release.reasons]
    if not has_figure(head):
        return [{"label": head.reason, "figure": "", "limit": ""}]
    return []


def _people(releases: tuple[Release, ...]) -> str:
    """The printed count at the first step of the largest study."""
    firsts = [r.steps[0].people for r in releases if r.steps]
    return max(firsts, key=_as_number, default="")


def _as_number(text: str) -> int:
    digits = text.replace(",", "")
    return int(digits) if digits.isdigit() else 0


SECTION = Section(id="answer", nav="Answer", title="The answer", intro="", view=view)
