"""A study of exits, fitted once: its trials, models and standardised curves, for every figure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.exits.calendar import end_of_month
from analysis.exits.columns import baseline_of, layout_of
from analysis.exits.entries import assigned, ever, landmark, sequential
from analysis.exits.incidence import area, by_day, standardise
from analysis.exits.models import (
    exits_by_arm,
    fit_competing,
    fit_kind,
    headline_columns,
    kinds_of,
    merged_effects,
    one_effect,
)
from analysis.exits.person_months import person_months
from analysis.exits.start_weights import start_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.exits.careers import Careers
    from analysis.exits.columns import Layout
    from analysis.exits.entries import Entries
    from analysis.exits.incidence import Standardised
    from analysis.exits.models import Kind, KindModel, Link
    from analysis.exits.person_months import PersonMonths
    from analysis.exits.start_weights import StartWeights
    from analysis.study import StudySpec, Window

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NOBODY_STARTED = "nobody was seen to start who was eligible, employed and not on notice"
NOBODY_ELSE = "nobody was there to compare with who had not started"
NO_EXITS = "no exit of this kind was seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two arms followed from time zero, and models of who leaves.

    ``models``: the study's kind, then what competes. ``group``: those the figures are
    standardised to. ``cells`` carry the weights of comparators who start later.
    """

    entries: Entries
    group: Entries
    layout: Layout
    cells: PersonMonths
    weights: StartWeights | None
    models: tuple[KindModel, ...]
    standardised: Standardised


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSetting:
    """One treated arm: the comparison, the same with a logit link, and the other ways to look.

    Each is the reason why there is none where it could not be made.
    """

    arm: str
    compared: Compared | str
    logit: Compared | str
    one_effect: KindModel | str
    landmark: Compared | str
    ever: Entries
    ever_effect: KindModel | str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitSetting:
    """All arms of a study of exits. ``cluster`` (n,) are dense codes of the spells."""

    careers: Careers
    spec: StudySpec
    kinds: tuple[Kind, ...]
    cluster: Ints
    arms: tuple[ArmSetting, ...]

    @property
    def assigned(self) -> bool:
        """Whether arms were assigned rather than started."""
        return is_assigned(self.careers)

    @property
    def windows(self) -> tuple[Window, ...]:
        """The primary window, then the further ones."""
        return windows_of(self.spec)


def is_assigned(careers: Careers) -> bool:
    """Whether these careers carry arms; else people or sites start by themselves."""
    return bool((careers.arm >= 0).any())


def arm_codes(spec: StudySpec, *, assigned: bool) -> tuple[int | None, ...]:
    """The treated arms as careers carry them; None alone where nobody was assigned."""
    return tuple(range(1, len(spec.arms.treated) + 1)) if assigned else (None,)


def windows_of(spec: StudySpec) -> tuple[Window, ...]:
    """The primary window, then each further one once."""
    primary = spec.follow_up.primary
    return (primary, *(w for w in spec.follow_up.windows if w != primary))


def fitter_of(careers: Careers, spec: StudySpec, *, exact_rows: bool = False) -> Fitter:
    """What fits the study's models; ``exact_rows`` without compression to cells."""
    cluster = np.unique(careers.cluster, return_inverse=True)[1].astype(np.int64)
    return Fitter(careers, spec, kinds_of(spec.outcome.metric), cluster, exact_rows)


def prepare(careers: Careers, spec: StudySpec, *, exact_rows: bool = False) -> ExitSetting:
    """Everything a study of exits fits, each model once; ``exact_rows`` without compression."""
    fitter = fitter_of(careers, spec, exact_rows=exact_rows)
    codes = arm_codes(spec, assigned=is_assigned(careers))
    arms = tuple(
        _arm(fitter, code, name) for code, name in zip(codes, spec.arms.treated, strict=False)
    )
    return ExitSetting(
        careers=careers, spec=spec, kinds=fitter.kinds, cluster=fitter.cluster, arms=arms
    )


