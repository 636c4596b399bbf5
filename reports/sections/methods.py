"""Methods: each question as it was written down, what its numbers mean and what they assume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.finding import DESIGN_WORDS
from reports.names import arm_words, outcome_words, study_title, upper_first
from reports.numbers import date_text, measure, months, plain, words
from reports.sections.section import Section
from reports.wording.answers import gap_words
from reports.wording.vocabulary import GRADES, assumptions, estimand_sentence

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report


def view(report: Report) -> dict[str, Any]:
    """The rules of the grades and one entry a study."""
    return {
        "grades": [{"name": name, "words": row} for name, row in GRADES.items()],
        "studies": [_study(r) for r in report.releases],
        "raw_gap": gap_words(report.releases),
    }


def _study(release: Release) -> dict[str, Any]:
    head = release.headline
    return {
        "title": study_title(release),
        "question": release.question,
        "facts": [
            ("Design", DESIGN_WORDS.get(release.design, words(release.design))),
            ("Population", release.population),
            ("Compared", _compared(release)),
            ("Outcome", _outcome(release)),
            *_note(release),
            ("Window", months(release.window, "").capitalize() + " after time zero"),
            ("Estimand", _estimand(head)),
            ("Estimator", plain(head.estimator)),
            ("Data as known at", date_text(release.as_of)),
        ],
        "reasons": release.reasons,
        "conventions": _conventions(release),
        "assumptions": assumptions(release.estimates),
    }


def _compared(release: Release) -> str:
    arms = ", ".join(arm_words(a) for a in release.treated)
    return f"{arms} against {arm_words(release.comparison)}"


def _outcome(release: Release) -> str:
    better = "higher is better" if release.higher_is == "better" else "lower is better"
    long = "per cent" if release.unit == "%" else words(measure(release.unit).long)
    scale = f"effects in {long}"
    return f"{outcome_words(release)}; {scale}; {better}"


def _note(release: Release) -> list[tuple[str, str]]:
    """What the outcome is and who has one, where that needs saying."""
    said = plain(release.outcome_note)
    return [("What it is", upper_first(said))] if said else []


def _estimand(head: ReleasedEstimate) -> str:
    said = estimand_sentence(head.estimand)
    return f"{plain(head.estimand)}. {said}".strip(". ") + "."


def _conventions(release: Release) -> list[dict[str, str]]:
    """How each standard error was made, estimates with equal words on one line."""
    found: dict[str, list[str]] = {}
    for e in release.estimates:
        if e.convention:
            found.setdefault(e.convention, []).append(plain(e.estimator))
    return [
        {"convention": text, "estimates": ", ".join(dict.fromkeys(names))}
        for text, names in found.items()
    ]


SECTION = Section(
    id="methods",
    nav="Methods",
    title="Methods",
    intro="Each question was written down before outcomes were read. The grade is computed, "
    "never typed in.",
    view=view,
)
