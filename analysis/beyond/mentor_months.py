"""What mentoring does to the mentor's own figures: months with a mentee, of those who may mentor.

Who is asked to mentor is chosen, and often for doing well: people who mentor are compared with
themselves in other months. Even that is an association, unless mentors were drawn by lot; then
they are people of a randomised study of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.beyond.spec import MENTORS
from analysis.errors import SpecError
from analysis.estimate import NotEstimable, Target
from analysis.estimators.linear import fit_ols
from analysis.estimators.results import NOT_IDENTIFIED, Figures, make_estimate
from analysis.estimators.sample import dummies
from analysis.estimators.within import Within, independent_columns, inverse
from analysis.funnel import Query
from analysis.months import months_since
from analysis.outcomes.values import fitting_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.estimate import Result
    from analysis.study import StudySpec

    Floats = NDArray[np.float64]

LEAD = 3  # months before the first mentee in which there is nothing yet that mentoring could do
ASSOCIATION = "association: who mentors is chosen, so this is not an effect"
WITHIN = "months with a mentee less other months of the same people"
BEFORE = f"the {LEAD} months before the first mentee less earlier ones; anything but 0 is selection"
ACROSS = "people with a mentee less others who could mentor"
RAW = "people who ever mentor less others, as one would have concluded"
_CLUSTERED = "clustered by person, CR1, t with people − 1 degrees of freedom"

# Months of people who may mentor, with the first day of the first match that had begun by then.
_SQL = """
with matches as (
    select mentor_no, matched_on, coalesce(ended_on, date '9999-12-31') as ended_on
    from staging.match
    where mentor_no is not null and matched_on <= ? and known_from <= ? and known_to > ?
),
first_match as (
    select mentor_no, date_trunc('month', min(matched_on)) as first_on
    from matches group by mentor_no
),
spells as (
    select person_no, hired_on, exited_on from marts.employment
    where known_from <= ? and known_to > ?
),
results as (
    select r.person_no, r.month, r.value, max(j.level) as level, max(j.site) as site,
        max(date_diff('month', s.hired_on, r.month)) as tenure_months
    from marts.performance as r
    inner join marts.job_history as j
        on r.person_no = j.person_no and j.valid_from <= r.month and j.valid_to > r.month
        and j.known_from <= ? and j.known_to > ?
    inner join spells as s
        on r.person_no = s.person_no and s.hired_on <= r.month
        and (s.exited_on is null or s.exited_on >= r.month)
    where r.metric = ? and r.known_from <= ? and r.known_to > ? and {eligible}
    group by r.person_no, r.month, r.value
)
select r.person_no, r.month, r.value, r.level, r.tenure_months, f.first_on,
    exists (
        select 1 from matches as m
        where m.mentor_no = r.person_no
            and m.matched_on < r.month + interval 1 month and m.ended_on >= r.month
    ) as with_mentee
