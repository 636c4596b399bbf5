"""The sentence that may not be said, and why it is wrong: the more tempting, the more likely here.

A raw gap, where one is shown, is what somebody would quote; otherwise the claim above the grade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.names import lower_first, outcome_words
from reports.shown import shown
from reports.wording import exits as exit_words
from reports.wording.vocabulary import NOT_TOLD

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.shown import Shown

LEAVING = ("turnover", "leave", "leaving", "quit")  # words of scales about exits

# What is claimed too much at each grade, and why: {raises} is the verb, {why} the reason.
TOO_MUCH: dict[str, tuple[str, str]] = {
    "Randomised": (
        "Everybody would see {outcome} change by {size}.",
        "Only the people compared here were studied.",
    ),
    "Credible": (
        "It is proven that mentoring {raises} {outcome}.",
        "It is probable, and not proven: {why}.",
    ),
    "Suggestive": (
        "Mentoring {raises} {outcome}.",
        "It may, and it may be something else: {why}.",
    ),
    "Descriptive only": (
        "Mentoring {raises} {outcome} by {size}.",
        "This is an association and no effect: {why}.",
    ),
}
TOO_MUCH_OF_EXITS: dict[str, tuple[str, str]] = {
    "Randomised": (
        "Who is mentored stays.",
        "Most people would have stayed, or left, with or without it; only the people compared "
        "here were studied.",
    ),
    "Credible": (
        "It is proven that mentoring makes {less} people leave.",
        TOO_MUCH["Credible"][1],
    ),
    "Suggestive": ("Mentoring makes {less} people leave.", TOO_MUCH["Suggestive"][1]),
    "Descriptive only": (
        "Mentoring makes {less} people leave.",
        TOO_MUCH["Descriptive only"][1],
    ),
}
# Why a grade is not higher where no check objected.
BY_DESIGN: dict[str, str] = {
    "randomised": "only the people drawn were studied",
    "opt_in": "nobody drew lots, so something that was not measured may be part of it",
    "rollout": "sites may have developed differently without it",
    "descriptive": "nothing here tells mentoring from who is mentored",
}
# Said of a study whose number is withheld, by kind of outcome.
WITHHELD: dict[str, str] = {
    "exit": "Mentees leave less, or mentoring changes nothing about who leaves.",
}
WORKS_OR_NOT = "The programme works, or it makes no difference."


def not_to_say(release: Release, figures: Shown, gap: ReleasedEstimate | None) -> tuple[str, str]:
    """The tempting sentence of an answer that is shown, and why it is wrong."""
    if exit_words.is_about_exits(release):
        if gap is not None or not figures.direction:
            return exit_words.do_not_say(figures, gap)
        return _too_much(release, figures, TOO_MUCH_OF_EXITS)
    if gap is not None:
        naive = shown(gap)
        verb = "raises" if (naive.value or 0) > 0 else "lowers"
        said = f"The programme {verb} {outcome_words(release)} by {naive.size}."
        return said, _why_not(release, figures)
    if not figures.direction:
        return "The programme does not work.", "That there is no effect was not shown either."
    if release.outcome_kind == "scale":
        leaving = any(word in outcome_words(release).lower() for word in LEAVING)
        less = "More" if figures.direction > 0 else "Fewer"
        act = f"{less} people will leave." if leaving else "People will do otherwise."
        return act, "Answers were measured, not what people do."
    return _too_much(release, figures, TOO_MUCH)


def withheld(release: Release) -> tuple[str, str]:
    """The same of an answer that is withheld: nothing was shown, either way."""
    return WITHHELD.get(release.outcome_kind, WORKS_OR_NOT), "Neither was shown."


def _too_much(
    release: Release, figures: Shown, claims: dict[str, tuple[str, str]]
) -> tuple[str, str]:
    claim, reason = claims[release.grade]
    return (
        claim.format(
            raises="raises" if figures.direction > 0 else "lowers",
            less="more" if figures.direction > 0 else "fewer",
            outcome=outcome_words(release),
            size=figures.size,
        ),
        reason.format(why=why_not_higher(release)),
    )


def why_not_higher(release: Release) -> str:
    """The checks that objected, or else what the design cannot rule out."""
    warned = [lower_first(d.label) for d in release.diagnostics if d.status == "warn"]
    if not warned:
        return BY_DESIGN[release.design]
    what = "checks" if len(warned) > 1 else "a check"
    return f"{what} warned ({', '.join(dict.fromkeys(warned))})"


def _why_not(release: Release, figures: Shown) -> str:
    """Why the raw gap is not the effect."""
    doubt = "" if figures.direction else f", and {NOT_TOLD}"
    if release.design == "randomised":
        return (
            "That raw gap compares people who took part with everybody else: it mixes the effect "
            f"with who takes part. The draw gives {figures.effect}{doubt}."
        )
    if release.design == "rollout":
        return (
            "That raw gap also compares sites with others that started before them. Compared with "
            f"sites that had not started it is {figures.effect}{doubt}."
        )
    return (
        "That raw gap holds who joins and who stays to join. "
        f"Compared with similar people it is {figures.effect}{doubt}."
    )
