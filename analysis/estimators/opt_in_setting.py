"""Who is compared in one arm and window, and how an influence on them becomes a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimate import NotEstimable
from analysis.estimators.aipw import aipw
from analysis.estimators.choice import build_choice, cells_of, not_comparable
from analysis.estimators.influence import spread
from analysis.estimators.logit import SEPARATION
from analysis.estimators.mean_ratio import everybody_treated, log_ratio
from analysis.estimators.results import Figures, make_estimate, make_target

if TYPE_CHECKING:
    from analysis.estimate import Result, Role
    from analysis.estimators.aipw import Whom
    from analysis.estimators.cells import Cells
    from analysis.estimators.choice import Choice
    from analysis.estimators.influence import Influence
    from analysis.estimators.mean_ratio import Level
    from analysis.estimators.nuisance import Nuisance
    from analysis.panel import Panel
    from analysis.study import StudySpec, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One arm and window: who is compared, their cells, and the study the figures belong to."""

    pair: Panel
    spec: StudySpec
    window: Window
    choice: Choice
    cells: Cells

    @property
    def arm(self) -> str:
        """The treated arm."""
        return self.pair.treated[0]

    @property
    def problem(self) -> str | None:
        """Why nothing can be compared; None where it can."""
        return not_comparable(self.choice, self.arm, self.pair.comparison)


def make_setting(panel: Panel, spec: StudySpec, arm: str, window: Window) -> Setting:
    """The setting of one arm of the panel in one window."""
    pair = panel.pair(arm)
    return setting_of(pair, spec, window, build_choice(pair, window, spec.missing_covariates))


def setting_of(pair: Panel, spec: StudySpec, window: Window, choice: Choice) -> Setting:
    """The setting of people already chosen."""
    cells = cells_of(choice, spec.seed(), exact_rows=pair.exact_rows)
    return Setting(pair=pair, spec=spec, window=window, choice=choice, cells=cells)


@dataclass(frozen=True, slots=True)
class Maker:
    """Turns influences into results of one setting."""

    setting: Setting

    @property
    def _ratio(self) -> bool:
        return self.setting.spec.outcome.link == "log"

    def influence(
        self, nuisance: Nuisance | str, whom: Whom, cells: Cells | None = None
    ) -> Influence | str:
        """The effect by AIPW from these models on the model's scale, or why there is none."""
        used = cells or self.setting.cells
        found = nuisance if isinstance(nuisance, str) else aipw(used, nuisance, whom)
        if isinstance(nuisance, str) or isinstance(found, str) or not self._ratio:
            return found
        level: Level | Influence = "comparison" if whom == "atc" else "treated"
        if whom == "ate":
            level = everybody_treated(used, nuisance)
        return log_ratio(used, found, level)

    def doubly_robust(
        self,
        nuisance: Nuisance | str,
        whom: Whom,
        name: str,
        estimand: str,
        how: str,
        *,
        role: Role = "secondary",
        cells: Cells | None = None,
    ) -> Result:
        """AIPW from these models, or why there is none."""
        used = cells or self.setting.cells
        found = self.influence(nuisance, whom, used)
        return self._shown(found, name, "AIPW", estimand, role, how, used)

    def result(
        self,
        influence: Influence | str,
        name: str,
        estimator: str,
        estimand: str,
        *,
        role: Role = "secondary",
        how: str = "",
        cells: Cells | None = None,
    ) -> Result:
        """The estimate with its interval, or the reason there is none.

        Counts: the ratio of means of those who joined.
        """
        used = cells or self.setting.cells
        if self._ratio and not isinstance(influence, str):
            influence = log_ratio(used, influence, "treated")
        return self._shown(influence, name, estimator, estimand, role, how, used)

    def _shown(
        self, influence: Influence | str, name: str, estimator: str, estimand: str, role: Role,
        how: str, cells: Cells,
    ) -> Result:  # fmt: skip
        """The result of an effect on the model's scale."""
        s = self.setting
        target = make_target(
            s.pair, s.spec, s.arm, s.window,
            name=name, estimator=estimator, estimand=estimand, role=role,
        )  # fmt: skip
        if isinstance(influence, str):
            where = _all_joined(s.choice) if influence == SEPARATION else ""
            return NotEstimable(target=target, reason=influence + where)
        return make_estimate(
            target, self._figures(influence, cells, how),
            log=s.spec.outcome.per_cent,
        )  # fmt: skip

    def _figures(self, influence: Influence, cells: Cells, how: str) -> Figures:
        comparison, treated = cells.counts
        found = spread(cells, influence)
        return Figures(
            estimate=influence.estimate,
            std_error=found.std_error,
            t_df=found.df,
            df=min(found.df, min(comparison, treated) - influence.terms),
            counts=(round(treated), round(comparison), round(treated + comparison)),
            convention=("ratio of means, " if self._ratio else "") + _convention(self.setting, how),
            size=1.0 if self._ratio else cells.size,
        )


def _convention(setting: Setting, how: str) -> str:
    words = "influence function"
    if setting.choice.clustered:
        words += f" clustered by {setting.spec.cluster.replace('_', ' ')}, factor G / (G − 1)"
        words += ", t with clusters − 1 degrees of freedom"
    else:
        words += ", factor n / (n − 1), t with people − 1 degrees of freedom"
    return f"{words}; {how}" if how else words


def _all_joined(choice: Choice) -> str:
    """Attributes with a category that only joiners are in; categories themselves stay unnamed."""
    others, joined = choice.covariates[~choice.treated], choice.covariates[choice.treated]
    found = {
        name.split("=")[0]
        for name, low, high in zip(choice.names, others.T, joined.T, strict=True)
        if np.ptp(low) == 0 and np.isin(high, (0.0, 1.0)).all() and (high != low[0]).any()
    }
    return f"; look at {', '.join(sorted(found))}" if found else ""
