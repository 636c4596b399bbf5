"""The headline of page one: what all studies together allow a board to take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.names import arm_words, outcome_words, study_title
from reports.numbers import many
from reports.shown import has_figure
from reports.wording.answers import answer, headline_figures
from reports.wording.exploratory import is_marked
from reports.wording.vocabulary import GRADES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from analysis.disclosure import Release

    _Said = Callable[[Sequence[str]], str]

TWO_LINES = 130  # characters of two lines of the headline on a screen of 1280 px
TWO_SMALL_LINES = 195  # the same in the smaller size of a long headline
_NOT_SETTLED, _NOT_SHOWN, _CANNOT_SAY = "Not settled", "Not shown", "We cannot say"


def page_headline(releases: tuple[Release, ...]) -> str:
    """One clause a study; where that is too long, outcomes by verb, those of claims before others.

    Of very many it says how many by verb. A single study always has its clause.
    """
    if not releases:
        return "No study has been answered yet."
    clauses = " ".join(answer(r).headline for r in releases)
    if len(releases) == 1 or len(clauses) <= TWO_LINES:
        return clauses
    named = (_by_verb(releases, _listed, rest) for rest in (_listed, _counted))
    fits = (text for text in named if len(text) <= TWO_SMALL_LINES)
    return next(fits, _by_verb(releases, _counted, _counted))


def is_long(headline: str) -> bool:
    """Whether the headline needs the smaller size."""
    return len(headline) > TWO_LINES


def _by_verb(releases: tuple[Release, ...], said: _Said, of_open: _Said) -> str:
    """Claims under the verbs of their grades, the firmest first; what is open stands by itself.

    ``said`` prints the outcomes of a claim, ``of_open`` those of which nothing is claimed.
    """
    found: dict[str, list[str]] = {}
    names = _names(releases)
    for release, name in zip(releases, names, strict=True):
        found.setdefault(_verdict(release), []).append(name)
    claims = [f"{verb} {said(found[verb])}" for verb in _verbs() if verb in found]
    sentences = [f"Mentoring {_joined(claims)}."] if claims else []
    for verdict in (_NOT_SETTLED, _CANNOT_SAY, _NOT_SHOWN):
        if verdict in found:
            sentences.append(f"{verdict}: {of_open(found[verdict])}.")
    return " ".join(sentences)


def _verdict(release: Release) -> str:
    """The verb of the study's grade, or why there is none."""
    head = release.headline
    if release.grade == "Withheld":
        return _CANNOT_SAY
    if not has_figure(head):
        return _NOT_SHOWN
    direction, words = headline_figures(release).direction, GRADES[release.grade]
    if not direction:
        return _NOT_SETTLED
    return words.clause_up if direction > 0 else words.clause_down


def _verbs() -> list[str]:
    """All verbs of claims, the firmest first."""
    ordered = sorted((g for g in GRADES.values() if g.step), key=lambda g: -g.step)
    return [verb for g in ordered for verb in (g.clause_up, g.clause_down)]


def _names(releases: tuple[Release, ...]) -> list[str]:
    """What each study asked about; the study is named where two ask about the same."""
    outcomes = [outcome_words(r) for r in releases]
    return [
        _name(release, outcome, told_apart=outcomes.count(outcome) > 1)
        for release, outcome in zip(releases, outcomes, strict=True)
    ]


def _name(release: Release, outcome: str, *, told_apart: bool) -> str:
    notes = [study_title(release).rstrip(".")] if told_apart else []
    if len(release.treated) > 1:
        notes.append(arm_words(release.headline.arm))
    if is_marked(release):
        notes.append("exploratory")
    return f"{outcome} ({', '.join(notes)})" if notes else outcome


def _listed(names: Sequence[str]) -> str:
    """The names; semicolons between them where one is itself a list."""
    if any(mark in name for name in names for mark in (",", " and ", " or ")):
        return "; ".join(names)
    return _joined(names)


def _counted(names: Sequence[str]) -> str:
    return many(len(names), "outcome")


def _joined(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
