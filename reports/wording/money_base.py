"""Whom and what a case of money is about: its people, and studies that it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.money.rules import NO_PRICE, PRICED_EXITS
from reports.names import outcome_words, study_title
from reports.numbers import months, plain

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from analysis.money.value import Benefit, Money

    Releases = dict[str, Release]


def left_out(money: Money, releases: Releases) -> str:
    """Studies of the programme whose outcome has a price and that the case does not name: a case of
    chosen answers is no answer. Empty where there is none.
    """
    named = {b.study for b in money.benefits}
    titles = [
        f"“{study_title(r)}”"
        for r in releases.values()
        if r.programme == money.programme and r.study not in named and _has_price(r)
    ]
    return f"Of the same programme, and not in the case: {', '.join(titles)}." if titles else ""


def counted_facts(money: Money, releases: Releases) -> list[tuple[str, str]]:
    """What the project counted or laid down, which is not varied; the study's own people beside."""
    horizon = f"{money.horizon}; later amounts are not discounted"
    facts = [("Pairs", f"{money.pairs:,}"), ("Months after time zero", horizon)]
    for b in money.benefits:
        what = f"{titled(b, releases)}: people, months measured"
        later = f", then {b.persists} more" if b.persists else ""
        people = f"{b.people:,} people{_in_study(releases.get(b.study))}"
        facts.append((what, f"{people}, {months(b.window, '')}{later}"))
    return facts


def benefit_of(money: Money, study: str) -> Benefit | None:
    """The benefit that rests on this study; None of the costs."""
    return next((b for b in money.benefits if b.study == study), None)


def outcome_of(study: str, releases: Releases) -> str:
    """The outcome of a study as it reads inside a sentence; its name where this run has no answer.

    Empty of the costs.
    """
    known = releases.get(study)
    return outcome_words(known) if known else plain(study)


def titled(benefit: Benefit, releases: Releases) -> str:
    """The study of a benefit, quoted as it is called on the page."""
    known = releases.get(benefit.study)
    return f"“{study_title(known)}”" if known else f"“{plain(benefit.study)}”"


def _has_price(release: Release) -> bool:
    if release.outcome_kind == "exit":
        return release.outcome_metric in PRICED_EXITS
    return release.outcome_kind not in NO_PRICE


def _in_study(release: Release | None) -> str:
    """How many people the study's answer is about, as in " (in the study: 180 drawn)"."""
    arm = release.headline.arm if release else ""
    step = next((s for s in release.steps if arm and s.arm == arm), None) if release else None
    return f" (in the study: {step.people} {step.label})" if step else ""
