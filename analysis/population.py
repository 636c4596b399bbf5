"""Attributes of people as they stood when they started, and who satisfies a study's population."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analysis.errors import SpecError
from analysis.funnel import BASE_COLUMNS, attribute_names
from analysis.study import Range

if TYPE_CHECKING:
    from analysis.study import StudySpec

Rule = Range | tuple[str, ...]
OURS = ("person", "arm", "cluster", "take_up", "mentored", "pre_outcome", "pre_period_outcome")


def with_attributes(
    spec: StudySpec, people: pd.DataFrame, attributes: pd.DataFrame, day: str
) -> pd.DataFrame:
    """The rows of people with one text column for each attribute the study names.

    Of several versions the last that was known on ``day`` (a column of ``people``) counts: what
    was delivered after the start may be a result of it. Where none was known by then the first
    stands in, since many exports are delivered once, at the end.
    """
    names = attribute_names(spec)
    if taken := sorted({*names} & {*people.columns, *OURS}):
        raise SpecError(
            "adjust_for, population, strata, cluster or dose",
            f"{', '.join(taken)}: is a word of ours, not an attribute of people",
            "Name an attribute; one of your own by this name must be loaded under another.",
        )
    found = set(attributes["attribute"].unique())
    missing = [n for n in names if n not in found]
    if missing:
        raise SpecError(
            "adjust_for, population, strata, cluster or dose",
            f"{', '.join(missing)}: no such attribute of people",
            f"Load it under `attributes`, or use one of {', '.join(BASE_COLUMNS)}, "
            "pre_period_outcome.",
        )
    made = people.reset_index(drop=True)
    rows = made[["person_no", day]].reset_index(names="row").merge(attributes, on="person_no")
    known, start = pd.to_datetime(rows["known_from"]), pd.to_datetime(rows[day])
    rows = rows[known.gt(start) | pd.to_datetime(rows["known_to"]).gt(start) | start.isna()]
    age = (start - known).dt.days.reindex(rows.index)
    rows = rows.assign(late=age < 0, distance=age.abs()).sort_values(
        ["row", "attribute", "late", "distance"], kind="stable"
    )
    chosen = rows.drop_duplicates(["row", "attribute"])
    wide = chosen.pivot(index="row", columns="attribute", values="value")
    return made.join(wide.reindex(columns=list(names)))


def rule_words(rule: Rule) -> str:
    """The rule as printed: "from 2 to 5", "sales or corporate"."""
    if isinstance(rule, Range):
        return " ".join(
            f"{word} {limit:g}"
            for word, limit in (("from", rule.min), ("to", rule.max))
            if math.isfinite(limit)
        )
    return " or ".join(rule)


def matches(values: pd.Series[str], rule: Rule) -> pd.Series[bool]:
    """Whether each value satisfies the rule; what is not known does not."""
    if isinstance(rule, Range):
        numbers = pd.to_numeric(values, errors="coerce")
        return numbers.between(rule.min, rule.max)
    return values.astype(str).isin(rule)
