"""Price a case: joint draws of released effects times assumptions, less costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.canonical import sha256_of
from analysis.money.assumptions import assumptions_of, costs
from analysis.money.effect import END, Effect, effect_of, weakest
from analysis.money.spec import ExitsAvoided
from analysis.money.value import Benefit, Line, Money, Return, Swing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from analysis.disclosure import Release
    from analysis.money.assumptions import Assumption
    from analysis.money.effect import Refusal
    from analysis.money.spec import BenefitSpec, MoneyCase, Uplift
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

DRAWS = 20_000
CENTS, FINE = 2, 6  # decimals of amounts, and of ratios, months and effects: finer is no figure
_GRID = stats.norm.ppf((np.arange(DRAWS) + 0.5) / DRAWS)  # every part of the normal once


def price(case: MoneyCase, studies: Sequence[StudySpec], releases: Sequence[Release]) -> Money:
    """What a case is worth, from releases alone; the grades of the studies decide what counts."""
    specs = {s.study: s for s in studies}
    shown = {r.study: r for r in releases}
    found = {b.study: effect_of(b.study, specs, shown) for b in case.benefits}
    money = value(case, specs, found)
    graded = tuple(
        replace(b, grade=shown[b.study].grade) if b.study in shown else b for b in money.benefits
    )
    counted = [b.grade for b in graded if b.refused is None]
    return replace(money, benefits=graded, grade=weakest(counted) if counted else "")


def value(
    case: MoneyCase, specs: Mapping[str, StudySpec], found: Mapping[str, Effect | Refusal]
) -> Money:
    """The same from effects; a benefit with a reason instead of an effect counts as nothing."""
    assumed = assumptions_of(case)
    values = {a.key: a.value for a in assumed}
    lines = costs(case, values)
    cost = sum(lines.values())
    asked = {b.study: found[b.study] for b in case.benefits}
    effects = {study: e for study, e in asked.items() if isinstance(e, Effect)}
    sums = Sums(case=case, specs=specs, effects=effects)
    return Money(
        case=case.case, title=case.title, programme=case.programme, currency=case.currency,
        horizon=case.horizon, people=case.people, pairs=case.pairs, grade="",
        benefits=tuple(_benefit(sums, b, found[b.study], values, cost) for b in case.benefits),
        costs=tuple(
            Line(name=name, amount=round(amount, CENTS)) for name, amount in lines.items() if amount
        ),
        cost=round(cost, CENTS),
        assumptions=assumed,
        returned=_returned(sums, values, cost) if effects else None,
        tornado=_tornado(sums, values, assumed) if effects else (),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A case with the effects that count."""

    case: MoneyCase
    specs: Mapping[str, StudySpec]
    effects: Mapping[str, Effect]

    def benefits(self, values: Mapping[str, float], draws: Mapping[str, Floats | float]) -> Floats:
        """Benefits in the currency at standard normal draws of each effect."""
        total = np.zeros(())
        for b in self.case.benefits:
            if b.study in self.effects:
                total = total + self.each(b, values) * self.effects[b.study].at(draws[b.study])
        return total

    def ratio(self, values: Mapping[str, float], draws: Mapping[str, float]) -> float:
        """Net over cost."""
        cost = sum(costs(self.case, values).values())
        return round((float(self.benefits(values, draws)) - cost) / cost, FINE)

    def all_at(self, draw: Floats | float) -> dict[str, Floats | float]:
        """The same draw of every effect: their errors move together."""
        return dict.fromkeys(self.effects, draw)

    def each(self, benefit: BenefitSpec, values: Mapping[str, float]) -> float:
        """What one unit of the effect, in the study's unit, is worth in all."""
        people, study = self.case.people_of(benefit), benefit.study
        if isinstance(benefit, ExitsAvoided):
            return people * values[f"{study}.replacement_cost"]
        unit = 0.01 if self.specs[study].outcome.per_cent else 1.0
        months = person_months(benefit, self.specs[study].follow_up.primary, values)
        return people * months * unit * values[f"{study}.monthly_value"]


def person_months(benefit: Uplift, window: tuple[int, int], values: Mapping[str, float]) -> float:
    """Months of a person in which an uplift counts: those measured and those it persists for.

    Nobody counts after leaving: months are those of people still there, unless output after an
    exit is zero in the study itself. Measured months count whole; month k after them counts for
    kept^k of the effect.
    """
    study, first_to_last = benefit.study, window[1] - window[0] + 1
    months = first_to_last * values.get(f"{study}.still_employed", 1.0)
    if benefit.persistence:
        kept = values[f"{study}.kept"]
        later = sum(kept**k for k in range(1, benefit.persistence.months + 1))
        months += values[f"{study}.still_employed_after"] * later
    return months


