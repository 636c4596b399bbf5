"""What placebo programmes found, in sentences and as a table, for report and terminal alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.calibration.summary import ALL, NOMINAL
from analysis.diagnostics.wording import per_cent, share_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.calibration.summary import Calibration, Line, Share

KINDS = {
    "random": "random people",
    "matched": "people as likely to join as the real ones",
    ALL: "all of them",
}
COLUMNS = (
    "Who joined",
    "Programmes",
    "Claimed",
    "Withheld",
    "p < .05, unchecked",
    "Zero inside",
    "Raw gap p < .05",
)
TOO_MANY = (
    "That is more than chance allows: on these data the intervals are too narrow, or the checks "
    "let pass what they should withhold. Trust the answer of this study one grade less, and see in "
    "the table which programmes were claimed."
)
AS_CHANCE = "Chance alone can give that many."
MOSTLY_WITHHELD = (
    "The checks withheld most answers, so little could be claimed; p-values unchecked say more "
    "about the intervals."
)
_MOST = 0.5
_SITES = "sites dealt anew"


def in_words(item: Calibration) -> Iterator[str]:
    """The sentences of a study: the false claims, what they mean, and the raw gap's."""
    total = item.total
    if total is None:
        yield f"No placebo programme could be drawn: {item.reason}."
        return
    claimed = total.claimed
    yield (
        f"On your data this method claimed an effect in {_share(claimed)} of {claimed.of:,} "
        f"programmes that did not exist (95 % interval {100 * claimed.low:.1f} to "
        f"{100 * claimed.high:.1f} %; nominal {per_cent(NOMINAL)} %)."
    )
    if item.too_many:
        yield TOO_MANY
    elif (total.withheld.value or 0) > _MOST:
        yield MOSTLY_WITHHELD
    else:
        yield AS_CHANCE
    if total.naive.of:
        yield f"The raw gap would have been taken for an effect in {_share(total.naive)}."
    for line in item.lines:
        if line.reason:
            yield f"No programmes of {KINDS[line.kind]}: {line.reason}."


def lines_of(item: Calibration) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns, and a row a kind of placebo programme; the total only where there are several."""
    shown = [line for line in item.lines if line.programmes]
    kinds = shown if len(shown) > 2 else shown[:1]
    return COLUMNS, [_row(item, line) for line in kinds]


def who_joined(item: Calibration, line: Line) -> str:
    """Who was in the placebo programmes of this line."""
    return _SITES if item.design == "rollout" else KINDS[line.kind]


def _row(item: Calibration, line: Line) -> tuple[str, ...]:
    shares = (line.claimed, line.withheld, line.ungated, line.covered, line.naive)
    return (who_joined(item, line), f"{line.programmes:,}", *(_share(s) for s in shares))


def _share(found: Share) -> str:
    return "–" if found.value is None else share_text(found.value)
