"""The released tables as plain values, in the order of their sheets: one function a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.tables.balance import balance, overlap, weights
from reports.tables.checks import calibration, diagnostics, limits
from reports.tables.curves import curves
from reports.tables.data import data_checks, files, how_read, rows_set_aside
from reports.tables.estimates import estimates, over_time, tests, who_benefits
from reports.tables.literature import literature
from reports.tables.money import money
from reports.tables.provenance import provenance
from reports.tables.since import since
from reports.tables.studies import answers, funnel, groups, studies

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.model import Report
    from reports.tables.table import Table

TABLES: tuple[Callable[[Report], Table], ...] = (
    answers,
    since,
    studies,
    estimates,
    diagnostics,
    limits,
    balance,
    overlap,
    weights,
    over_time,
    curves,
    funnel,
    groups,
    who_benefits,
    tests,
    calibration,
    literature,
    money,
    files,
    rows_set_aside,
    how_read,
    data_checks,
    provenance,
)


def released_tables(report: Report) -> tuple[Table, ...]:
    """Every table of the report, those without a row included."""
    return tuple(make(report) for make in TABLES)
