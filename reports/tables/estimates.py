"""Estimates as rows: all of them, over time, and who benefits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.benefits.eagerness import TREND
from analysis.benefits.members import COLUMN
from analysis.benefits.spread import NAME as QUANTILE
from analysis.benefits.spread import SD_RATIO
from reports.names import arm_words
from reports.numbers import UNBOUNDED, plain, words
from reports.sections.over_time import BY_TIME, further_windows, is_by_month, is_by_time
from reports.shown import shown
from reports.tables.table import (
    P_VALUE,
    STUDY,
    WHOLE,
    Column,
    Table,
    Value,
    effect,
    figure,
    figures,
    fixed,
    texts,
)
from reports.wording.benefits import is_benefit, is_fifth, may_be_said, percentile
from reports.wording.tables import EVERYBODY, HIDDEN, NONE, ROLES, SHOWN

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate
    from reports.model import Report
    from reports.shown import Shown

FIGURES = (*figures("Estimate", "95 % low", "95 % high"), Column("Unit", width=20))
STATUS = texts(Status=14, Reason=50)
ARMS = texts(Arm=18, Compared_with=18)
_PEOPLE = figures("People", width=10)
_MONTHS = figures("First month", "Last month", width=8)


def estimates(report: Report) -> Table:
    """Every estimate of every study, the headline first."""
    order = list(ROLES)
    rows = tuple(
        (
            r.study, plain(e.name), ROLES[e.role], plain(e.estimand), plain(e.estimator),
            *_arms(e), words(e.subgroup or EVERYBODY), *_window(e), *with_interval(e), _error(e),
            hidden_or(e, e.p_value, NONE, P_VALUE), people(e),
            hidden_or(e, e.n_rows, HIDDEN["suppressed"], WHOLE), *status(e), plain(e.convention),
        )
        for r in report.releases
        for e in sorted(r.estimates, key=lambda e: order.index(e.role))
    )  # fmt: skip
    return Table(
        name="Estimates",
        about="Every estimate of every study, the answers, further windows and groups, other "
        "estimators, raw gaps and associations.",
        columns=(
            STUDY, *texts(Name=24, Role=16, Estimand=44, Estimator=36), *ARMS, *texts(Of=22),
            *_MONTHS, *FIGURES, *figures("Standard error", "p-value", "People", "Rows", width=10),
            *STATUS, *texts(Interval_by=100),
        ),
        rows=rows,
    )  # fmt: skip


def over_time(report: Report) -> Table:
    """Effects by event month, and of roll-outs by start and calendar month; further windows."""
    rows = tuple(
        (r.study, what, *_arms(e), words(e.subgroup or EVERYBODY), *_window(e), *with_interval(e),
         people(e), *status(e), plain(e.convention))
        for r in report.releases
        for what, e in _courses(r)
    )  # fmt: skip
    return Table(
        name="Over time",
        about="Effects by month since time zero, of roll-outs also by start and calendar month, "
        "and over further windows. The column Interval by says where intervals hold together.",
        columns=(STUDY, *texts(Course=18), *ARMS, *texts(Of=20), *_MONTHS, *FIGURES,
                 *_PEOPLE, *STATUS, *texts(Interval_by=100)),
        rows=rows,
    )  # fmt: skip


def _courses(release: Release) -> list[tuple[str, ReleasedEstimate]]:
    months = [("By month", e) for e in release.estimates if is_by_month(e)]
    times = [(BY_TIME[e.name], e) for e in release.estimates if is_by_time(e)]
    return months + times + [("Further window", e) for e in further_windows(release)]


def who_benefits(report: Report) -> Table:
    """Effects in the groups that studies declare, at quantiles, and by eagerness to join."""
    rows = tuple(
        (r.study, *_group(e), *_arms(e), *with_interval(e), people(e), *status(e))
        for r in report.releases
        for e in r.estimates
        if is_benefit(e)
    )
    return Table(
        name="Who benefits",
        about="Effects in declared groups only. That one group's interval excludes zero and "
        "another's does not is no difference between them: see the tests.",
        columns=(STUDY, *texts(By=22, Group=24), *ARMS, *FIGURES, *_PEOPLE, *STATUS),
        rows=rows,
    )


def _group(estimate: ReleasedEstimate) -> tuple[str, str]:
    """What the groups are made by, and the group."""
    name, group = estimate.name, words(estimate.subgroup or "")
    if name.startswith(COLUMN):
        by = words(name.removeprefix(COLUMN))
        return by, group.removeprefix(f"{by} ")
    if name.startswith(QUANTILE):
        return "quantile of the outcome", percentile(estimate)
    if name == SD_RATIO:
        return "spread of the outcome", "ratio of standard deviations"
    return "chance of joining", group if is_fifth(estimate) else "trend" * (name == TREND)


def tests(report: Report) -> Table:
    """Whether the effect differs between the groups of a variable."""
    rows = tuple(
        (
            r.study, words(t.variable), arm_words(t.arm), ", ".join(map(plain, t.levels)),
            figure(t.family, NONE, WHOLE),
            *(figure(p, HIDDEN.get(t.status, NONE), P_VALUE)
              for p in (t.p_value, t.p_holm, t.p_bh)),
            may_be_said(r, t), HIDDEN.get(t.status, SHOWN), plain(t.reason),
        )
        for r in report.releases
        for t in r.interactions
    )  # fmt: skip
    return Table(
        name="Subgroup tests",
        about="One test a declared variable that the effect is the same in all its groups, "
        "corrected over all tests declared (Holm, Benjamini-Hochberg).",
        columns=(
            STUDY, *texts(Variable=20, Arm=18, Groups=40), *figures("Tests declared", "p-value",
            "p, Holm", "p, BH", width=10), *texts(May_be_said=50, Status=14, Reason=50),
        ),
        rows=rows,
    )  # fmt: skip


def with_interval(estimate: ReleasedEstimate, figures: Shown | None = None) -> tuple[Value, ...]:
    """Estimate, both ends of its interval, and unit, on the scale printed."""
    known = figures or shown(estimate)
    if estimate.status != "released":
        return *(HIDDEN[estimate.status],) * 3, unit(known)
    return *interval(known, UNBOUNDED), unit(known)


def interval(known: Shown, no_end: str) -> tuple[Value, ...]:
    """Estimate and both ends of its interval; ``no_end`` stands for an end that is not there."""
    ends = (on_scale(known, v, no_end) for v in (known.low, known.high))
    return on_scale(known, known.value, NONE), *ends


def unit(known: Shown) -> str:
    """The unit of a figure, as in a column of its own."""
    return plain(known.unit_long).removeprefix("as a ")


def on_scale(known: Shown, value: float | None, words_: str) -> Value:
    """A figure beside the known one: a ratio, or an effect with its sign."""
    if known.null:
        return figure(value, words_, fixed(known.places))
    return effect(value, words_, known.places)


def hidden_or(estimate: ReleasedEstimate, value: float | None, words_: str, form: str) -> Value:
    """A figure of the estimate; the word for its status where it is not released."""
    if estimate.status != "released":
        return HIDDEN[estimate.status]
    return figure(value, words_, form)


def _error(estimate: ReleasedEstimate) -> Value:
    known = shown(estimate)
    return hidden_or(estimate, known.std_error, NONE, fixed(known.places))


def _arms(estimate: ReleasedEstimate) -> tuple[str, str]:
    return arm_words(estimate.arm), arm_words(estimate.comparison)


def _window(estimate: ReleasedEstimate) -> tuple[Value, ...]:
    return tuple(figure(month, NONE, WHOLE) for month in estimate.window)


def people(estimate: ReleasedEstimate) -> Value:
    """How many people it rests on, as released."""
    return hidden_or(estimate, estimate.n_people, HIDDEN["suppressed"], WHOLE)


def status(estimate: ReleasedEstimate) -> tuple[str, str]:
    """Whether it is shown, and why not."""
    return HIDDEN.get(estimate.status, SHOWN), plain(estimate.reason)
