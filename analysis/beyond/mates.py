"""Teams of a lottery: who is in one, and what became of the other members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.beyond.spec import NOT_DRAWN
from analysis.errors import SpecError
from analysis.estimators.sample import dummies, fill_missing
from analysis.randomised import with_covariates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.cohort import Cohort
    from analysis.panel import Panel
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]


def teams_of(spec: StudySpec, people: pd.DataFrame) -> tuple[NDArray[np.int64], pd.Series[bool]]:
    """A code for the team of each row, and who has one: all its columns are known."""
    names = list(spec.spillover.team) if spec.spillover else []
    known = people[names].notna().all(axis=1)
    return np.asarray(pd.factorize(_text(people, names), sort=True)[0], dtype=np.int64), known


def _text(people: pd.DataFrame, names: list[str]) -> pd.Series[str]:
    """One text for people with the same values in all these columns."""
    return people[names].astype("string").fillna("").agg("\x1f".join, axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mates:
    """People (n,) with an outcome and a mate; shares are of the other members of the team.

    ``won`` of the draw, ``drawn`` or not, ``mentored`` others, others who ``won``, what of these
    was ``expected``; ``saturation`` is the share of winners among those drawn in the team, nan
    where nobody was. ``controls`` (n, k) begin with a constant.
    """

    team: NDArray[np.int64]
    won: NDArray[np.bool_]
    drawn: NDArray[np.bool_]
    mentored: Floats
    others_won: Floats
    expected: Floats
    saturation: Floats
    outcome: Floats
    controls: Floats

    @staticmethod
    def of(spec: StudySpec, cohort: Cohort, panel: Panel) -> Mates:
        """Members are everybody of the cohort, with an outcome or not."""
        people = cohort.people.reset_index(drop=True)
        code, known = teams_of(spec, people)
        won = people["arm"].isin(spec.arms.treated).to_numpy()
        drawn = (people["arm"] != NOT_DRAWN).to_numpy()
        take_up = people["take_up"].astype(float)
        mentored = (take_up if take_up.notna().any() else pd.Series(won * 1.0)).fillna(0.0)
        chance = _chance(spec, people, won, drawn)
        members = np.bincount(code)[code]

        def others(values: NDArray[Any]) -> Floats:
            total = np.bincount(code, weights=values)[code]
            return np.asarray((total - values) / np.maximum(members - 1, 1))

        of_team = np.bincount(code, weights=drawn)[code]
        winners = np.bincount(code, weights=won)[code]
        saturation = np.where(of_team > 0, winners / np.maximum(of_team, 1), np.nan)
        figure = panel.between(*spec.follow_up.primary).rows.groupby("person")["outcome"].mean()
        outcome = people["person_no"].map(figure).to_numpy(dtype=float)
        kept = ~np.isnan(outcome) & known.to_numpy() & (members > 1)
        if not kept.any():
            raise SpecError(
                "spillover.team",
                "nobody with an outcome has a team mate in the programme",
                "Name columns that several people of the programme share.",
            )
        return Mates(
            team=code[kept],
            won=won[kept],
            drawn=drawn[kept],
            mentored=others(mentored.to_numpy(dtype=float))[kept],
            others_won=others(won * 1.0)[kept],
            expected=others(chance)[kept],
            saturation=saturation[kept],
            outcome=outcome[kept],
            controls=_controls(spec, people, panel, kept, drawn),
        )


def _chance(
    spec: StudySpec,
    people: pd.DataFrame,
    won: NDArray[np.bool_],
    drawn: NDArray[np.bool_],
) -> Floats:
    """The chance of winning by stratum of the draw, 0 of people who were not drawn."""
    strata = list(spec.allocation.strata)
    code = pd.factorize(_text(people, strata))[0] if strata else np.zeros(len(people), dtype=int)
    rate = np.bincount(code[drawn], weights=won[drawn], minlength=int(code.max()) + 1)
    return np.asarray(
        drawn * (rate / np.maximum(np.bincount(code[drawn], minlength=len(rate)), 1))[code]
    )


def _controls(
    spec: StudySpec,
    people: pd.DataFrame,
    panel: Panel,
    kept: NDArray[np.bool_],
    drawn: NDArray[np.bool_],
) -> Floats:
    """Constant, drawn or not, month of the draw, and the covariates of the study."""
    zero = pd.to_datetime(people["time_zero"])
    round_ = np.asarray(12 * zero.dt.year + zero.dt.month, dtype=np.int64)
    adjusted = with_covariates(panel, spec.adjust_for) or panel
    values = adjusted.people[list(adjusted.covariates)].to_numpy(dtype=float)
    return np.column_stack(
        [
            np.ones(kept.sum()),
            drawn[kept].astype(float),
            dummies(round_[kept]),
            fill_missing(values[kept]),
        ]
    )
