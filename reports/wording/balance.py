"""What is said of how alike the groups were, where they overlap, and what the weights do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.names import arm_words, upper_first
from reports.numbers import NBSP, THIN, as_per_cent, number, plain, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import Release
    from analysis.released_balance import ReleasedBalance, ReleasedRow

PLACES = 2
FINE = 0.01  # steps of two decimals need no word
NOT_RECORDED = " missing"  # ends the name of the mark that something is not recorded
_SQUARED = " squared"
# Columns of models that say when a trial begins; nobody's traits.
_CALENDAR = ("year", "season ")
_NAMES = {
    "pre_period_outcome": "outcome before the start",
    "tenure_months": "tenure",
    "season sin1": "season of the year (sine)",
    "season cos1": "season of the year (cosine)",
    "season sin2": "season of the half-year (sine)",
    "season cos2": "season of the half-year (cosine)",
    "tenure from": "tenure",
}
_UNIT_OF_LEVEL = {"tenure from": f"from {{level}}{NBSP}months"}

EFFECTIVE = "Effective size of the comparison (Kish)"
HEAVIEST = "Weight carried by the tenth of people with the largest weights"
LARGEST = "Weight carried by the one person with the largest"
EXTREME = f"People with a chance of joining outside 10 to 90{THIN}%, left out once trimmed"

NOT_MEASURED = (
    "What was not measured, such as ambition or a pending offer elsewhere, may still differ. That "
    "is why a programme that people chose cannot be graded Randomised."
)
DRAWN = (
    "Chance alone leaves some difference in any draw, so single differences are shown and not "
    "gated; the check above tests them together. On average a draw makes alike what was not "
    "measured, too."
)
ROLL_OUT = (
    "Nothing is weighted, and single differences are not gated: sites are compared by how their "
    "outcomes develop, so what differs for good cancels. What makes outcomes develop differently "
    "does not; the check of the development before the start looks at that."
)


def covariate_words(covariate: str) -> str:
    """A covariate as it reads inside a sentence."""
    if covariate.endswith(NOT_RECORDED):
        return f"{covariate_words(covariate.removesuffix(NOT_RECORDED))}, not recorded"
    if covariate.endswith(_SQUARED):
        return f"{covariate_words(covariate.removesuffix(_SQUARED))}, squared"
    name = _NAMES.get(covariate) or words(covariate).replace(".", ", ")
    return name if any(c.isupper() for c in name[1:2]) else name[:1].lower() + name[1:]


def row_words(row: ReleasedRow) -> str:
    """One line of the love plot as it reads inside a sentence."""
    level = _UNIT_OF_LEVEL.get(row.covariate, "{level}").format(level=plain(row.level))
    name = covariate_words(row.covariate)
    return f"{name}: {level}" if row.level else name


def is_calendar(row: ReleasedRow) -> bool:
    """Whether the line is about when trials begin."""
    return row.covariate.startswith(_CALENDAR)


def finding(balance: ReleasedBalance) -> str:
    """The title of a love plot: the largest difference left, and the largest before."""
    rows = [r for r in balance.rows if not is_calendar(r)] or list(balance.rows)
    if not rows:
        return "Nothing that was measured may be shown"
    before = max(rows, key=lambda r: abs(r.before))
    was = _size(before.before)
    left = [(abs(r.after), r) for r in balance.rows if r.after is not None]
    if not left:
        what = "measured difference" if len(rows) == 1 else f"largest of {len(rows)} differences"
        return f"The {what} is {was}, in {row_words(before)}"
    after, worst = max(left, key=lambda pair: pair[0])
    what = "difference shown" if balance.left_out else "measured difference"
    then = f"before, {row_words(before)} differed by {was}"
    if balance.limit is not None and after > balance.limit:
        return f"After weighting, {row_words(worst)} still differs by {_size(after)}; {then}"
    return f"After weighting, no {what} is above {_size(after)}; {then}"


def _size(value: float) -> str:
    return number(abs(value), PLACES)


def measured(release: Release, balance: ReleasedBalance, mark: float) -> str:
    """Unit and legend of a love plot, in words."""
    text = "Absolute difference in standard deviations. "
    if any(r.after is not None for r in balance.rows):
        return f"{text}Hollow: before. Filled: after weighting. Dashed: limit."
    how = "as drawn" if release.design == "randomised" else "as first seen"
    return f"{text}Hollow: {how}. Dashed: {mark:g}, above which a difference is not small."


def source(balance: ReleasedBalance) -> str:
    """Whom the differences are between."""
    arm, other = arm_words(balance.arm), arm_words(balance.comparison)
    pair = f"{_people(balance.n_treated)} {arm} and {_people(balance.n_comparison)} {other}"
    if balance.trials:
        return f"Source: {pair}, at the baseline of each trial they are in."
    return f"Source: {pair}, as they were before the start."


def _people(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def footnote(release: Release, balance: ReleasedBalance) -> str:
    """What the plot does not say."""
    if balance.limit is not None:
        return NOT_MEASURED
    return DRAWN if release.design == "randomised" else ROLL_OUT


def left_out(balance: ReleasedBalance) -> str:
    """Which covariates have lines that may not be shown, and how coarse the others are."""
    names: dict[str, list[str]] = {}
    for covariate, why in balance.left_out:
        names.setdefault(why, []).append(covariate_words(covariate))
    said = [f"No line, or not all, for {', '.join(n)}: {why}." for why, n in names.items()]
    counted = any(r.level or r.covariate.endswith(NOT_RECORDED) for r in balance.rows)
    if balance.step and balance.step > FINE and counted:
        said.append(
            f"Differences of categories before weighting are in steps of up to {balance.step:g}, "
            "the coarser the rarer the category, so that nobody can be counted."
        )
    return " ".join(said)


def overlap_finding(near: str, is_open: str, arm: str, trials: bool) -> str:
    """The title of the overlap: who has somebody near, and whose choice was open."""
    known = [text for text in (near, is_open) if text.endswith("%")]
    if len(known) < 2:
        return "Where the choices of the two groups overlap"
    whose = "months" if trials else "people"
    near, is_open = (text.replace(" %", f"{THIN}%") for text in (near, is_open))
    lead = upper_first(near)
    return (
        f"{lead} of “{arm_words(arm)}” have a comparator near them; the choice was open "
        f"for {is_open} of {whose}"
    )


def weights_finding(balance: ReleasedBalance, effective: str) -> str:
    """The title of the weights: as how many people the comparison counts."""
    size = f"The {_people(balance.n_comparison)} people compared"
    if not effective.endswith("people"):
        return "How evenly the comparison is weighted"
    return f"{size} count as {effective} once weighted"


def weights_rows(balance: ReleasedBalance, effective: str) -> Sequence[tuple[str, str]]:
    """Lines of the table of weights: what, and its figure."""
    found = balance.weights
    if found is None:
        return ()
    rows = [(EFFECTIVE, effective)]
    if found.heaviest is not None:
        rows.append((HEAVIEST, as_per_cent(found.heaviest)))
    rows += [(stays(per_cent), _weight(weight)) for per_cent, weight in found.percentiles]
    if found.largest is not None:
        rows.append((LARGEST, f"{100 * found.largest:.2g}{THIN}%"))
    if found.extreme:
        rows.append((EXTREME, found.extreme))
    return rows


def stays(per_cent: int) -> str:
    """The line of a percentile of the weights."""
    place = "half of people" if per_cent == 50 else f"{per_cent}{THIN}% of people"
    return f"Weight that {place} stay below, where the mean is 1"


def _weight(value: float) -> str:
    return number(value, 1 if value >= 1 else PLACES)
