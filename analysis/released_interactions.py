"""Subgroups and their tests as they may be shown: nothing hidden follows from what is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from analysis.benefits.eagerness import NAME as EAGERNESS
from analysis.benefits.members import COLUMN, column_of_name, named
from analysis.estimate import Estimate
from analysis.figures import coarse_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.benefits.interaction import Interaction, Verdict
    from analysis.disclosure import ReleasedEstimate, Shown
    from analysis.estimate import Result
    from analysis.rules import Rules

WHOLE = "primary"  # the estimate of everybody that groups are part of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedInteraction:
    """One test that an effect is the same in all groups, as it may be shown.

    Figures are None unless status is "released". ``family``: tests declared, all allowed for.
    """

    variable: str
    arm: str
    levels: tuple[str, ...]
    family: int
    status: Shown
    reason: str = ""
    p_value: float | None = None
    p_holm: float | None = None
    p_bh: float | None = None
    verdict: Verdict = "not_tested"


def without_remainders(
    shown: tuple[ReleasedEstimate, ...], found: Sequence[Result], rules: Rules
) -> tuple[ReleasedEstimate, ...]:
    """The estimates with groups hidden until those hidden together are large enough.

    Everybody less the groups shown are the groups not shown: their people, and nearly their
    effect. The smallest group shown goes with them until they are two or more, and on no side of
    the comparison fewer people than may be shown.
    """
    if rules.mode == "public":
        return shown
    made = list(shown)
    places = [i for i, e in enumerate(shown) if e.subgroup and _splits(e.name)]
    key = lambda i: (shown[i].name, shown[i].arm, shown[i].window)  # noqa: E731
    for _, group in groupby(sorted(places, key=key), key=key):
        members = list(group)
        open_ = [i for i in members if made[i].status == "released"]
        hidden = sum(made[i].status in ("suppressed", "not_estimable") for i in members)
        while hidden and open_ and (hidden == 1 or _few_left(open_, members, found, rules)):
            least = min(open_, key=lambda i: (_people(found[i]), i))
            made[least] = _hidden(made[least])
            open_.remove(least)
            hidden += 1
    return tuple(made)


def _few_left(
    open_: Sequence[int], members: Sequence[int], found: Sequence[Result], rules: Rules
) -> bool:
    """Whether everybody in the answer, less the groups shown, are too few on one side."""
    own = found[members[0]].target
    for whole in found:
        t = whole.target
        same = t.subgroup is None and t.name == WHOLE and (t.arm, t.window) == (own.arm, own.window)
        if same and isinstance(whole, Estimate):
            shown = [e for e in (found[i] for i in open_) if isinstance(e, Estimate)]
            treated = whole.n_treated - sum(e.n_treated for e in shown)
            comparison = whole.n_comparison - sum(e.n_comparison for e in shown)
            return rules.hides_estimate(treated or None, comparison or None)
    return False


def released_interactions(
    tests: Sequence[Interaction], estimates: Sequence[ReleasedEstimate], why_withheld: str,
    rules: Rules,
) -> tuple[ReleasedInteraction, ...]:  # fmt: skip
    """The tests that may be shown: those all of whose groups are."""
    return tuple(_one(t, estimates, why_withheld, rules) for t in tests)


def _one(
    test: Interaction, estimates: Sequence[ReleasedEstimate], why_withheld: str, rules: Rules
) -> ReleasedInteraction:
    made = ReleasedInteraction(
        variable=test.variable, arm=test.arm, levels=test.levels, family=test.family,
        status="withheld", reason=why_withheld,
    )  # fmt: skip
    if why_withheld:
        return made
    if test.p_value is None:
        return replace(made, status="not_estimable", reason=test.reason)
    name = column_of_name(test.variable)
    own = [
        e
        for e in estimates
        if e.name == name and e.arm == test.arm and e.subgroup in group_names(test)
    ]
    if any(e.status == "suppressed" for e in own):
        why = f"A group has fewer than {rules.min_group} people."
        return replace(made, status="suppressed", reason=why)
    return replace(
        made, status="released", reason="", p_value=_coarse(test.p_value, rules),
        p_holm=_coarse(test.p_holm, rules), p_bh=_coarse(test.p_bh, rules), verdict=test.verdict,
    )  # fmt: skip


def group_names(test: Interaction | ReleasedInteraction) -> tuple[str, ...]:
    """The groups of a test as their estimates call them."""
    return tuple(named(test.variable, label) for label in test.levels)


def _splits(name: str) -> bool:
    """Whether estimates of this name are of groups that make up everybody."""
    return name.startswith(COLUMN) or name == EAGERNESS


def _people(result: Result) -> int:
    return getattr(result, "n_treated", 0) + getattr(result, "n_comparison", 0)


def _hidden(estimate: ReleasedEstimate) -> ReleasedEstimate:
    return replace(
        estimate, status="suppressed", convention="",
        reason="Shown beside the others it would tell of a group that is too small.",
        estimate=None, std_error=None, ci_low=None, ci_high=None, p_value=None, n_people=None,
        n_rows=None,
    )  # fmt: skip


def _coarse(p_value: float | None, rules: Rules) -> float | None:
    """Exact of public data alone."""
    return p_value if p_value is None or rules.mode == "public" else coarse_p(p_value)
