"""The effects of a lottery in all groups from one regression: what their difference is tested by.

Every control has a coefficient of its own in each group, so the estimates are those of each group
by itself. What one regression adds is their covariance where groups share clusters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.benefits.interaction import Interaction, same_effects
from analysis.estimators.ancova import around as around_ancova
from analysis.estimators.columns import Columns, arm, months_of
from analysis.estimators.cuped import less_the_past
from analysis.estimators.difference import design_only
from analysis.estimators.lin import around as around_lin
from analysis.estimators.linear import CR2_WORDS
from analysis.estimators.panel_fit import fit_panel
from analysis.estimators.results import NOT_IDENTIFIED, why_no_fit
from analysis.estimators.sample import Sample, build_sample, informative, too_thin, unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.benefits.spec import Subgroup
    from analysis.estimators.arms import Around
    from analysis.estimators.linear import Fit
    from analysis.panel import Panel
    from analysis.study import StudySpec

Part = tuple[str, Sample]


def tests_of_draw(
    spec: StudySpec, subgroup: Subgroup, groups: Sequence[tuple[str, Panel]]
) -> tuple[Interaction, ...]:
    """One test an arm over these groups, each with its panel; groups too thin take no part."""
    parts, arms = [], spec.arms.treated
    for label, panel in groups:
        sample = _sample(panel, spec)
        if sample is not None and not _thin(sample, panel):
            parts.append((label, sample))
    levels = tuple(label for label, _ in parts)
    if len(parts) < 2:
        return tuple(same_effects(subgroup.name, a, levels, np.zeros(0), np.zeros((0, 0)), 1)
                     for a in arms)  # fmt: skip
    fit = _fit(parts, spec, len(arms))
    return tuple(_test(spec, subgroup, name, levels, fit, place) for place, name in enumerate(arms))


def _test(
    spec: StudySpec, subgroup: Subgroup, name: str, levels: tuple[str, ...], fit: Fit | None,
    place: int,
) -> Interaction:  # fmt: skip
    none = Interaction(variable=subgroup.name, arm=name, levels=levels)
    if fit is None:
        return replace(none, reason=why_no_fit(spec))
    count = len(levels)
    own = np.arange(place * count, (place + 1) * count)
    if not fit.identified[own].all():
        return replace(none, reason=NOT_IDENTIFIED)
    # Columns are the first group's effect, then differences from it: back to one effect a group.
    back = np.eye(count)
    back[:, 0] = 1.0
    few = CR2_WORDS in fit.convention
    df = float(fit.t_df[own[1:]].min()) if few else float(fit.t_df[own[0]])
    return same_effects(
        subgroup.name, name, levels, back @ fit.effects[own],
        back @ fit.cov[np.ix_(own, own)] @ back.T, df,
    )  # fmt: skip


def _sample(panel: Panel, spec: StudySpec) -> Sample | None:
    """The rows of one group as the study's estimator reads them."""
    window, name = spec.follow_up.primary, spec.primary_estimator
    if name == "cuped":
        made = less_the_past(panel, spec, window)
    else:
        adjusted = name != "difference_in_means"
        made = build_sample(panel, window, spec.missing_covariates, adjusted=adjusted)
    return None if made is None else informative(made, spec.outcome.link)


def _thin(sample: Sample, panel: Panel) -> bool:
    codes = range(1, len(panel.treated) + 1)
    return bool(unusable(sample, panel.comparison)) or any(
        too_thin(sample, code, panel.treated[code - 1]) for code in codes
    )


def _around(spec: StudySpec) -> Callable[[Sample, Columns], Around]:
    """What the study's estimator puts around the arms."""
    return {
        "ancova": around_ancova,
        "lin": around_lin,
        "cuped": design_only,
        "difference_in_means": design_only,
    }[spec.primary_estimator]


def _fit(parts: Sequence[Part], spec: StudySpec, arms: int) -> Fit | None:
    """Controls of each group, then for each arm its effect in the first group and differences."""
    whole = _stacked([sample for _, sample in parts])
    controls: list[Columns] = []
    extras: list[Columns] = []
    effects: list[list[Columns]] = [[] for _ in range(arms)]
    offset = 0
    for _, sample in parts:
        first, *others = (arm(sample, code) for code in range(1, arms + 1))
        around, more = _around(spec)(sample, first.beside(*others))
        controls.append(_embedded(around, sample, whole, offset))
        extras += [] if more is None else [_embedded(more, sample, whole, offset)]
        for place, column in enumerate((first, *others)):
            effects[place].append(_embedded(column, sample, whole, offset))
        offset += len(sample.of_person)
    treatments = [c for found in effects for c in (_summed(found), *found[1:])]
    constant = Columns(
        person=np.ones((offset, 1)), month=np.ones((len(months_of(whole)), 1))
    )  # takes the place of the first group's
    return fit_panel(
        whole, whole.outcome, constant.beside(*_without_first_constant(controls)),
        treatments[0].beside(*treatments[1:]), covariance=spec.covariance,
        cluster_name=spec.cluster, link=spec.outcome.link,
        extras=extras[0].beside(*extras[1:]) if extras else None,
    )  # fmt: skip


def _without_first_constant(controls: list[Columns]) -> list[Columns]:
    first, *others = controls
    return [Columns(person=first.person[:, 1:], month=first.month[:, 1:]), *others]


def _summed(found: Sequence[Columns]) -> Columns:
    """The column of an arm in all groups together."""
    return Columns(
        person=np.sum([c.person for c in found], axis=0),
        month=np.max([c.month for c in found], axis=0),
    )


def _embedded(columns: Columns, sample: Sample, whole: Sample, offset: int) -> Columns:
    """Columns of one group among the people and months of all."""
    months = months_of(whole)
    person = np.zeros((len(whole.of_person), len(columns)))
    person[offset : offset + len(columns.person)] = columns.person
    month = np.zeros((len(months), len(columns)))
    month[np.searchsorted(months, months_of(sample))] = columns.month
    return Columns(person=person, month=month)


def _stacked(samples: Sequence[Sample]) -> Sample:
    """All rows; people of the groups one after the other, without covariates."""
    starts = np.cumsum([0, *(len(s.of_person) for s in samples)])

    def joined(name: str) -> Any:
        return np.concatenate([getattr(s, name) for s in samples])

    return Sample(
        outcome=joined("outcome"), arm=joined("arm"), month=joined("month"),
        person=joined("person"), cluster=joined("cluster"), stratum=joined("stratum"),
        take_up=joined("take_up"), pre_outcome=joined("pre_outcome"),
        place=np.concatenate([s.place + a for s, a in zip(samples, starts, strict=False)]),
        of_person=np.zeros((int(starts[-1]), 0)), exact_rows=samples[0].exact_rows,
    )  # fmt: skip
