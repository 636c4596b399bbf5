"""How large a study would be: people recorded so far, their arms, and how fast they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cohort import build_cohort
from analysis.errors import SpecError
from analysis.estimators.logit import fit_logit
from analysis.estimators.sample import fill_missing
from analysis.funnel import JOB_COLUMNS, Query, attribute_names, attributes_query, funnel_query
from analysis.months import months_since
from analysis.planning.joining import Joining
from analysis.planning.months import NEVER, months_from
from analysis.planning.starters import Starters
from analysis.population import with_attributes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.panel import Panel
    from analysis.planning.past import Read
    from analysis.study import StudySpec

_FEWEST = 20  # joiners and others, for a model of who joins
_JOINED = """
select person_no, bool_or(applied_on is not null or matched_on is not null) as came
from marts.programme_funnel
where programme = ? and known_from <= ? and known_to > ?
group by person_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """People of the arms at time zero, where that is from, and how many came a month so far.

    ``a_month`` is None where that is not known. ``intake``: months from the first to the last of
    their time zeros. ``tenure``: of those recorded, the least and most months since hire.
    """

    treated: float
    comparison: float
    source: str
    a_month: float | None
    intake: int
    tenure: tuple[float, float] | None = None

    @property
    def people(self) -> float:
        """People of both arms."""
        return self.treated + self.comparison

    @property
    def share(self) -> float:
        """Share of them in the treated arms."""
        return self.treated / self.people


def size_of(
    spec: StudySpec, read: Read, population: int, people: int | None, intake: int | None
) -> Size:
    """The size as asked for, as recorded, or else everybody in the population at the month.

    Shares are those declared, else those recorded, else halves.
    """
    recorded = _recorded(spec, read)
    share, words = _share(spec, recorded)
    a_month = None if recorded is None else _rate(recorded)
    if people is not None:
        total, source = float(people), "as asked for"
    elif recorded is not None:
        total, source = float(len(recorded)), "as recorded in the programme so far"
    else:
        total, source = float(population), "everybody in the population at the month looked at"
    return Size(
        treated=share * total,
        comparison=(1 - share) * total,
        source=f"{source}; {words}",
        a_month=a_month,
        intake=_intake(recorded) if intake is None else intake,
        tenure=_tenure(recorded),
    )


def _recorded(spec: StudySpec, read: Read) -> pd.DataFrame | None:
    """People of the study's arms as recorded; None where the programme has none yet."""
    if spec.design == "rollout":
        return None
    if spec.design == "opt_in" and spec.outcome.kind == "exit":
        return _who_started(spec, read(funnel_query(spec)))
    try:
        found = build_cohort(spec, read(funnel_query(spec)), read(attributes_query(spec))).people
    except SpecError:  # nobody yet
        return None
    treated = found["arm"].isin(spec.arms.treated).sum()
    return found if 0 < treated < len(found) else None


def _who_started(spec: StudySpec, funnel: pd.DataFrame) -> pd.DataFrame | None:
    """People who could start, their ``start``, and as treated those who did; None without both."""
    able = funnel[funnel["time_zero"].notna()]
    start = able["met_on" if spec.trials.start == "first_met_on" else spec.trials.start]
    arm = np.where(start.notna(), spec.arms.treated[0], spec.arms.comparison)
    some = 0 < start.notna().sum() < len(able)
    return able.assign(arm=arm, start=pd.to_datetime(start)) if some else None


def starters_of(spec: StudySpec, read: Read) -> Starters | None:
    """Who could start with whom, as recorded; None where nobody did.

    Adjusted for are tenure, which models always have, and of ``adjust_for`` what is known of
    people at time zero; figures of theirs by month are not.
    """
    able = _who_started(spec, read(funnel_query(spec)))
    if able is None:
        return None
    able = with_attributes(spec, able, read(attributes_query(spec)), "time_zero")
    zero = pd.to_datetime(able["time_zero"])
    gone = able[["exited_on", "notice_on"]].apply(pd.to_datetime).min(axis=1)
    known = pd.Series([pd.Timestamp(spec.as_of) + pd.DateOffset(days=1)])
    first = zero.min()
    tenure = months_since(pd.to_datetime(able["hired_on"]), zero).astype(float)
    given = [np.ones((len(able), 1)), np.log1p(np.asarray(tenure.clip(lower=0)))[:, None]]
    given += [_numbers(able[name]) for name in spec.adjust_for if name in JOB_COLUMNS]
    given += [_numbers(able[name]) for name in attribute_names(spec) if name in spec.adjust_for]
    return Starters(
        zero=months_from(first, zero),
        start=months_from(first, able["start"]),
        exit=months_from(first, gone),
        last=int(months_from(first, known)[0]) - 1,
        columns=fill_missing(np.column_stack(given)),
        within=NEVER if spec.trials.within is None else spec.trials.within,
    )  # fmt: skip


