"""What of a plan may be shown: nothing about few people, counts and effects rounded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.diagnostics import Share
from analysis.diagnostics.wording import number_text
from analysis.planning.plan import POWERS

if TYPE_CHECKING:
    from analysis.errors import SpecError
    from analysis.planning.plan import Plan, Row
    from analysis.rules import Rules
    from analysis.study import StudySpec

_ROUND_TO = 5
COLUMNS = (
    "months", "smallest effect, power 80 %", "power 90 %", "hazard ratio, power 80 %",
    "people needed, power 80 %", "of them pairs", "power 90 %", "months to come", "will have left",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedPlan:
    """A plan as it may be shown. ``rows`` have a figure or None by key; ``unit`` is theirs."""

    study: str
    design: str
    outcome: str
    unit: str
    effect_of_interest: float | None
    people: int | None
    treated: int | None
    rows: tuple[dict[str, Any], ...]
    assumptions: tuple[str, ...]
    reasons: tuple[str, ...]


def released_plan(plan: Plan, rules: Rules) -> ReleasedPlan:
    """The plan under its project's rules; where its own window is hidden, no figure is left."""
    spec, size = plan.spec, plan.size
    hidden = [row for row in plan.rows if _hides(row, plan, rules)]
    shown = tuple(row for row in plan.rows if row not in hidden)
    why = f"fewer than {rules.min_group} people are behind a figure, which is not shown"
    reasons = (
        *plan.reasons,
        *(f"months {r.window[0]} to {r.window[1]}: {why}" for r in hidden),
    )
    if any(row.window == spec.follow_up.primary for row in hidden):
        shown = ()
    return ReleasedPlan(
        study=spec.study,
        design=spec.design,
        outcome=spec.outcome.name,
        unit=spec.unit,
        effect_of_interest=spec.effect_of_interest,
        people=rules.count(round(size.people)) if spec.design != "rollout" else None,
        treated=rules.count(round(size.treated)) if spec.design != "rollout" else None,
        rows=tuple(_row(row, plan, rules) for row in shown),
        assumptions=plan.assumptions if shown else (),
        reasons=reasons,
    )


def not_planned(spec: StudySpec, error: SpecError) -> ReleasedPlan:
    """A study that nothing can be said about, with the reason and what to do."""
    return ReleasedPlan(
        study=spec.study,
        design=spec.design,
        outcome=spec.outcome.name,
        unit=spec.unit,
        effect_of_interest=spec.effect_of_interest,
        people=None,
        treated=None,
        rows=(),
        assumptions=(),
        reasons=(f"{error.key}: {error.problem}. {error.fix}",),
    )


def _hides(row: Row, plan: Plan, rules: Rules) -> bool:
    small = rules.hides(row.base, row.seen)
    if plan.spec.design == "rollout":
        return small
    return small or rules.hides(math.floor(plan.size.treated), math.floor(plan.size.comparison))


def _row(row: Row, plan: Plan, rules: Rules) -> dict[str, Any]:
    """Figures by key, for machines."""
    exact = rules.mode == "public"
    made: dict[str, Any] = {
        "window": list(row.window),
        "looked_at": f"{row.looked_at:%Y-%m}",
    }
    for place, power in enumerate(POWERS):
        name = f"power_{100 * power:.0f}"
        made[f"smallest_effect_{name}"] = _figure(row.smallest[place], exact)
        made[f"hazard_ratio_{name}"] = _figure(row.hazard_ratio[place], exact)
        needed = row.needed[place]
        made[f"people_needed_{name}"] = _people(needed, exact)
        share = plan.size.share if plan.spec.design != "rollout" else 0.5
        pairs = None if needed is None else needed * share
        made[f"pairs_needed_{name}"] = _people(pairs, exact)
    come = row.months_to_come
    made["months_to_come"] = math.ceil(come) if come is not None and math.isfinite(come) else None
    left = None if row.left is None else rules.rates((Share("", row.left, row.base),))
    made["will_have_left"] = left
    return made


def _figure(value: float | None, exact: bool) -> float | None:
    """Two digits, or as it is."""
    if value is None or not math.isfinite(value):
        return None
    return value if exact else float(f"{value:.2g}")


def _people(people: float | None, exact: bool) -> int | None:
    """Whole people, upwards; to two digits and fives where counts are rounded."""
    if people is None or not math.isfinite(people):
        return None
    if exact:
        return math.ceil(people)
    step = max(_ROUND_TO, int(10 ** (len(str(math.ceil(people))) - 2)))
    return step * math.ceil(people / step)


def lines_of(plan: ReleasedPlan) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The table as text: columns that say something, and a row a window."""
    rows = [_texts(row, plan.unit) for row in plan.rows]
    kept = [i for i in range(len(COLUMNS)) if any(row[i] for row in rows)]
    return tuple(COLUMNS[i] for i in kept), [tuple(row[i] for i in kept) for row in rows]


def _texts(row: dict[str, Any], unit: str) -> tuple[str, ...]:
    def count(key: str) -> str:
        return "" if row[key] is None else f"{row[key]:,}"

    def effect(key: str) -> str:
        return "not seen" if row[key] is None else number_text(row[key], unit)

    ratio = row["hazard_ratio_power_80"]
    return (
        f"{row['window'][0]} to {row['window'][1]}",
        effect("smallest_effect_power_80"),
        effect("smallest_effect_power_90"),
        "" if ratio is None else f"{ratio:.2g}",
        count("people_needed_power_80"),
        count("pairs_needed_power_80"),
        count("people_needed_power_90"),
        count("months_to_come"),
        row["will_have_left"] or "",
    )
