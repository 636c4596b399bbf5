"""Results and curves of a study of exits, the headline first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.curve import Curve, Point
from analysis.estimate import NotEstimable
from analysis.estimators.results import relabelled
from analysis.exits.calendar import end_of_month
from analysis.exits.checks import checks_of
from analysis.exits.figures import ON_LANDMARK, Maker, codes_of, left_by_arm, told, why_none
from analysis.exits.models import effect_columns
from analysis.exits.raw import NAIVE, naive_difference, unadjusted
from analysis.exits.setting import ExitSetting, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.diagnostics import Diagnostic
    from analysis.estimate import Result, Target
    from analysis.exits.careers import Careers
    from analysis.exits.entries import Entries
    from analysis.exits.models import KindModel
    from analysis.exits.setting import ArmSetting, Compared
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

G_FORMULA = "standardised cumulative incidence, complementary log-log hazards"
_LOGIT = "standardised cumulative incidence, logit hazards"
_HAZARD_RATIO = "complementary log-log hazard, one effect at all times"
_CONVENTION = (
    "standardised to {whom}; intervals pointwise, from influence functions clustered as the "
    "headline"
)


def estimate_exits(
    careers: Careers, spec: StudySpec, *, exact_rows: bool = False
) -> tuple[tuple[Result, ...], tuple[Curve, ...], tuple[Diagnostic, ...]]:
    """Results, the one headline first, curves and checks; every model is fitted once.

    ``exact_rows`` fits models to every person-month instead of cells of equal ones.
    """
    setting = prepare(careers, spec, exact_rows=exact_rows)
    results = results_of(setting)
    return results, curves_of(setting), checks_of(setting, results)


def results_of(setting: ExitSetting) -> tuple[Result, ...]:
    """All results of a study already fitted; primary figures of all arms come first."""
    first: list[Result] = []
    beside: list[Result] = []
    for place, arm in enumerate(setting.arms):
        found = list(_of_arm(Maker(setting=setting, arm=arm.arm), arm))
        head = relabelled(found[0], name="primary", role="secondary" if place else "headline")
        first.append(head)
        beside += found[1:]
    return (*first, *beside)


def _of_arm(maker: Maker, arm: ArmSetting) -> Iterator[Result]:
    setting, main = maker.setting, arm.compared
    yield difference(maker, main, "primary", headline_kind(setting))
    for place in range(1, len(setting.windows)):
        yield difference(maker, main, "window", headline_kind(setting), place=place)
    for name in _other_kinds(setting):
        yield difference(maker, main, name, name)
    yield days(maker, main, "rmst", "any", "days employed", sign=-1)
    yield days(maker, main, "time_lost", headline_kind(setting), "days lost to exits of this kind")
    yield _avoided(maker, main)
    yield _hazard_ratio(maker, arm)
    yield difference(maker, arm.logit, "logit", headline_kind(setting), estimator=_LOGIT)
    if setting.assigned:
        yield from (unadjusted(maker, main, place) for place in range(len(setting.windows)))
    else:
        yield difference(
            maker, arm.landmark, "landmark", headline_kind(setting), estimand=ON_LANDMARK
        )
    yield naive_difference(maker, arm.ever)
    yield _naive_ratio(maker, arm)


def headline_kind(setting: ExitSetting) -> str:
    """The kind of exit the study is about."""
    return setting.spec.outcome.metric


def _other_kinds(setting: ExitSetting) -> list[str]:
    """Kinds shown beside the study's: voluntary, involuntary and any exit."""
    shown = ("voluntary", "involuntary", "any")
    return [name for name in shown if name != setting.spec.outcome.metric]


def _pick(setting: ExitSetting, kind: str, values: Floats) -> Floats:
    """The figures of a kind, from an array (2, J, ...); any exit is the sum of all kinds."""
    if kind == "any":
        return np.asarray(values.sum(axis=1))
    place = [k.name for k in setting.kinds].index(kind)
    return np.asarray(values[:, place])


def difference(
    maker: Maker, compared: Compared | str, name: str, kind: str, *, place: int = 0,
    estimator: str = G_FORMULA, estimand: str | None = None,
) -> Result:  # fmt: skip
    """With less without in the share who left by the end of a window."""
    window = maker.setting.windows[place]
    target = maker.target(name, estimator, window=window, estimand=estimand)
    why = why_none(compared, window)
    if why or isinstance(compared, str):
        return NotEstimable(target=target, reason=why)
    figure = compared.entries.months + place
    value, influence = contrast(maker.setting, compared, kind, figure)
    made = maker.result(target, value, influence, compared.entries, _words(compared))
    return told(made, left_by_arm(maker.setting, compared, kind, window[1]))


def contrast(
    setting: ExitSetting, compared: Compared, kind: str, figure: int
) -> tuple[float, Floats]:
    """With less without of a figure, and the influence of the clusters (G,) on it."""
    value = _pick(setting, kind, compared.standardised.value)[:, figure]
    influence = _pick(setting, kind, compared.standardised.influence)[:, figure]
    return float(value[1] - value[0]), influence[1] - influence[0]


