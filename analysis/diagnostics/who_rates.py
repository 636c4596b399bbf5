"""Ratings say as much about the rater: who rates, and whether raters changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic, Share
from analysis.diagnostics.wording import per_cent, share_text
from analysis.estimate import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from analysis.estimate import Result
    from analysis.study import StudySpec

_REMEDY = (
    "Have ratings given by people who do not know who is mentored, and declare it "
    "(`raters: blind`); or name an objective outcome of the same people (`objective:`)."
)
_NOT_GATED = "not gated: another rater is another yardstick"


def who_rates(spec: StudySpec, ratings: pd.DataFrame) -> Diagnostic:
    """Whether raters know who is mentored: as declared, and how many are the person's own mentor.

    ``ratings`` has person_no, event_month, by_mentor. A warning holds the grade at Suggestive.
    """
    rated = _in_window(spec, ratings)
    own = rated.groupby("person_no")["by_mentor"].max()
    of, by_mentor = len(own), int(own.sum())
    share = by_mentor / of if of else 0.0
    declared = "blind" if spec.outcome.raters == "blind" else "not declared blind"
    most = spec.thresholds.rated_by_mentor
    known = spec.outcome.raters == "know" or share > most
    return Diagnostic(
        name="who_rates",
        label=f"Raters {declared} to who is mentored; people rated by their own mentor",
        value=share,
        display=share_text(share),
        threshold="at most Suggestive unless raters are declared blind to who is mentored and at "
        f"most {per_cent(most)} % are rated by their own mentor, or an objective "
        "outcome agrees",
        status="warn" if known else "pass",
        remedy=_REMEDY if known else "",
        n_smallest=of or None,
        shares=(Share("", by_mentor, of),) if of else (),
        capped_at="Suggestive" if known else None,
    )


def confirmed(
    check: Diagnostic, rating: Result, objective: Result, higher_is: str = "better"
) -> Diagnostic:
    """The check without its cap where the objective outcome agrees with the rating.

    Agrees: better in both or worse in both, and the interval of the objective one excludes zero.
    ``higher_is`` says of the objective one whether more of it is better or worse.
    This is the one check that reads a headline, and only its sign: a rating that nobody measured
    is believed less, one that was measured is believed as measured.
    """
    if not isinstance(rating, Estimate) or not isinstance(objective, Estimate):
        return check
    told = objective.ci_low > 0 or objective.ci_high < 0
    better = (objective.estimate > 0) == (higher_is == "better")
    if check.capped_at is None or not told or better != (rating.estimate > 0):
        return check
    return replace(
        check,
        label=f"{check.label}; the objective outcome agrees",
        status="pass",
        remedy="",
        capped_at=None,
    )


def rater_changes(spec: StudySpec, people: pd.DataFrame, ratings: pd.DataFrame) -> Diagnostic:
    """A note: of each arm, who is rated by somebody else than before time zero.

    Among people with a known rater both before (the last one) and in the primary window (the
    last one). ``people`` has person_no and arm, ``ratings`` person_no, event_month, rater_no.
    """
    known = ratings[ratings["rater_no"].notna()].sort_values(["person_no", "event_month"])
    before = known[known["event_month"] < 0].groupby("person_no")["rater_no"].last()
    after = _in_window(spec, known).groupby("person_no")["rater_no"].last()
    arm = people.set_index("person_no")["arm"]
    both = before.index.intersection(after.index)
    changed = before.loc[both] != after.loc[both]
    shares = tuple(
        Share(name, int(changed[arm.loc[both] == name].sum()), int((arm.loc[both] == name).sum()))
        for name in (spec.arms.comparison, *spec.arms.treated)
    )
    told = [s for s in shares if s.of]
    return Diagnostic(
        name="rater_changes",
        label="Rated by somebody else than before time zero",
        value=int(changed.sum()) / len(both) if len(both) else None,
        display=", ".join(f"{s.label} {share_text(s.people / s.of)}" for s in told)
        or "raters before and after are not recorded",
        threshold=_NOT_GATED,
        status="note",
        remedy="",
        n_smallest=min((s.of for s in told), default=None),
        shares=tuple(told),
    )


def without_yardstick(people: int) -> Diagnostic:
    """A note: people who lost ratings because their cycle had too few ratings to compare with."""
    return Diagnostic(
        name="without_yardstick",
        label="People with ratings left out: too few in the cycle, or all alike",
        value=float(people),
        display=f"{people:,} people",
        threshold="not gated",
        status="note",
        remedy="",
        n_smallest=people,
        coarse=(float(5 * round(people / 5)), f"about {5 * round(people / 5):,} people"),
    )


def _in_window(spec: StudySpec, ratings: pd.DataFrame) -> pd.DataFrame:
    return ratings[ratings["event_month"].between(*spec.follow_up.primary)]
