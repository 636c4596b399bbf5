"""What would raise the grade of an answer: the checks that objected, or else a better design."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.numbers import plain

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedDiagnostic

# What a design would need to be believed more, said when no check asks for anything.
BETTER_DESIGN: dict[str, str] = {
    "randomised": "Top grade. To speak for more people, draw from everybody eligible.",
    "opt_in": "A lottery: draw places by lot when more people ask than there are places.",
    "rollout": "A lottery of starts: draw the order by lot, over more sites.",
    "descriptive": "A comparison group: a lottery among applicants is the strongest.",
}
DRAWN_ALREADY = "More sites, each with more months before and after its start."
NARROWER = "Top grade. A narrower interval needs more people or a longer follow-up."

# What data would help where nothing could be estimated.
MORE_DATA: dict[str, str] = {
    "randomised": "More people in each arm with an outcome on record in the window.",
    "opt_in": "More people on both sides with an outcome on record, joiners and others alike.",
    "rollout": "Months before and after the starts on record, and sites that have not started "
    "yet to compare with.",
    "descriptive": BETTER_DESIGN["descriptive"],
}
MORE_EXITS = "More exits on record: a longer follow-up, or a wider population."
NOT_SHOWN = "Study more people, or pool several rounds of the programme."
NO_REMEDY = "find out why before relying on it"


def to_raise(release: Release, *, settled: bool) -> str:
    """What would raise a grade above Withheld; ``settled``: the interval leaves out no effect."""
    asked = _remedies(release, "warn")
    if asked:
        return asked
    if release.grade == "Randomised":
        return BETTER_DESIGN["randomised"] if settled else NARROWER
    return better_design(release)


def to_answer(release: Release) -> str:
    """What would make a withheld answer one that can be shown."""
    failed = _remedies(release, "fail")
    if not failed:
        failed = MORE_EXITS if release.outcome_kind == "exit" else MORE_DATA[release.design]
    later = _labels([d for d in release.diagnostics if d.status == "warn"])
    return f"{failed} Then also: {later}." if later else failed


def better_design(release: Release) -> str:
    """The design that would be believed more than this one."""
    drawn = release.design == "rollout" and release.drawn
    return DRAWN_ALREADY if drawn else BETTER_DESIGN[release.design]


def _remedies(release: Release, status: str) -> str:
    """Each check that objected with what to do about it; checks with one remedy stand together."""
    found: dict[str, list[ReleasedDiagnostic]] = {}
    for d in release.diagnostics:
        if d.status == status:
            found.setdefault(plain(d.remedy), []).append(d)
    return " ".join(
        f"{_labels(checks)}: {_sentence(remedy or NO_REMEDY)}" for remedy, checks in found.items()
    )


def _labels(checks: list[ReleasedDiagnostic]) -> str:
    return ", ".join(dict.fromkeys(plain(d.label) for d in checks))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