def _words(compared: Compared) -> str:
    effects = len(effect_columns(compared.layout, compared.models[0].mix))
    words = "effects by months since the start" if effects > 1 else "one effect at all times"
    return words if compared.weights is None else f"{words}; weights taken as known"


def days(
    maker: Maker, compared: Compared | str, name: str, kind: str, what: str, sign: int = 1
) -> Result:
    """With less without in days up to the end of the primary window: the area of the curves."""
    last = end_of_month(maker.setting.windows[0][1])
    target = maker.target(name, f"{G_FORMULA}; {what} of the first {last}", unit="days")
    why = why_none(compared, maker.setting.windows[0])
    if why or isinstance(compared, str):
        return NotEstimable(target=target, reason=why)
    value, influence = contrast(maker.setting, compared, kind, -1)
    made = maker.result(target, sign * value, sign * influence, compared.entries, _words(compared))
    return told(made, left_by_arm(maker.setting, compared, kind, maker.setting.windows[0][1]))


def _avoided(maker: Maker, compared: Compared | str) -> Result:
    """Exits fewer than there would have been among those the headline is about."""
    target = maker.target("exits_avoided", f"{G_FORMULA} times people", unit="people")
    why = why_none(compared, maker.setting.windows[0])
    if why or isinstance(compared, str):
        return NotEstimable(target=target, reason=why)
    people = int(compared.group.treated.sum())
    kind = headline_kind(maker.setting)
    value, influence = contrast(maker.setting, compared, kind, compared.entries.months)
    made = maker.result(
        target, -people * value, -people * influence, compared.entries, _words(compared)
    )
    return told(made, left_by_arm(maker.setting, compared, kind, maker.setting.windows[0][1]))


def _hazard_ratio(maker: Maker, arm: ArmSetting) -> Result:
    model, compared = arm.one_effect, arm.compared
    target = maker.target("hazard_ratio", _HAZARD_RATIO, unit="ratio")
    if isinstance(model, str) or isinstance(compared, str):
        return NotEstimable(target=target, reason=str(model))
    return _ratio_of(maker, target, model, compared.entries)


def _ratio_of(maker: Maker, target: Target, model: KindModel, entries: Entries) -> Result:
    assert model.hazard is not None
    made = maker.ratio(target, model.hazard.coefficients[-1], model.influence[:, -1], entries)
    return told(made, model.exits)


def _naive_ratio(maker: Maker, arm: ArmSetting) -> Result:
    model = arm.ever_effect
    target = maker.target(
        "naive_hazard_ratio", "complementary log-log hazard, ever started as if from time zero",
        unit="ratio", role="naive", estimand=NAIVE,
    )  # fmt: skip
    if isinstance(model, str):
        return NotEstimable(target=target, reason=model)
    return _ratio_of(maker, target, model, arm.ever)


def curves_of(setting: ExitSetting) -> tuple[Curve, ...]:
    """For each kind of exit shown two standardised curves an arm, with and without.

    None where nothing could be fitted.
    """
    found: list[Curve] = []
    for arm in setting.arms:
        if not isinstance(arm.compared, str):
            maker = Maker(setting=setting, arm=arm.arm)
            for kind in (headline_kind(setting), *_other_kinds(setting)):
                found += [_curve(maker, arm.compared, treated, kind) for treated in (1, 0)]
    return tuple(found)


def _curve(maker: Maker, compared: Compared, treated: int, kind: str) -> Curve:
    setting = maker.setting
    value = _pick(setting, kind, compared.standardised.value)[treated]
    influence = _pick(setting, kind, compared.standardised.influence)[treated]
    entries = compared.entries.take(compared.entries.treated == bool(treated))
    codes = codes_of(setting, kind)
    person = setting.careers.person[entries.row]
    points = [Point(day=0, share=0.0, ci_low=0.0, ci_high=0.0, events=0,
                    at_risk=len(np.unique(person[entries.last >= 1])))]  # fmt: skip
    for k in range(1, entries.months + 1):
        error, df, _ = maker.spread(influence[k - 1], compared.entries)
        half, share = float(stats.t.ppf(0.975, df)) * error, float(value[k - 1])
        there = entries.last >= k
        if not there.any():  # models alone say nothing of months unseen
            break
        left = there & (entries.last == k) & np.isin(entries.kind, codes)
        points.append(
            Point(
                day=end_of_month(k), share=share, ci_low=max(share - half, 0.0),
                ci_high=min(share + half, 1.0), at_risk=len(np.unique(person[there])),
                events=len(np.unique(person[left])),
            )
        )  # fmt: skip
    whom = "everybody assigned" if setting.assigned else "those who started"
    arm = maker.arm if treated else setting.spec.arms.comparison
    return Curve(
        name="standardised_incidence", label=f"left ({kind}), {arm}", arm=arm, exit_kind=kind,
        n_people=len(np.unique(person)), convention=_CONVENTION.format(whom=whom),
        points=tuple(points),
    )  # fmt: skip