def _arm(fitter: Fitter, code: int | None, name: str) -> ArmSetting:
    careers = fitter.careers
    months = max(last for _, last in windows_of(fitter.spec))
    by_landmark = landmark(careers, months, fitter.spec.notice_months) if code is None else None
    main = fitter.headline(code)
    one: KindModel | str = main if isinstance(main, str) else fitter.one_effect(main)
    logit = main if isinstance(main, str) else fitter.standardised(main, "logit")
    beside: Compared | str = "arms were assigned, so nobody has to be placed by a landmark"
    if by_landmark is not None:
        beside = fitter.compared(by_landmark, by_landmark.take(by_landmark.treated))
    naive = ever(careers, months, code)
    return ArmSetting(
        arm=name, compared=main, logit=logit, one_effect=one, landmark=beside, ever=naive,
        ever_effect=fitter.crude_effect(naive),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fitter:
    """Fits what a study asks of these careers; ``cluster`` (n,) are dense codes."""

    careers: Careers
    spec: StudySpec
    kinds: tuple[Kind, ...]
    cluster: Ints
    exact_rows: bool = False

    def headline(self, arm: int | None) -> Compared | str:
        """Trials of an assigned arm, or sequential ones where nobody was assigned."""
        return self.compared(*self.trials(arm))

    def trials(self, arm: int | None) -> tuple[Entries, Entries]:
        """All entries of the headline, and those its figures are standardised to."""
        months = max(last for _, last in windows_of(self.spec))
        if arm is not None:
            entries = assigned(self.careers, months, arm)
            return entries, entries
        entries = sequential(
            self.careers, months, within=self.spec.trials.within,
            notice_months=self.spec.notice_months,
        )  # fmt: skip
        return entries, entries.take(entries.treated)

    def compared(self, entries: Entries, group: Entries) -> Compared | str:
        """Cells, weights, models and standardised figures of these arms."""
        if not entries.treated.any():
            return NOBODY_STARTED
        if entries.treated.all():
            return NOBODY_ELSE
        baseline = baseline_of(self.careers)
        weights: StartWeights | None = None
        if baseline.changes and entries.started.any():
            made = start_weights(self.careers, entries, baseline, exact_rows=self.exact_rows)
            if isinstance(made, str):
                return f"weights of comparators who start later could not be made: {made}"
            weights = made
        layout = layout_of(self.careers, entries, baseline)
        cells = person_months(
            self.careers, entries, layout, None if weights is None else weights.weights,
            exact_rows=self.exact_rows,
        )  # fmt: skip
        models = self._models(cells, layout)
        if isinstance(models, str):
            return models
        return Compared(
            entries=entries, group=group, layout=layout, cells=cells, weights=weights,
            models=models, standardised=self._standardise(group, layout, models),
        )  # fmt: skip

    def standardised(self, compared: Compared, link: Link) -> Compared | str:
        """The same comparison with another link for the study's kind."""
        mix = compared.models[0].mix
        first = fit_kind(compared.cells, self.kinds[0], mix, self.cluster, link)
        if isinstance(first, str):
            return first
        models = (first, *compared.models[1:])
        found = self._standardise(compared.group, compared.layout, models)
        return replace(compared, models=models, standardised=found)

    def one_effect(self, compared: Compared) -> KindModel | str:
        """The study's kind (voluntary exits where it is any) with one effect at all times."""
        mix = merged_effects(compared.layout, compared.models[0].mix)
        if mix.shape == compared.models[0].mix.shape:
            return compared.models[0]
        return fit_kind(compared.cells, self.kinds[0], mix, self.cluster, "cloglog")

    def crude_effect(self, entries: Entries) -> KindModel | str:
        """One effect by months since time zero alone: nothing is adjusted for."""
        if not 0 < entries.treated.sum() < len(entries):
            return NOBODY_STARTED
        layout = layout_of(self.careers, entries, baseline_of(self.careers))
        cells = person_months(self.careers, entries, layout, exact_rows=self.exact_rows)
        mix = one_effect(layout)[:, [*range(len(layout.bands)), -1]]
        return fit_kind(cells, self.kinds[0], mix, self.cluster, "cloglog")

    def _models(self, cells: PersonMonths, layout: Layout) -> tuple[KindModel, ...] | str:
        mix = headline_columns(
            layout, exits_by_arm(cells, self.kinds[0]), assigned=is_assigned(self.careers)
        )
        first = fit_kind(cells, self.kinds[0], mix, self.cluster, "cloglog")
        if isinstance(first, str):
            return first
        rest = (fit_competing(cells, layout, k, self.cluster) for k in self.kinds[1:])
        return (first, *rest)

    def _standardise(
        self, group: Entries, layout: Layout, models: Sequence[KindModel]
    ) -> Standardised:
        return standardise(
            self.careers, group, layout, models, figures_of(group.ends, windows_of(self.spec)),
            self.cluster,
        )  # fmt: skip


def figures_of(ends: Ints, windows: Sequence[Window]) -> Floats:
    """Weights (Q, g, K): the curve at each month, at each window's end, the area up to the first.

    Figure k - 1 is month k, ``curve_months + w`` window w, the last one the area in days.
    """
    months = ends.shape[1]
    curve = np.broadcast_to(np.eye(months)[:, None, :], (months, len(ends), months))
    at_ends = [by_day(ends, end_of_month(last)) for _, last in windows]
    return np.concatenate([curve, at_ends, [area(ends, end_of_month(windows[0][1]))]])