def _benefit(
    sums: Sums, declared: BenefitSpec, found: Effect | Refusal,
    values: Mapping[str, float], cost: float,
) -> Benefit:  # fmt: skip
    spec, each = sums.specs[declared.study], sums.each(declared, values)
    window, months, persists = spec.follow_up.primary, None, 0
    if not isinstance(declared, ExitsAvoided):
        months = round(person_months(declared, window, values), FINE)
        persists = declared.persistence.months if declared.persistence else 0
    made = Benefit(
        kind=declared.kind, study=declared.study, people=sums.case.people_of(declared),
        window=window, persists=persists, person_months=months, unit=spec.unit,
        per_cent=spec.outcome.per_cent, each=round(each, FINE),
        break_even=_break_even(spec, cost / each),
    )  # fmt: skip
    if not isinstance(found, Effect):
        return replace(made, refused=found)
    worst, middle, best = (round(each * float(found.at(d)), CENTS) for d in (-END, 0.0, END))
    return replace(
        made, effect=found.value, effect_low=found.low, effect_high=found.high,
        amount=middle, low=worst, high=best,
    )  # fmt: skip


def _break_even(spec: StudySpec, needed: float) -> float | None:
    """The effect of that size in the better direction; nobody can stay, nor output sink, by more
    than all.
    """
    needed = round(needed, FINE)
    if spec.outcome.higher_is == "better":
        return needed
    all_of_it = 100.0 if spec.outcome.per_cent else 1.0 if spec.unit == "share" else np.inf
    return None if needed > all_of_it else -needed


def _returned(sums: Sums, values: Mapping[str, float], cost: float) -> Return:
    """Estimate and interval of what comes back.

    Releases hold no covariance of two studies about the same people, so one draw moves all
    effects. Of jointly normal errors no other dependence gives a sum of greater spread, so that
    the interval holds the truth at least as often as those of the estimates.
    """
    drawn = sums.benefits(values, sums.all_at(_GRID)) - cost
    low, middle, high = (
        float(sums.benefits(values, sums.all_at(d))) - cost for d in (-END, 0.0, END)
    )
    apart_low, apart_high = _apart(sums, values, cost) if len(sums.effects) > 1 else (None, None)
    return Return(
        benefits=round(middle + cost, CENTS),
        net=round(middle, CENTS), net_low=round(low, CENTS), net_high=round(high, CENTS),
        ratio=round(middle / cost, FINE), low=round(low / cost, FINE),
        high=round(high / cost, FINE), p_positive=float(np.mean(drawn > 0)),
        apart_low=apart_low, apart_high=apart_high,
    )  # fmt: skip


def _apart(sums: Sums, values: Mapping[str, float], cost: float) -> tuple[float, float]:
    """The interval of the ratio if errors of the studies had nothing to do with each other."""
    rng = np.random.default_rng(int(sha256_of(sums.case.model_dump(mode="json"))[:8], 16))
    draws = {study: rng.permutation(_GRID) for study in sums.effects}
    ratio = (sums.benefits(values, draws) - cost) / cost
    low, high = np.quantile(ratio, (0.025, 0.975))
    return round(float(low), FINE), round(float(high), FINE)


def _tornado(
    sums: Sums, values: Mapping[str, float], assumed: Sequence[Assumption]
) -> tuple[Swing, ...]:
    """One thing at a time, the widest swing first; what moves nothing is left out."""
    middle = dict.fromkeys(sums.effects, 0.0)
    swings = [
        Swing(
            name="effect", study=study, low=effect.low, high=effect.high,
            at_low=sums.ratio(values, {**middle, study: -END * effect.sign}),
            at_high=sums.ratio(values, {**middle, study: END * effect.sign}),
        )
        for study, effect in sums.effects.items()
    ]  # fmt: skip
    swings += [
        Swing(
            name=a.name, study=a.study, low=a.low, high=a.high,
            at_low=sums.ratio({**values, a.key: a.low}, middle),
            at_high=sums.ratio({**values, a.key: a.high}, middle),
        )
        for a in assumed
    ]  # fmt: skip
    return tuple(sorted((s for s in swings if s.width > 0), key=lambda s: -s.width))
