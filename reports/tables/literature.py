"""What others found, as rows: trials read in the source first, what was not verified last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.literature import families, on_shelf
from reports.literature import figure as figure_of
from reports.numbers import plain
from reports.tables.estimates import FIGURES, interval
from reports.tables.table import WHOLE, Table, Value, figure, figures, texts
from reports.wording.literature import (
    DESIGN,
    FAMILY,
    NOT_A_WORKPLACE,
    NOT_VERIFIED,
    UNITS,
    citation,
)
from reports.wording.tables import IN_WORDS, NONE

if TYPE_CHECKING:
    from reports.literature import Found
    from reports.model import Report


def literature(report: Report) -> Table:
    """Entries of the families of outcomes that the studies ask about."""
    found = [f for name in families(report.releases) for f in on_shelf(report.shelf, name)]
    return Table(
        name="What others found",
        about="Published figures on the outcomes asked about, with a trust grade (A to D). Trials "
        "read in the source stand first; what was not verified stands last and is no yardstick.",
        columns=(
            *texts(Source=44, Design=24, Read_in_the_source=14, Trust=8,
                   Family=20, Outcome=30, Who=30, Window=18, Finding=50), *FIGURES,
            *figures("Standard error", "People", width=10),
            *texts(Setting=20, Read_in=40, Caveat=50, How_it_bears=50),
        ),
        rows=tuple(_entry(f) for f in sorted(found, key=_order)),
    )  # fmt: skip


def _order(found: Found) -> tuple[bool, bool]:
    return not found.entry.verified, found.source.design != "randomised"


def _entry(found: Found) -> tuple[Value, ...]:
    source, entry, known = found.source, found.entry, figure_of(found.entry)
    if known is None:
        shown: tuple[Value, ...] = (IN_WORDS, IN_WORDS, IN_WORDS, "")
    else:
        shown = (*interval(known, NONE), UNITS.get(known.unit, known.unit))
    return (
        plain(citation(found)), DESIGN[source.design],
        "yes" if entry.verified else NOT_VERIFIED, entry.grade, FAMILY[entry.family],
        plain(entry.outcome), plain(entry.who), plain(entry.window), plain(entry.finding), *shown,
        figure(entry.std_error, NONE), figure(entry.n, NONE, WHOLE),
        NOT_A_WORKPLACE.get(source.setting, "workplace"), plain(entry.read_in),
        plain(entry.caveat), plain(entry.bears.any),
    )  # fmt: skip
