"""The words of tables that are read alone: roles, what stands for a number, how to read them."""

from __future__ import annotations

from reports.numbers import UNBOUNDED

ROLES: dict[str, str] = {
    "headline": "headline",
    "secondary": "secondary",
    "naive": "raw gap, not an effect",
    "association": "association, not an effect",
}
# What stands in the place of a figure that is not released.
HIDDEN: dict[str, str] = {
    "withheld": "withheld",
    "suppressed": "not shown",
    "not_estimable": "not estimable",
}
SHOWN, NONE, IN_WORDS = "shown", "none", "in words"
RESULTS: dict[str, str] = {"pass": "pass", "warn": "warning", "fail": "failure", "note": "note"}
EVERYBODY = "everybody"
CURVES: dict[str, str] = {
    "standardised_incidence": "share who have left, alike people",
    "aalen_johansen": "share who have left, as observed (Aalen-Johansen)",
    "kaplan_meier": "share still employed, as observed (Kaplan-Meier)",
}
SEVERAL_TIMES = "exits in all trials: one person may count several times"
PEOPLE_ONCE = "people"

WHAT_THIS_IS = (
    "The tables of the report as numbers, one table a sheet. It is made of the same released "
    "figures as report.html and findings.json, by the same run. It computes nothing: there is no "
    "formula, link, macro or picture in it."
)
HOW_TO_READ = (
    "An effect is read with its 95 % interval, which stands beside it in columns of its own. The "
    "raw gap is what one would have concluded from who took part; it is no effect. Each number has "
    "its unit in the column Unit; differences of shares are in percentage points. The column Study "
    "has the same name on every sheet."
)
PRECISION = (
    "Cells show as many digits as the interval bears; the cell holds the figure as released, for "
    "whoever computes with it."
)
EXACT = "The data are published, so counts of people are exact."
ROUNDED = (
    "People are protected. Counts are rounded to 5, groups under {few} print as <{few}, and where "
    "a remainder would tell of them a bound stands (≥150). Curves are made of counts rounded to "
    "the middle of six and step at ends of months alone; estimates are rounded to three digits of "
    "their standard error. File rows are rounded like people, since many files have a line a "
    "person. Rounded parts need not add up to their sum."
)
INSTEAD: tuple[tuple[str, str], ...] = (
    ("withheld", "A check of the study failed: no number of it is shown, the raw gap included."),
    ("not shown", "Too few people to show it, or it would tell of a group that is too small."),
    ("not estimable", "The data give no such figure; the column Reason says why."),
    (UNBOUNDED, "The interval is open on this side."),
    ("none", "There is no such figure of this row: not every estimate has a p-value, say."),
    ("in words", "The figure is no single number; it is printed beside."),
)
LEFT_OUT = "Sheets without a row are left out of this workbook"
