"""How alike two groups were before the start, where their choices overlap, and what weights do."""

from __future__ import annotations

from dataclasses import dataclass

BINS = 10  # tenths of the preference score


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """Standardised mean difference of one column, treated less comparison.

    ``before`` as found; ``after`` with the comparison weighted, None where nothing is weighted.
    ``groups``: people (treated, comparison) that the figure counts, those of ``level`` first; empty
    where the column is a number of many values.
    """

    covariate: str
    level: str
    before: float
    after: float | None
    groups: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Treated and compared in each tenth of the preference score (Walker et al. 2013).

    ``least``: people who surely are among those compared in each tenth. In sequential trials one
    person is compared many times, and ``comparison`` counts each; else the two are the same.
    """

    treated: tuple[int, ...]
    comparison: tuple[int, ...]
    least: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights of the comparison's ``people``, divided by their mean.

    ``percentiles``: (per cent of people below, weight). ``heaviest``: share of all weight that the
    tenth of people with the largest weights carries; ``largest``: that of one person.
    ``extreme``: people with a chance of joining outside the limits of trimming, of all people in
    both groups; None where no estimate leaves anybody out.
    """

    people: int
    percentiles: tuple[tuple[int, float], ...]
    heaviest: float
    largest: float
    extreme: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One treated arm beside the comparison; ``people`` are (treated, comparison).

    ``rest``: of each covariate with categories the people (treated, comparison) in a category
    without a row: the first one, and where it is not recorded. ``limit``: that of a difference
    after weighting, None where single differences are not gated. ``trials``: groups are compared
    at the baselines of sequential trials.
    """

    arm: str
    comparison: str
    people: tuple[int, int]
    rows: tuple[BalanceRow, ...]
    rest: tuple[tuple[str, tuple[int, int]], ...] = ()
    limit: float | None = None
    trials: bool = False
    overlap: Overlap | None = None
    weights: Weights | None = None
