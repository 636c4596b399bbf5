"""How alike the groups were, as it may be shown: no rare category, no exact count.

None of it tells an outcome, so it stands beside a withheld answer too, and is often the reason.
Where a group is too small for an estimate, nothing is shown at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis.balance import BINS
from analysis.rules import ROUND_TO, midpoint
from analysis.too_few import few_people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from analysis.balance import Balance, BalanceRow, Overlap, Weights
    from analysis.finding import Finding
    from analysis.rules import Rules

    Pair = tuple[int, int]

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)  # a coarser figure would say nothing
_PLACES = 2  # of a share
_TINY = 1e-9
_TENTH = 10  # the heaviest tenth of people


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedRow:
    """One line of a love plot, in standard deviations; ``level`` is empty for a number."""

    covariate: str
    level: str
    before: float
    after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedBin:
    """Share of one side whose preference score lies from ``low`` to ``high``."""

    side: Literal["treated", "comparison"]
    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedWeights:
    """Weights of the comparison over their mean; what rests on too few people is None or absent.

    ``heaviest``: share of the weight that the tenth of people with the largest weights carries.
    ``extreme``: people nearly sure to join or to stay out, as printed; empty where not counted.
    """

    percentiles: tuple[tuple[int, float], ...]
    heaviest: float | None
    largest: float | None
    extreme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedBalance:
    """One treated arm beside the comparison.

    ``step``: the coarsest that differences of categories shown are rounded to, None where they are
    exact or there are none.
    ``left_out``: covariate, and why a row is absent.
    """

    arm: str
    comparison: str
    status: Literal["released", "suppressed"]
    reason: str = ""
    n_treated: int | None = None
    n_comparison: int | None = None
    limit: float | None = None
    step: float | None = None
    trials: bool = False
    rows: tuple[ReleasedRow, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    overlap: tuple[ReleasedBin, ...] = ()
    weights: ReleasedWeights | None = None


def released_balances(finding: Finding, rules: Rules) -> tuple[ReleasedBalance, ...]:
    """Love plots, overlap and weights of a finding, one for each treated arm that has them."""
    return tuple(_released(b, rules) for b in finding.balances)


def _released(found: Balance, rules: Rules) -> ReleasedBalance:
    if rules.hides_estimate(*found.people):
        return ReleasedBalance(
            arm=found.arm, comparison=found.comparison, status="suppressed",
            reason=f"A group has {few_people(rules)}.",
        )  # fmt: skip
    public = rules.mode == "public"
    counted = () if public else [i for i, r in enumerate(found.rows) if r.groups]
    steps = {i: _step(found.rows[i], found.people) for i in counted}
    left_out = {} if public else _left_out(found, steps, rules.min_group)
    shown = [(r, steps.get(i)) for i, r in enumerate(found.rows) if i not in left_out]
    reasons = dict.fromkeys((found.rows[i].covariate, left_out[i]) for i in sorted(left_out))
    return ReleasedBalance(
        arm=found.arm,
        comparison=found.comparison,
        status="released",
        n_treated=rules.count(found.people[0]),
        n_comparison=rules.count(found.people[1]),
        limit=found.limit,
        step=max((step for _, step in shown if step), default=None),
        trials=found.trials,
        rows=tuple(_row(row, step, rules) for row, step in shown),
        left_out=tuple(reasons),
        overlap=() if found.overlap is None else _overlap(found.overlap, rules),
        weights=None if found.weights is None else _weights(found.weights, rules),
    )


def _left_out(found: Balance, steps: dict[int, float | None], least: int) -> dict[int, str]:
    """Places of the rows that may not be shown, and why."""
    why = "so few people that a difference of shares would count them"
    coarse = {i: why for i, step in steps.items() if step is None}
    return coarse | dict.fromkeys(_hidden(found, least), f"a group of fewer than {least} people")


def _row(row: BalanceRow, step: float | None, rules: Rules) -> ReleasedRow:
    """Protected: two decimals; a difference of shares so coarse that five people are not seen.

    Exact figures of two runs would tell who came between.
    """
    before, after = row.before, row.after
    if rules.mode == "protected":
        before = _rounded(before, step or _STEPS[0])
        after = None if after is None else _rounded(after, _STEPS[0])
    return ReleasedRow(covariate=row.covariate, level=row.level, before=before, after=after)


def _step(row: BalanceRow, people: Pair) -> float | None:
    """What a difference of shares is rounded to; None where no step is both safe and of use.

    With each of n people a share moves by 1/n, and the difference by 1/n over the standard
    deviation, which is the smaller the rarer the category: five people must not be seen.
    """
    shares = [n / of for n, of in zip(row.groups[0], people, strict=True)]
    deviation = math.sqrt(sum(share * (1 - share) for share in shares) / len(shares))
    if not deviation:  # nobody or everybody on both sides
        return _STEPS[0]
    return next((s for s in _STEPS if s * deviation * min(people) >= ROUND_TO - _TINY), None)


def _rounded(value: float, step: float) -> float:
    return round(round(value / step) * step, 2) + 0.0


def _hidden(found: Balance, least: int) -> set[int]:
    """Places of the rows that tell of fewer than ``least`` people, or whose sum would."""
    rows = found.rows
    hidden = {i for i, row in enumerate(rows) if _tells_of_few(row, least)}
    total: Callable[[Iterable[int]], int] = max if found.trials else sum  # one person, two months
    for covariate in dict.fromkeys(row.covariate for row in rows if row.level):
        own = [i for i, row in enumerate(rows) if row.covariate == covariate and row.level]
        rest = [people for name, people in found.rest if name == covariate]
        order = sorted((i for i in own if i not in hidden), key=lambda i: (_fewest(rows[i]), i))
        while order and _small(
            rest + [rows[i].groups[0] for i in own if i in hidden], total, least
        ):
            hidden.add(order.pop(0))
    return hidden


def _tells_of_few(row: BalanceRow, least: int) -> bool:
    """Whether a row counts a few people; a category needs enough in both arms to be named."""
    if row.level:
        return not row.groups or min(row.groups[0]) < least
    return any(0 < n < least for group in row.groups for n in group)


def _fewest(row: BalanceRow) -> int:
    return min(row.groups[0])


def _small(groups: Sequence[Pair], total: Callable[[Iterable[int]], int], least: int) -> bool:
    """Whether what is not shown are a few people on a side: all less those shown."""
    return any(0 < total(g[side] for g in groups) < least for side in (0, 1) if groups)


def _overlap(found: Overlap, rules: Rules) -> tuple[ReleasedBin, ...]:
    """Shares of both sides by score; tenths of few people are one with their neighbours."""
    treated = _bins("treated", found.treated, found.treated, rules)
    comparison = _bins("comparison", found.comparison, found.least, rules)
    return (*treated, *comparison) if treated and comparison else ()


def _bins(
    side: Literal["treated", "comparison"], counts: tuple[int, ...], least: tuple[int, ...],
    rules: Rules,
) -> list[ReleasedBin]:  # fmt: skip
    joined = [(i, i + 1, n) for i, n in enumerate(counts)]
    if rules.mode == "protected":
        merged = merge(counts, least, rules.min_group)
        joined = [(low, high, midpoint(n)) for low, high, n in merged]
    everybody = sum(n for _, _, n in joined)
    return [
        ReleasedBin(
            side=side, low=low / BINS, high=high / BINS, share=round(n / everybody, _PLACES)
        )
        for low, high, n in joined
        if everybody
    ]


def merge(
    counts: Sequence[int], least: Sequence[int], fewest: int
) -> list[tuple[int, int, int]]:  # fmt: skip
    """(first bin, one after the last, count), each of nobody or of ``fewest`` people at least.

    ``least``: people who surely are in a bin. Nothing where all bins together are too few.
    """
    made: list[tuple[int, int, int]] = []
    start, count, sure = 0, 0, 0
    for place, (more, surely) in enumerate(zip(counts, least, strict=True)):
        start = start if count else place
        count, sure = count + more, sure + surely
        if not count or sure >= fewest:
            made.append((start, place + 1, count))
            count, sure = 0, 0
    while count and made:  # the last ones go with the bins before, up to one with people
        start, _, before = made.pop()
        count += before
        if before:
            made.append((start, len(counts), count))
            count = 0
    return [] if count else made


def _weights(found: Weights, rules: Rules) -> ReleasedWeights:
    public = rules.mode == "public"
    least = 1 if public else rules.min_group
    shown = [
        (q, weight)
        for q, weight in found.percentiles
        if found.people * min(q, 100 - q) >= 100 * least
    ]
    heavy = found.people >= _TENTH * least
    return ReleasedWeights(
        percentiles=tuple((q, w if public else float(f"{w:.2g}")) for q, w in shown),
        heaviest=(found.heaviest if public else round(found.heaviest, 2)) if heavy else None,
        largest=found.largest if public else None,
        extreme="" if found.extreme is None else rules.part(*found.extreme),
    )


def balances_from(saved: Sequence[dict[str, Any]]) -> tuple[ReleasedBalance, ...]:
    """Balances as written by ``Release.as_dict``."""
    return tuple(
        ReleasedBalance(
            **{
                **b,
                "rows": tuple(ReleasedRow(**r) for r in b["rows"]),
                "left_out": tuple((name, why) for name, why in b["left_out"]),
                "overlap": tuple(ReleasedBin(**x) for x in b["overlap"]),
                "weights": None if b["weights"] is None else _weights_from(b["weights"]),
            }
        )
        for b in saved
    )


def _weights_from(saved: dict[str, Any]) -> ReleasedWeights:
    pairs = tuple((q, w) for q, w in saved["percentiles"])
    return ReleasedWeights(**{**saved, "percentiles": pairs})
