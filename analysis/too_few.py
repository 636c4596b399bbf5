"""Reasons for no figure that tell the size of a group: one person or none is not told from nine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.estimate import TOO_FEW, NotEstimable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.estimate import Result
    from analysis.rules import Rules


def few_people(rules: Rules) -> str:
    """How a group is called that is too small for a figure to be shown."""
    return f"fewer than {rules.min_side} people"


def tells_of_few(result: Result, rules: Rules) -> bool:
    """Whether there is no figure for a reason that a protected project may not give."""
    too_few = isinstance(result, NotEstimable) and result.reason.startswith(TOO_FEW)
    return too_few and rules.mode == "protected"


def without_sizes(said: Sequence[str], results: Sequence[Result], rules: Rules) -> tuple[str, ...]:
    """The reasons of a grade, in which those of results may be quoted, without such sizes."""
    told = [e.reason for e in results if isinstance(e, NotEstimable) and tells_of_few(e, rules)]
    lines = tuple(said)
    for why in told:
        lines = tuple(line.replace(why, f"a group has {few_people(rules)}") for line in lines)
    return lines
