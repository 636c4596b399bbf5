"""Which answers of a run may be shown anew beside all that was shown, and what stands for others.

An answer rests on its arms; the groups of a subgroup variable are a block of their own. A block is
shown anew where each set of its people is one that was shown, or differs from every one of them by
a group large enough to be shown (`decide`); of the same people, as many must have other figures, or
nobody. Otherwise the earlier answer stands as it was, whole,
or nothing does. Groups alone are not kept beside a new whole: that less the others is what they are
now, and less what they were, those who came and went.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.membership import MAIN
from analysis.release.decide import ANEW, decide
from analysis.release.ledger import Ledger, Shown
from analysis.release.members import changed
from analysis.release.withdrawn import without_figures, without_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import Release
    from analysis.release.members import Members
    from analysis.rules import Rules

Verdict = Literal["fresh", "frozen", "hidden"]

CAME_OR_WENT = "came, went or changed since it was last shown"
NO_EARLIER = "no earlier answer to this question may stand"
NOW_WITHHELD = "the earlier answer showed a number that is withheld now"
NOT_SHOWN_THEN = "the earlier answer showed no number"
LOOSER = "the earlier answer was shown under looser rules of disclosure"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """A set of people of one study; ``name`` says what is shown of them, whatever the run.

    ``figures``: a token of each with what is read of them, None where that is not known.
    """

    block: str
    name: str
    members: Members
    figures: Members | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Before:
    """An answer as ``run`` first showed it; ``question`` is the hash of the study's meaning."""

    run: str
    question: str
    release: Release


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Renewal:
    """What a run shows of one study.

    ``frozen``: the answer of ``of``, verbatim; ``hidden``: no figure. ``groups`` are subgroup
    variables that a fresh answer does not show. ``why`` is empty where all of it is fresh.
    ``shown``: what the memory keeps of it.
    """

    verdict: Verdict
    release: Release
    of: Before | None = None
    why: str = ""
    groups: tuple[str, ...] = ()
    shown: tuple[Cell, ...] = ()


def renew(
    fresh: Release, question: str, cells: Sequence[Cell], ledger: Ledger,
    before: Sequence[Before], rules: Rules,
) -> Renewal:  # fmt: skip
    """What may be shown of a study whose answer is ``fresh``.

    ``before``: what runs showed of this study, oldest first. Sets too small to be shown anything
    of are neither remembered nor compared.
    """
    large = [c for c in cells if len(c.members) >= rules.min_group]
    near = {c.block for c in large if not _anew(c, ledger, rules)}
    alike = _alike([c for c in large if c.block not in near], rules)
    if near | alike and fresh.digest() in {b.release.digest() for b in before}:
        near, alike = set(), set()  # what was shown already tells nothing new
    if MAIN in near:
        return _stays(fresh, question, before, rules)
    groups = tuple(sorted(near | alike))
    why = few_changed(rules) if near else few_apart(rules) if alike else ""
    release = without_groups(fresh, groups, why) if groups else fresh
    kept = tuple(_kept(release, large, groups))
    return Renewal(verdict="fresh", release=release, groups=groups, why=why, shown=kept)


def few_changed(rules: Rules) -> str:
    """The reason, which gives no count."""
    return f"fewer than {rules.min_group} people {CAME_OR_WENT}"


def few_apart(rules: Rules) -> str:
    """The reason where groups of two variables are nearly the same people."""
    return f"a group differs by fewer than {rules.min_group} people from one of another variable"


def as_shown(renewal: Renewal, run: str) -> tuple[Shown, ...]:
    """The cells of an answer that is shown anew, for the ledger."""
    return tuple(
        Shown(cell=c.name, run=run, members=c.members, value=c.figures) for c in renewal.shown
    )


def _anew(cell: Cell, ledger: Ledger, rules: Rules) -> bool:
    """Whether neither few people came or went, nor, of the same people, few have other figures."""
    if decide(cell.name, cell.members, ledger, rules.min_group) not in ANEW:
        return False
    same = [s for s in ledger.of(cell.name) if not changed(cell.members, s.members) + s.erased]
    other = (_other_figures(cell, s) for s in same)
    return not any(0 < people < rules.min_group for people in other)


def _alike(cells: Sequence[Cell], rules: Rules) -> set[str]:
    """Blocks with a group that is nearly one of a block before it, in the order declared."""
    found: set[str] = set()
    beside = Ledger()
    for block in dict.fromkeys(c.block for c in cells):
        own = [c for c in cells if c.block == block]
        if block != MAIN and not all(_anew(c, beside, rules) for c in own):
            found.add(block)
        else:
            beside = beside.with_(*(Shown(cell=c.name, run="", members=c.members) for c in own))
    return found


def _other_figures(cell: Cell, shown: Shown) -> int:
    """How many of the same people have other figures: each leaves one token and brings one."""
    if cell.figures is None or shown.value is None:
        return 0
    return changed(cell.figures, shown.value) // 2


def _kept(release: Release, cells: Sequence[Cell], groups: Sequence[str]) -> list[Cell]:
    """All sets of an answer with figures; of one without, whole arms, which it counts."""
    shows = has_number(release)
    return [c for c in cells if c.block not in groups and (shows or c.block == MAIN)]


def _stays(fresh: Release, question: str, before: Sequence[Before], rules: Rules) -> Renewal:
    """The last answer that may stand in the place of this one, or none with the reason."""
    why = few_changed(rules)
    alike = [b for b in before if b.question == question and _as_registered(b.release, fresh)]
    alike = [b for b in alike if b.release.as_of <= fresh.as_of]
    if alike and not (problem := _problem(alike[-1].release, fresh)):
        return Renewal(verdict="frozen", release=alike[-1].release, of=alike[-1], why=why)
    why = f"{why}, and {problem if alike else NO_EARLIER}"
    return Renewal(verdict="hidden", release=without_figures(fresh, why), why=why)


def _problem(last: Release, fresh: Release) -> str:
    """Why the last answer may not stand; empty where it may."""
    looser = last.mode == "public" or last.min_group < fresh.min_group
    if looser and fresh.mode == "protected":
        return LOOSER
    if has_number(last) == has_number(fresh):
        return ""
    return NOW_WITHHELD if has_number(last) else NOT_SHOWN_THEN


def has_number(release: Release) -> bool:
    """Whether a release shows the number it is about."""
    return release.grade != "Withheld" and release.headline.status == "released"


def _as_registered(last: Release, fresh: Release) -> bool:
    """Whether both stand alike to the question registered."""
    states = [r.registration.state if r.registration else None for r in (last, fresh)]
    return states[0] == states[1]