from results as r
left join first_match as f on r.person_no = f.mentor_no
where r.tenure_months >= ?
order by r.person_no, r.month
"""


def eligible_sql(spec: StudySpec, alias: str) -> tuple[str, tuple[object, ...]]:
    """Condition on the job, and its values: columns are three literals of ours."""
    columns = spec.mentors.columns if spec.mentors else {}
    parts = [f"{alias}.{c} in ({', '.join('?' for _ in v)})" for c, v in columns.items()]
    return " and ".join(parts) or "true", tuple(v for values in columns.values() for v in values)


def mentor_months_query(spec: StudySpec) -> Query:
    """SQL for (person_no, month, value, level, tenure_months, first_on, with_mentee)."""
    known = (spec.as_of, spec.as_of)
    where, values = eligible_sql(spec, "j")
    tenure = spec.mentors.tenure_from if spec.mentors else 0
    return Query(
        _SQL.replace("{eligible}", where),
        (spec.as_of, *known, *known, *known, spec.outcome.metric, *known, *values, tenure),
    )


def mentor_results(spec: StudySpec, rows: pd.DataFrame) -> tuple[Result, ...]:
    """Associations of a person's figure with having a mentee, best first, the raw gap last.

    ``rows`` is what the query returns. Raises SpecError where nobody may mentor.
    """
    if rows.empty:
        raise SpecError(
            "mentors",
            f"nobody who may mentor has {spec.outcome.metric} on record",
            "Check levels, departments and sites against the jobs delivered, and tenure_from.",
        )
    made = _Months.of(spec, rows)
    within, before = _within(made)
    return (
        _result(spec, made, "within", WITHIN, "Fixed effects of people and months", within),
        _result(spec, made, "before", BEFORE, "Fixed effects of people and months", before),
        _result(spec, made, "across", ACROSS, "Adjusted for month, level and tenure",
                _across(made, adjusted=True)),
        _result(spec, made, "raw", RAW, "Raw gap", _across(made, adjusted=False)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Months:
    """Rows (n,) sorted by person: codes, the figure, who has a mentee, is about to, ever has."""

    person: NDArray[np.int64]
    month: NDArray[np.int64]
    outcome: Floats
    mentee: Floats
    before: Floats
    ever: Floats
    level: NDArray[np.int64]
    tenure: Floats

    @staticmethod
    def of(spec: StudySpec, rows: pd.DataFrame) -> _Months:
        """The months of the query, the figure on the scale of the study."""
        outcome = fitting_values(spec, rows["value"].to_numpy(dtype=float))
        month = pd.to_datetime(rows["month"])
        first = pd.to_datetime(rows["first_on"])
        return _Months(
            person=pd.factorize(rows["person_no"], sort=True)[0],
            month=pd.factorize(month, sort=True)[0],
            outcome=np.asarray(outcome, dtype=float),
            mentee=rows["with_mentee"].to_numpy(dtype=float),
            before=np.asarray(months_since(month, first).between(1, LEAD), dtype=np.float64),
            ever=np.asarray(first.notna(), dtype=np.float64),
            level=pd.factorize(rows["level"].astype("string").fillna(""), sort=True)[0],
            tenure=rows["tenure_months"].to_numpy(dtype=float),
        )

    def counts(self, having: Floats) -> tuple[int, int, int]:
        """People with any month of ``having`` (n,) a mentee, the others, rows."""
        mentors = len(np.unique(self.person[having > 0]))
        return mentors, len(np.unique(self.person)) - mentors, len(self.person)


def _within(made: _Months) -> tuple[tuple[float, float, int] | str, tuple[float, float, int] | str]:
    """Coefficients of having a mentee and of the months before, errors, clusters; or why not."""
    people, months = int(made.person.max()) + 1, int(made.month.max()) + 1
    used, total = np.zeros((people, months)), np.zeros((people, months))
    columns = np.zeros((people, months, 2))
    used[made.person, made.month] = 1.0
    total[made.person, made.month] = made.outcome - made.outcome.mean()
    columns[made.person, made.month] = np.column_stack([made.mentee, made.before])
    design = Within(used=used, weight=np.ones(people), columns=columns)
    gram = design.gram()
    kept = independent_columns(gram)
    bread = inverse(gram, kept)
    beta = bread @ design.score(total)
    left = (total - design.fitted(beta[None])[:, 0]) * used
    left -= (left.sum(axis=1) / design.count())[:, None] * used
    places = months - 1 + np.arange(2)
    scores = np.einsum("prt,pt->rp", design.product(bread[places]), left)
    groups = int((used.sum(axis=1) > 1).sum())  # a single month of a person tells nothing
    rank, rows = int(kept.sum()), int(used.sum())
    if groups < 2 or rows <= rank + 1:
        return NOT_IDENTIFIED, NOT_IDENTIFIED
    factor = groups / (groups - 1) * (rows - 1) / (rows - rank - 1)
    error = np.sqrt(factor * (scores**2).sum(axis=1))
    found: list[tuple[float, float, int] | str] = [
        (float(beta[place]), float(error[i]), groups) if kept[place] else NOT_IDENTIFIED
        for i, place in enumerate(places)
    ]
    return found[0], found[1]


def _across(made: _Months, *, adjusted: bool) -> tuple[float, float, int] | str:
    """Least squares across people, months held fixed."""
    controls = [np.ones((len(made.person), 1)), dummies(made.month)]
    if adjusted:
        controls += [dummies(made.level), made.tenure[:, None], np.log1p(made.tenure)[:, None]]
    exposed = made.mentee if adjusted else made.ever
    fit = fit_ols(
        made.outcome, np.hstack(controls), exposed[:, None], made.person, covariance="HC1"
    )
    if fit is None or not fit.identified[0]:
        return NOT_IDENTIFIED
    return (*fit.figures(0), int(made.person.max()) + 1)


def _result(
    spec: StudySpec,
    made: _Months,
    name: str,
    estimand: str,
    estimator: str,
    found: tuple[float, float, int] | str,
) -> Result:
    target = Target(
        name=f"{MENTORS}{name}",
        role="association",
        estimand=estimand,
        estimator=estimator,
        arm=spec.arms.treated[0],
        comparison=spec.arms.comparison,
        window=spec.follow_up.primary,
        unit=spec.unit,
    )
    # The raw gap is that of people who ever mentor, also outside the months looked at.
    mentors, others, rows = made.counts(made.ever if estimand == RAW else made.mentee)
    if isinstance(found, str) or not mentors:
        why = found if isinstance(found, str) else "nobody who may mentor had a mentee"
        return NotEstimable(target=target, reason=why)
    estimate, error, groups = found
    # Within people, mentors are both sides; everybody else only tells what months were like.
    figures = Figures(
        estimate=estimate,
        std_error=error,
        t_df=groups - 1,
        df=groups - 1,
        counts=(mentors, others or mentors, rows),
        both=0 if others else mentors,
        convention=_CLUSTERED,
        size=float(np.abs(made.outcome).max()),
    )
    return make_estimate(target, figures, log=spec.outcome.per_cent)
