"""Checks of the studies, their limits, and what placebo programmes found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics.limits import LIMITS
from reports.numbers import plain
from reports.sections.checks import limits_used
from reports.tables.table import STUDY, WHOLE, Table, Value, figure, figures, texts
from reports.wording.calibration import who_joined
from reports.wording.tables import IN_WORDS, NONE, RESULTS

if TYPE_CHECKING:
    from analysis.calibration.summary import Line, Share
    from analysis.diagnostics.limits import UsedLimit
    from reports.model import Report


def diagnostics(report: Report) -> Table:
    """Every check with figure, limits, result and remedy."""
    return Table(
        name="Diagnostics",
        about="Every check: figure, limits, result, and what to do where it objected. A warning "
        "lowers the grade one step; a failure withholds the study.",
        columns=(
            STUDY, *texts(Check=44, Result=10), *figures("Value"),
            *texts(As_printed=30, Limits=34, What_to_do=50, Name=26),
        ),
        rows=tuple(
            (r.study, plain(d.label), RESULTS[d.status], figure(d.value, IN_WORDS),
             plain(d.display), plain(d.threshold), plain(d.remedy), d.name)
            for r in report.releases
            for d in r.diagnostics
        ),
    )  # fmt: skip


_UNITS = {"p": "p-value", "share": "share, as a fraction", "SD": "standard deviations"}


def limits(report: Report) -> Table:
    """The limits of the checks, each once: they are the project's."""
    return Table(
        name="Limits",
        about="The limits that checks were held against, with the source of each default.",
        columns=(
            *texts(Limit=40, Then_the_check=30, In_words=20), *figures("Value", "Default"),
            *texts(Unit=20, Set_by=14, Looser_than_the_default=12, Source_of_the_default=50,
                   Name=28),
        ),
        rows=tuple(
            (x.words, x.does, x.display, figure(x.value, NONE), figure(x.default, NONE),
             _unit(x), x.set_by, "yes" if x.looser else "no", x.source, x.name)
            for x in limits_used(report.releases)
        ),
    )  # fmt: skip


def _unit(limit: UsedLimit) -> str:
    unit = LIMITS[limit.name].unit
    return _UNITS.get(unit, unit)


_UNIT = "share of programmes"
_SHARES = ("claimed", "withheld", "ungated", "covered", "naive")


def calibration(report: Report) -> Table:
    """What the method said of programmes that did not exist; every claim is false."""
    rows = [
        row
        for c in report.calibrations
        for row in (
            [(c.study, who_joined(c, line), *_placebos(line)) for line in c.lines]
            or [(c.study, *(NONE,) * (len(_SHARES) + 5), _UNIT, plain(c.reason))]
        )
    ]
    return Table(
        name="Calibration",
        about="Placebo programmes from the company's own past: every effect claimed of them is "
        "false, and 5 % are to be expected.",
        columns=(
            STUDY, *texts(Who_joined=30),
            *figures("Programmes", "Effects claimed", "Claimed, share", "95 % low", "95 % high",
                     "Withheld, share", "p < .05, unchecked", "Zero inside", "Raw gap p < .05"),
            *texts(Unit=20, Reason=40),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _placebos(line: Line) -> tuple[Value, ...]:
    claimed: Share = line.claimed
    ends = (claimed.low, claimed.high) if claimed.of else (None, None)
    others = (getattr(line, name).value for name in _SHARES[1:])
    shares = (figure(v, NONE, "0.0%") for v in (claimed.value, *ends, *others))
    counts = (figure(n, NONE, WHOLE) for n in (line.programmes, claimed.count))
    return *counts, *shares, _UNIT, plain(line.reason)
