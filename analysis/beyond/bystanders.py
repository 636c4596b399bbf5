"""People of a programme who were not drawn, as an arm of their own beside those of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.beyond.spec import NOT_DRAWN
from analysis.study import Arms

if TYPE_CHECKING:
    from analysis.study import StudySpec


def with_bystanders(spec: StudySpec, programme: str) -> StudySpec:
    """The study with people who were not drawn as a further arm, in this programme."""
    arms = Arms(treated=(*spec.arms.treated, NOT_DRAWN), comparison=spec.arms.comparison)
    return spec.model_copy(update={"programme": programme, "arms": arms})


def marked(funnel: pd.DataFrame, undrawn: pd.Series[bool]) -> pd.DataFrame:
    """The funnel with these people in an arm of their own.

    Whether they applied no longer says who is looked at: steps that keep applicants alone would
    lose them.
    """
    made = funnel.copy()
    made["applied_on"] = pd.NaT
    made["arm"] = made["arm"].astype("object").where(~undrawn, NOT_DRAWN)
    return made
