"""One study of a survey scale: panels of each measure in each window, from the same answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pandas as pd

from analysis.errors import SpecError
from analysis.estimators.results import ITT
from analysis.follow_up import panel_of
from analysis.instruments import item_of
from analysis.opt_in import PLACEBO
from analysis.scales.answers import CLOSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.cohort import Cohort
    from analysis.panel import Panel
    from analysis.scales.answers import Answers
    from analysis.study import StudySpec, Window

Measure = Literal["composite", "above_cut", "score"]
# Names of results, by measure, where it is not the headline.
NAMES: dict[Measure, str] = {
    "composite": "left_or_above_cut",
    "above_cut": "above_cut",
    "score": "score",
}
ANSWERERS = "of those who stayed and answered: not causal if these differ between the groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleStudy:
    """The question, its people, and what they answered.

    ``range`` is printed for the scale; ``pairs`` are meetings and matches, where asked for.

    The headline is the composite where the study declares a cut, else the score.
    """

    spec: StudySpec
    cohort: Cohort
    answers: Answers
    range: tuple[float, float]
    pairs: tuple[pd.DataFrame | None, pd.DataFrame | None] = (None, None)
    exact_rows: bool = False

    @property
    def item(self) -> str | None:
        """The single question studied; None where it is a scale."""
        return item_of(self.spec.outcome.metric)

    @property
    def headline(self) -> Measure:
        """What the study is about."""
        return "score" if self.spec.outcome.cut is None else "composite"

    @property
    def beside(self) -> tuple[Measure, ...]:
        """What stands beside the headline."""
        return () if self.spec.outcome.cut is None else ("above_cut", "score")

    def spec_of(self, measure: Measure) -> StudySpec:
        """The same question about one measure: shares have a cut, scores none."""
        if measure != "score":
            return self.spec
        return self.spec.model_copy(
            update={"outcome": self.spec.outcome.model_copy(update={"cut": None})}
        )

    def words(self, measure: Measure) -> str:
        """The estimand of a measure in the headline's design."""
        what = {
            "composite": f"left voluntarily by the window's end, or scored {self._cut} or more",
            "above_cut": f"scored {self._cut} or more, {ANSWERERS}",
            "score": f"mean score {ANSWERERS}",
        }[measure]
        whom = ITT if self.spec.design == "randomised" else "effect on those who joined"
        return f"{whom}; {what}"

    def values(self, window: Window, measure: Measure) -> pd.Series[float]:
        """The figure of everybody of whom it could be known, by person; nan where it is not.

        Of the composite: everybody whose window the files reach the end of.
        """
        figures = self.answers.figures(window, self.spec.outcome.cut)[measure]
        if measure == "composite":
            return figures[self.answers.people["over"] >= window[1]]
        return figures

    def certain(self, window: Window, measure: Measure) -> pd.Series[bool]:
        """Whether the figure is known without an answer: of a composite, whoever left."""
        left = self.answers.people["left_month"] <= window[1]
        return left & (measure == "composite")

    def panel(
        self, window: Window, measure: Measure, values: pd.Series[float] | None = None
    ) -> Panel:
        """One row a person at the end of the window, and the last score but one long before.

        ``values`` stand for what was answered, where given.
        """
        found = (self.values(window, measure) if values is None else values).dropna()
        earlier = self.answers.past(2)
        if measure != "score":
            earlier = (earlier >= (self.spec.outcome.cut or 0.0) - CLOSE).astype(float)
        rows = pd.concat(list(_rows((found, window[1]), (earlier, PLACEBO[1]))), ignore_index=True)
        rows = rows.sort_values(["person", "event_month"], ignore_index=True)
        made = panel_of(self.spec, self.cohort, rows, self.answers.past(1), *self.pairs)
        return replace(made, exact_rows=self.exact_rows)

    def require_answers(self) -> None:
        """Raises SpecError where nobody can score the cut or everybody does, the primary window
        holds no answer, or exits are not known.
        """
        first, last = self.spec.follow_up.primary
        low, high = self.range
        if self.spec.outcome.cut is not None and not low < self.spec.outcome.cut <= high:
            raise SpecError(
                "outcome.cut",
                f"is {self._cut}, and scores of {self.spec.outcome.metric} run from {low:g} to "
                f"{high:g}: everybody or nobody would score so much",
                f"Write a number above {low:g} and not above {high:g}.",
            )
        if self.spec.outcome.cut is not None and not self.answers.exits_known:
            raise SpecError(
                "outcome.cut",
                "counts who left voluntarily, and nobody's employment was delivered",
                "Deliver `employment`, or remove `cut` and compare scores.",
            )
        if self.answers.first((first, last)).empty:
            raise SpecError(
                "follow_up.primary",
                f"nobody in the study has a score of {self.spec.outcome.metric} in event months "
                f"{first} to {last}",
                "Check the window, as_of, and that the wave of those months was delivered.",
            )

    @property
    def _cut(self) -> str:
        return f"{self.spec.outcome.cut:g}" if self.spec.outcome.cut is not None else ""


def _rows(*parts: tuple[pd.Series[float], int]) -> Iterator[pd.DataFrame]:
    for values, month in parts:
        yield pd.DataFrame(
            {
                "person": values.index.to_numpy(),
                "event_month": month,
                "outcome": values.to_numpy(dtype=float),
            }
        )
