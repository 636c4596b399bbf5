"""What the attacker learns of one firm: from figures under the rule of ten alone, and protected."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from tests.disclosure import counts, pay
from tests.disclosure.firms import draw_firm
from tests.disclosure.printed import size_rule_only
from tests.disclosure.released import release

if TYPE_CHECKING:
    from tests.disclosure.firms import Firm

BARE_MONTHS = 2  # of bare counts that are attacked: months are alike, and not linked
STAFFED = 4  # every fourth firm hires nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """The rule of ten alone: hidden counts told exactly and nearly, leavers' salaries told."""

    hidden: int
    exact: int
    near: int
    leavers: int
    leavers_exact: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """Protected tables: cells by what became of them, and what is told all the same.

    ``large``: cells not too small to be shown for what they are; of them ``lost`` have no figure
    and ``stand`` has an earlier one. ``exact``, ``near``: counts without a figure that are told.
    ``salaries_exact``, ``salaries_close``: sums of fewer than ten salaries; ``headcounts``: means
    that tell how many people they are of.
    """

    large: int
    small: int
    lost: int
    stand: int
    exact: int
    near: int
    salaries_exact: int
    salaries_close: int
    headcounts: int


def firm_of(seed: int, **sizes: int) -> Firm:
    """The firm of a seed; every fourth hires nobody."""
    return draw_firm(seed, **sizes, hires=seed % STAFFED != 0)


def bare(firm: Firm) -> Bare:
    """The attack on figures that only the rule of ten was kept for."""
    told = counts.attack(firm.first(BARE_MONTHS), size_rule_only(firm.first(BARE_MONTHS)))
    known = pay.known(firm, size_rule_only(firm).means, programming=False)
    return Bare(
        hidden=len(told.counts),
        exact=int(told.exact.sum()),
        near=int(told.near.sum()),
        leavers=known.leavers,
        leavers_exact=known.leavers_exact,
    )


def protected(firm: Firm) -> Protected:
    """The attack on what `protect()` prints."""
    made = release(firm)
    told = counts.attack(firm, made.printed)
    known = pay.known(firm, made.printed.means, programming=True)
    return Protected(
        large=made.cells("shown", "stands", "hidden"),
        small=made.cells("small"),
        lost=made.cells("hidden"),
        stand=made.cells("stands"),
        exact=int(told.exact.sum()),
        near=int(told.near.sum()),
        salaries_exact=known.exact,
        salaries_close=known.close,
        headcounts=pay.headcounts(firm, made.printed.means),
    )


HEAD = (
    "firm",
    *(f"bare_{f.name}" for f in fields(Bare)),
    *(f.name for f in fields(Protected)),
)

Row = dict[str, int]


def row_of(seed: int) -> Row:
    """What is learned of the firm of a seed, by HEAD."""
    firm = firm_of(seed)
    with threadpool_limits(1):
        known = {f"bare_{k}": v for k, v in asdict(bare(firm)).items()}
        return {"firm": seed, **known, **asdict(protected(firm))}
