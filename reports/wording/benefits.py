"""What may be said about who benefits: sentences from tests, trends and bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.benefits.eagerness import NAME as FIFTH
from analysis.benefits.eagerness import TREND
from analysis.benefits.members import COLUMN
from analysis.benefits.spread import EQUAL, SD_RATIO
from analysis.benefits.spread import NAME as QUANTILE
from reports.numbers import number, signed, with_unit, words
from reports.shown import has_figure, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import Release, ReleasedEstimate
    from analysis.released_interactions import ReleasedInteraction

# What a difference is called: below Credible nobody may read an effect into it.
_NOUN: dict[str, str] = {"Suggestive": "possible effect", "Descriptive only": "association"}
# How the spread between people moves: more or less ({way}).
_SPREAD: dict[str, str] = {
    "Suggestive": "it may make people differ {way}",
    "Descriptive only": "people differ {way} with it, which is no effect",
}
CLEAR = 0.05  # p of the test along the distribution below which quantiles are said to differ


def is_benefit(estimate: ReleasedEstimate) -> bool:
    """Whether the estimate is about who benefits rather than about everybody."""
    return (
        is_fifth(estimate)
        or estimate.name.startswith((COLUMN, QUANTILE))
        or (estimate.name in (SD_RATIO, TREND))
    )


def is_fifth(estimate: ReleasedEstimate) -> bool:
    """Whether the estimate is of one fifth of the chance of joining."""
    return estimate.name == FIFTH


def _what(release: Release) -> str:
    return _NOUN.get(release.grade, "effect")


def tests_sentence(release: Release, tests: Sequence[ReleasedInteraction]) -> str:
    """The finding over all variables, as a heading."""
    what = _what(release)
    names = {
        verdict: _listed([words(t.variable) for t in tests if t.verdict == verdict])
        for verdict in ("differ", "no_sign", "cannot_tell")
    }
    parts = []
    if names["differ"]:
        parts.append(f"the {what} differs by {names['differ']}")
    if names["no_sign"]:
        parts.append(f"no sign that the {what} differs by {names['no_sign']}")
    if names["cannot_tell"]:
        parts.append(f"the data cannot tell whether the {what} differs by {names['cannot_tell']}")
    return "; ".join(parts) or "no groups could be compared"


def may_be_said(release: Release, test: ReleasedInteraction) -> str:
    """The sentence about one variable."""
    name, what = words(test.variable), _what(release)
    if test.status != "released":
        return f"Not tested: {test.reason[:1].lower()}{test.reason[1:].rstrip('. ')}."
    return {
        "differ": f"The {what} differs between groups of {name}.",
        "no_sign": f"No sign that the {what} differs by {name}: a difference of the size of "
        "interest is ruled out.",
        "cannot_tell": f"Cannot tell whether the {what} differs by {name}. That is no sign that it "
        "is the same.",
    }[test.verdict]


def quantiles_sentence(release: Release, rows: Sequence[ReleasedEstimate]) -> str:
    """The finding along the distribution, as a heading."""
    found = [(e, shown(e)) for e in rows if has_figure(e)]
    if not found:
        return "no quantile can be shown"
    (first, low), (last, high), what = found[0], found[-1], _what(release)
    name = f"{EQUAL}{first.arm}"
    p_value = next((d.value for d in release.diagnostics if d.name == name), None)
    places = min(f.places for _, f in found)
    run = (
        f"{_signed(low.value, places, low.unit)} at the {percentile(first)}, "
        f"{_signed(high.value, places, high.unit)} at the {percentile(last)}"
    )
    if len(found) < 2 or p_value is None or p_value >= CLEAR:
        return f"the data cannot tell whether the {what} differs along the distribution ({run})"
    return f"the {what} differs along the distribution: {run}"


def percentile(estimate: ReleasedEstimate) -> str:
    """The quantile in words: "10th percentile"; the median by its name."""
    share = float(estimate.name.removeprefix(QUANTILE))
    return "median" if share == 0.5 else f"{round(100 * share)}th percentile"


def spread_sentence(release: Release, estimate: ReleasedEstimate) -> str:
    """How the spread of the outcome between people goes with mentoring."""
    if estimate.status != "released":
        return f"Spread between people: not shown ({estimate.reason.rstrip('. ')})."
    figures = shown(estimate)
    text = f"{number(figures.value or 0.0, figures.places)} ({figures.range})"
    told = "the data cannot tell whether it makes people differ more or less"
    if figures.direction:
        way = "more" if figures.direction > 0 else "less"
        told = _SPREAD.get(release.grade, "it makes people differ {way}").format(way=way)
    return f"Standard deviation between people, as a ratio to that without: {text}; {told}."


def eagerness_sentence(release: Release, trend: ReleasedEstimate) -> str:
    """Whether the effect falls or rises with the eagerness to join, as a heading."""
    what = _what(release)
    if trend.status != "released":
        return "no trend with the eagerness to join can be shown"
    figures = shown(trend)
    run = f"{_signed(figures.value, figures.places, figures.unit)} from the least to the most eager"
    if not figures.direction:
        return f"the data cannot tell whether the {what} changes with the eagerness to join ({run})"
    way = "rises" if figures.direction > 0 else "falls"
    return f"the {what} {way} with the eagerness to join ({run})"


def _signed(value: float | None, places: int, unit: str) -> str:
    return with_unit(signed(value or 0.0, places), unit)


def _listed(names: list[str]) -> str:
    *most, last = names or [""]
    return f"{', '.join(most)} and {last}" if most else last
