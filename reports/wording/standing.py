"""Words about an answer that is not renewed: what stands, of when, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.numbers import date_text, words

if TYPE_CHECKING:
    from reports.standing import Standing

NOT_RENEWED = "Not renewed"
GIVES_AWAY = "two answers about nearly the same people would give those few away"
NOT_NOW = "The answer is not shown in this report, so that two reports together show no person."
WAIT = "Ask again when more people have come or gone; the answer is made anew by itself then."


def mark(standing: Standing) -> str:
    """What stands beside the grade; an answer that is not shown says so there already."""
    return NOT_RENEWED if standing.verdict == "frozen" else ""


def sentence(standing: Standing) -> str:
    """What is said under the answer; empty where the answer itself says why it is not shown."""
    if standing.verdict == "frozen":
        when = date_text(standing.as_of)
        return f"This is the answer as of {when}. Not made anew: {standing.why}; {GIVES_AWAY}."
    if standing.groups:
        return f"Groups by {_groups(standing)} are not shown this time: {standing.why}."
    return ""


def held_back(standing: Standing) -> str:
    """The same for provenance, with the run that first showed what stands."""
    if standing.verdict == "frozen":
        when = date_text(standing.as_of)
        return f"the answer of run {standing.run}, as of {when}, stands: {standing.why}"
    if standing.verdict == "hidden":
        return f"nothing is shown: {standing.why}"
    return f"groups by {_groups(standing)} are not shown: {standing.why}"


def one_line(standing: Standing | None) -> str:
    """What follows the answer on the console."""
    if standing is None or standing.verdict != "frozen":
        return ""
    return f"; not renewed, as of {standing.as_of}"


def _groups(standing: Standing) -> str:
    return ", ".join(words(name) for name in standing.groups)
