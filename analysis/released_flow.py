"""How many people there were at each step and in each group, as it may be shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def released_groups(flow: Flow, rules: Rules) -> tuple[ReleasedGroup, ...]:
    """The groups of the programme, in their order."""
    return tuple(
        ReleasedGroup(**{**asdict(g), "people": rules.text(g.people)}) for g in flow.groups
    )


def released_steps(flow: Flow, rules: Rules) -> tuple[ReleasedStep, ...]:
    """The attrition table; where a count would give away a small remainder, a bound stands."""
    lines: list[ReleasedStep] = []
    before: list[int] = []
    for step in flow.steps:
        lost = before[-1] - step.people if before else 0
        left_out = f"{rules.text(lost)} {step.left_out}" if lost else ""
        # a later line must not tell what an earlier one hid
        near = [whole for whole in before if 0 < whole - step.people < rules.min_group]
        shown = rules.part(step.people, max(near, default=None))
        lines.append(ReleasedStep(arm="", label=step.label, people=shown, left_out=left_out))
        before.append(step.people)
    found = {g.arm: g.people for g in flow.groups}  # an arm is part of its group
    drawn: dict[str, int] = {}
    for count in flow.arms:
        shown = rules.part(count.people, drawn.get(count.arm, found.get(count.arm)))
        drawn.setdefault(count.arm, count.people)
        lines.append(ReleasedStep(arm=count.arm, label=count.label, people=shown, left_out=""))
    return tuple(lines)