def _numbers(values: pd.Series[str]) -> NDArray[np.float64]:
    """Numbers as they are, words as one column each but the first."""
    numbers = pd.to_numeric(values, errors="coerce")
    if (numbers.notna() | values.isna()).all():
        return np.asarray(numbers, dtype=np.float64)[:, None]
    return np.asarray(pd.get_dummies(values.astype("string")), dtype=np.float64)[:, 1:]


def _share(spec: StudySpec, recorded: pd.DataFrame | None) -> tuple[float, str]:
    declared = spec.allocation.share
    if declared is not None:
        shares = declared.values() if isinstance(declared, dict) else [declared]
        return float(sum(shares)), "shares of the arms as declared"
    if recorded is not None:
        treated = recorded["arm"].isin(spec.arms.treated)
        return float(treated.mean()), "shares of the arms as recorded"
    return 0.5, "half of them treated"


def _intake(people: pd.DataFrame | None) -> int:
    """Months from the first to the last time zero."""
    if people is None:
        return 0
    zero = pd.to_datetime(people["time_zero"])
    return int(months_since(pd.Series([zero.min()]), pd.Series([zero.max()])).iloc[0])


def _tenure(people: pd.DataFrame | None) -> tuple[float, float] | None:
    """The least and most months since hire; None where they are not known."""
    if people is None or "tenure_months" not in people or people["tenure_months"].isna().all():
        return None
    return float(people["tenure_months"].min()), float(people["tenure_months"].max())


def _rate(people: pd.DataFrame) -> float | None:
    """People a month, from the first to the last month in which anybody came."""
    came = pd.to_datetime(people["applied_on"])
    came = (came if came.notna().any() else pd.to_datetime(people["time_zero"])).dropna()
    months = months_since(pd.Series([came.min()]), pd.Series([came.max()])).iloc[0]
    return len(people) / (months + 1) if months else None


def site_starts(spec: StudySpec, read: Read) -> pd.Series[pd.Timestamp]:
    """The first day of each site recorded in the programme; empty where none is."""
    funnel = read(funnel_query(spec))
    if spec.cluster not in funnel or funnel["time_zero"].isna().all():
        return pd.Series(dtype="datetime64[us]")
    found = funnel.assign(time_zero=pd.to_datetime(funnel["time_zero"]))
    return found.dropna(subset=[spec.cluster]).groupby(spec.cluster)["time_zero"].min()


def joining_of(
    spec: StudySpec, read: Read, panel: Panel, people: pd.DataFrame, seen: float
) -> Joining | None:
    """How those differ who came, of people ``seen`` of whom (a share) have an outcome.

    From a logit of who came to the programme since, among ``people`` of the panel whom it knows.
    None where too few did, or some were sure to.
    """
    known = read(Query(_JOINED, (spec.programme, spec.as_of, spec.as_of)))
    person = people.set_index("person_no")["of"].reindex(panel.people["person"])
    came = person.isin(known.loc[known["came"], "person_no"]).to_numpy()
    others = ~came
    if not known["came"].all():  # those who could have come and did not are on record
        others &= person.isin(known["person_no"]).to_numpy()
    if min(came.sum(), others.sum()) < _FEWEST:
        return None
    used = came | others
    given = fill_missing(panel.people.loc[used, list(panel.covariates)].to_numpy(dtype=float))
    columns = np.column_stack([np.ones(len(given)), given])
    model = fit_logit(columns, np.array([others[used], came[used]], dtype=float))
    if isinstance(model, str):
        return None
    rest = others[used]
    chance = model.chance[rest]
    return Joining(columns=columns[rest], odds=chance / (1 - chance), seen=seen)
