"""How many people there were at each step and in each group, as it may be shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from analysis.release.linked import Sheet
from analysis.rules import midpoint_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.curve import Curve
    from analysis.finding import Flow, Role
    from analysis.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedStep:
    """One line of the attrition table; ``arm`` is empty for the steps everybody takes."""

    arm: str
    label: str
    people: str
    left_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedGroup:
    """One group of the programme's funnel, the best comparison first (``rank`` 1)."""

    arm: str
    what: str
    people: str
    rank: int | None
    role: Role


def released_flow(
    flow: Flow, curves: Sequence[Curve], rules: Rules
) -> tuple[tuple[ReleasedGroup, ...], tuple[ReleasedStep, ...]]:
    """Groups of the programme and attrition table; a bound where a count would tell of a few.

    A later line must not tell what an earlier one hid, an arm not how many left its group, and all
    of them with the people at the start of ``curves`` not the size of a small group.
    """
    sheet = Sheet(rules)
    steps, lost = _steps(sheet, flow)
    groups = [sheet.add(g.people, rules.text(g.people)) for g in flow.groups]
    everybody = [i for i in steps if sheet.people[i] == sum(g.people for g in flow.groups)]
    if groups and everybody:  # readers know that the groups are all who are recorded
        sheet.total(everybody[0], groups)
    arms = _arms(sheet, flow, dict(zip((g.arm for g in flow.groups), groups, strict=True)))
    for curve in curves:
        start = curve.points[0].at_risk if curve.points else 0
        for i, count in zip(arms, flow.arms, strict=True):
            if count.arm == curve.arm and count.people == start:
                sheet.known(i, *midpoint_ends(start))
    text = sheet.settle()
    lines = [
        ReleasedStep(
            arm="", label=s.label, people=text[i], left_out=f"{text[n]} {s.left_out}" if n else ""
        )
        for s, i, n in zip(flow.steps, steps, lost, strict=True)
    ]
    lines += [
        ReleasedStep(arm=c.arm, label=c.label, people=text[i], left_out="")
        for c, i in zip(flow.arms, arms, strict=True)
    ]
    shown = [
        ReleasedGroup(**{**asdict(g), "people": text[i]})
        for g, i in zip(flow.groups, groups, strict=True)
    ]
    return tuple(shown), tuple(lines)


def _steps(sheet: Sheet, flow: Flow) -> tuple[list[int], list[int]]:
    """Numbers of the steps' counts, and of who was left out at each (0: nobody)."""
    steps: list[int] = []
    lost: list[int] = []
    least = sheet.rules.min_group
    for step in flow.steps:
        # a later line must not tell what an earlier one hid
        near = [i for i in steps if 0 < sheet.people[i] - step.people < least]
        wholes = [sheet.people[i] for i in near]
        made = sheet.add(step.people, sheet.rules.part(step.people, max(wholes, default=None)))
        lost.append(0)
        if steps and sheet.people[steps[-1]] > step.people:
            lost[-1] = sheet.rest(steps[-1], made, shown=True)
        elif steps:
            sheet.total(steps[-1], [made])
        for whole in near:
            if whole != steps[-1]:
                sheet.rest(whole, made)
        steps.append(made)
    return steps, lost


def _arms(sheet: Sheet, flow: Flow, found: dict[str, int]) -> list[int]:
    """Numbers of the arms' counts: of each arm the first is part of its group, the others of it."""
    made: list[int] = []
    whole = dict(found)
    drawn: set[str] = set()
    for count in flow.arms:
        of = whole.get(count.arm)
        part = sheet.rules.part(count.people, None if of is None else sheet.people[of])
        made.append(sheet.add(count.people, part))
        if of is not None and sheet.people[of] >= count.people:
            sheet.rest(of, made[-1])
        if count.arm not in drawn:
            drawn.add(count.arm)
            whole[count.arm] = made[-1]
    return made
