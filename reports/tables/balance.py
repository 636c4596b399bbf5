"""How alike the groups were as rows: differences, where their choices overlap, and the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.names import arm_words
from reports.numbers import plain
from reports.sections.balance import check_of
from reports.tables.estimates import ARMS, STATUS
from reports.tables.table import (
    STUDY,
    WHOLE,
    Column,
    Table,
    Value,
    counted,
    figure,
    figures,
    fixed,
    texts,
)
from reports.wording.balance import EFFECTIVE, EXTREME, HEAVIEST, LARGEST, covariate_words, stays
from reports.wording.tables import HIDDEN, IN_WORDS, NONE, SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.disclosure import Release
    from analysis.released_balance import ReleasedBalance
    from reports.model import Report

_SD, _HIDDEN, _PER_CENT = "standard deviations", HIDDEN["suppressed"], "0%"
_TWO = fixed(2)
Row = tuple[Value, ...]


def balance(report: Report) -> Table:
    """Love plots: a row a difference, with its sign; then what may not be shown, and why."""
    return Table(
        name="Balance",
        about="How alike the groups were before the start: standardised differences, arm less "
        "comparison, as found and once weighted. They say nothing of the outcome, so they stand "
        "for a withheld study too.",
        columns=(
            STUDY, *ARMS, *texts(Measured_before=40, Category=22),
            *figures("Difference before", "Difference after", "Limit after"),
            Column("Unit", width=18), *figures("Steps of categories", width=10),
            *figures("People in the arm", "People compared", width=10), *STATUS,
        ),
        rows=tuple(row for r, b in _pairs(report) for row in _differences(r, b)),
    )  # fmt: skip


def overlap(report: Report) -> Table:
    """Shares of each side by preference score."""
    rows = (
        (*_who(r, b), arm_words(b.arm if x.side == "treated" else b.comparison),
         figure(x.low, NONE, fixed(1)), figure(x.high, NONE, fixed(1)),
         figure(x.share, NONE, _PER_CENT),
         "share of people, once a trial" if b.trials else "share of people")
        for r, b in _pairs(report)
        for x in b.overlap
    )  # fmt: skip
    return Table(
        name="Overlap",
        about="Of groups that people chose: the share of each by tenth of the preference score, "
        "the chance of joining were half to join. From 0.3 to 0.7 the choice was open.",
        columns=(STUDY, *ARMS, *texts(Share_of=18),
                 *figures("Score from", "Score to", "Share", width=10), Column("Unit", width=28)),
        rows=tuple(rows),
    )  # fmt: skip


def weights(report: Report) -> Table:
    """What the weights of each comparison do."""
    return Table(
        name="Weights",
        about="Of comparisons that are weighted: as how many people they count, and how far a few "
        "carry them.",
        columns=(STUDY, *ARMS, *texts(What=70), *figures("Figure"), Column("Unit", width=24)),
        rows=tuple(
            (*_who(r, b), *row)
            for r, b in _pairs(report)
            if b.weights is not None
            for row in _weights(r, b)
        ),
    )


def _pairs(report: Report) -> Iterator[tuple[Release, ReleasedBalance]]:
    return ((r, b) for r in report.releases for b in r.balances)


def _who(release: Release, found: ReleasedBalance) -> tuple[str, str, str]:
    return release.study, arm_words(found.arm), arm_words(found.comparison)


def _differences(release: Release, found: ReleasedBalance) -> Iterator[Row]:
    who = _who(release, found)
    if found.status != "released":
        yield (*who, NONE, "", *(_HIDDEN,) * 3, _SD, *(_HIDDEN,) * 3, _HIDDEN,
               plain(found.reason))  # fmt: skip
        return
    limit, step = figure(found.limit, NONE, _TWO), figure(found.step, NONE)
    people = tuple(figure(n, NONE, WHOLE) for n in (found.n_treated, found.n_comparison))
    for row in found.rows:
        both = (_difference(row.before), _difference(row.after))
        yield (*who, covariate_words(row.covariate), plain(row.level), *both, limit, _SD, step,
               *people, SHOWN, "")  # fmt: skip
    for covariate, why in found.left_out:
        yield (*who, covariate_words(covariate), "all, or some", *(_HIDDEN,) * 2, limit, _SD,
               step, *people, _HIDDEN, plain(why))  # fmt: skip


def _difference(value: float | None) -> Value:
    return figure(value, NONE, "+0.00;-0.00;0.00")


def _weights(release: Release, found: ReleasedBalance) -> Iterator[Row]:
    w = found.weights
    if w is None:
        return
    if known := check_of(release, "effective_sample_size", found.arm):
        yield EFFECTIVE, figure(known.value, plain(known.display) or IN_WORDS, WHOLE), "people"
    if w.heaviest is not None:
        yield HEAVIEST, figure(w.heaviest, NONE, _PER_CENT), "share of the weight"
    for per_cent, weight in w.percentiles:
        yield stays(per_cent), figure(weight, NONE, _TWO), "weight over the mean"
    if w.largest is not None:
        yield LARGEST, figure(w.largest, NONE, "0.00%"), "share of the weight"
    if w.extreme:
        yield EXTREME, counted(w.extreme), "people"
