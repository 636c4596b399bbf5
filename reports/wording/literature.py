"""The words of the literature shelf: what grades mean, where our figure lies, what is not drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.literature import figure
from reports.names import upper_first
from reports.numbers import NBSP, date_text, number
from reports.wording.exploratory import graded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import Release
    from analysis.literature import Entry, Family, Kind, Setting, Trust
    from reports.literature import Found, Place
    from reports.shown import Shown

NOT_VERIFIED = "not verified"
NO_INTERVAL = "no interval"
TRUST: dict[Trust, str] = {
    "A": "randomised, and the draw could be checked",
    "B": "a strong comparison without a draw, or a draw that could not be checked",
    "C": "an association, also where many are pooled",
    "D": "self-selected, or from a vendor",
}
FAMILY: dict[Family, str] = {
    "performance": "Performance",
    "turnover": "Leaving",
    "turnover_intention": "Intention to leave",
    "attitudes": "Attitudes and knowledge",
    "career": "Careers",
}
DESIGN: dict[Kind, str] = {
    "randomised": "Randomised trial",
    "quasi_experiment": "Comparison without a draw",
    "meta_analysis": "Pooled studies",
    "association": "Association",
    "self_selected": "Self-selected, no comparison",
}
NOT_A_WORKPLACE: dict[Setting, str] = {
    "self_employed": "not a workplace",
    "academic": "universities, not companies",
    "mixed": "not workplaces alone",
}
GROUPS = {
    "ours": "This report",
    "randomised": "Randomised, read in the source",
    "other": "Not randomised, read in the source",
    "unverified": "Not verified: read elsewhere than in the source; on an axis of its own",
}
UNITS: dict[str, str] = {
    "%": "per cent",
    "points": "percentage points",
    "SD": "standard deviations",
}
# How an effect of each grade may be named beside a trial's.
_OURS: dict[str, str] = {
    "Randomised": "Our {effect} {lies}",
    "Credible": "Our {effect}, probably an effect, {lies}",
    "Suggestive": "Our {effect}, if it is an effect, {lies}",
    "Descriptive only": "Our {effect}, which is no effect, {lies}",
}
_NOT_TOLD = "Our {effect}, which cannot be told from no effect, {lies}"
_ONE: dict[Place, str] = {
    "below": "lies below",
    "compatible": "is compatible with",
    "among": "lies among",
    "above": "lies above",
}
_MANY: dict[Place, str] = {
    "below": "lie below",
    "compatible": "are compatible with",
    "among": "lie among",
    "above": "lie above",
}
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_CERTAIN = frozenset({"Randomised", "Credible"})


def title(
    name: Family, ours: Sequence[tuple[Release, Shown, Place | None]], trials: Sequence[Found]
) -> str:
    """The finding of a family: where our figures lie beside the randomised workplace trials."""
    if not ours:
        return f"{FAMILY[name]}: what others found; no figure of ours may be shown"
    placed = [(r, f, p) for r, f, p in ours if p is not None]
    if not placed:
        return f"{FAMILY[name]}: no randomised workplace trial has a figure on our scale"
    which = _trials(trials)
    if len(placed) == 1:
        release, figures, where = placed[0]
        words = _OURS[release.grade] if figures.direction else _NOT_TOLD
        said = words.format(effect=figures.effect, lies=_ONE[where])
        return f"{said} {which}"
    sure = all(r.grade in _CERTAIN and f.direction for r, f, _ in placed)
    doubt = "" if sure else ", as far as they are effects"
    counts = {w: sum(p == w for _, _, p in placed) for w in _MANY}
    parts = [f"{_count(n)} {(_ONE if n == 1 else _MANY)[w]}" for w, n in counts.items() if n]
    if len(parts) == 1:
        return f"Our {_count(len(placed))} figures {_MANY[placed[0][2]]} {which}{doubt}"
    return f"Of our {_count(len(placed))} figures, {' and '.join(parts)} {which}{doubt}"


def _trials(trials: Sequence[Found]) -> str:
    sources = len({f.source.title for f in trials})
    noun = "trial" if sources == 1 else "trials"
    said = f"the {_count(sources)} randomised workplace {noun} on this scale"
    alone = figure(trials[0].entry) if len(trials) == 1 else None
    return f"{said} ({alone.effect})" if alone else said


def _count(n: int) -> str:
    return _WORDS[n] if n < len(_WORDS) else number(n, 0)


def citation(found: Found) -> str:
    """The source in full, with its identifier where one is known."""
    s = found.source
    where = f" doi:{s.doi}" if s.doi else f" {s.url}" if s.url else ""
    return f"{s.authors} ({s.year}). {s.title}. {s.venue}.{where}"


def heading(found: Found) -> str:
    """What kind of study it is, where, and of whom."""
    s = found.source
    note = NOT_A_WORKPLACE.get(s.setting, "")
    return f"{DESIGN[s.design]}, {s.place}{f' ({note})' if note else ''}: {found.entry.who}."


def detail(found: Found) -> str:
    """What stands under the names of a source in a table."""
    note = NOT_A_WORKPLACE.get(found.source.setting, "")
    return f"{found.entry.outcome}, {found.entry.who}{f'; {note}' if note else ''}"


def short(found: Found) -> str:
    """The source as in a table: names and year."""
    names = found.source.authors.replace(" and ", ", ").split(", ")
    lead = " and ".join(names) if len(names) < 3 else f"{names[0]} and others"
    return f"{lead} {found.source.year}"


def read(entry: Entry) -> str:
    """Where the figure was read, marked where that is not the source."""
    what = "figure" if entry.estimate is not None else "finding"
    lead = f"{what} read in the" if entry.verified else f"{what} {NOT_VERIFIED}:"
    return f"{lead} {entry.read_in}"


def facts(entry: Entry, figures: Shown | None) -> str:
    """Outcome, figure, interval, people and window on one line."""
    parts = [entry.outcome]
    if figures is not None:
        parts.append(figures.effect if figures.unit != "correlation" else
                     f"correlation {figures.value:g}")  # fmt: skip
        parts.append(_spread(figures))
    if entry.as_published:
        parts.append(f"published as: {entry.as_published}")
    if entry.n:
        parts.append(f"n{NBSP}={NBSP}{number(entry.n, 0)}")
    if entry.window:
        parts.append(entry.window)
    said = "; ".join(p for p in parts if p)
    return upper_first(said)


def _spread(figures: Shown) -> str:
    if figures.low is not None:
        return f"95 % interval {figures.range}"
    if figures.std_error is not None:
        return f"standard error {figures.std_error:g}"
    return f"{NO_INTERVAL} in what was read"


def own_detail(release: Release) -> str:
    """What stands under the name of a study of ours."""
    return f"{graded(release)} · as known at {date_text(release.as_of)}"


def not_drawn(left_out: Sequence[tuple[str, str]]) -> str:
    """Our figures that stand on another scale than the others' do; titles with units."""
    if not left_out:
        return ""
    listed = "; ".join(f"{name} ({unit})" for name, unit in left_out)
    return (
        f"Not drawn, for no figure read in its source is on their scale, and nothing is "
        f"converted: {listed}."
    ).replace(" %", f"{NBSP}%")
