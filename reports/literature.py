"""What others found beside what was found here: which figures may be drawn together."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

from analysis.literature import NOT_SHOWN, Family, family_of
from reports.numbers import measure
from reports.shown import Shown, has_figure, shown

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from analysis.literature import Entry, Shelf, Source, Unit

Place = Literal["below", "compatible", "among", "above"]

# Figures on these scales may stand beside ours; a correlation or a changed chance may not.
DRAWN: tuple[Unit, ...] = ("%", "points", "SD")
# Which way is good, so that a figure of ours with the other sense is not drawn among them.
HIGHER_IS: dict[Family, str] = {
    "performance": "better",
    "turnover": "worse",
    "turnover_intention": "worse",
    "attitudes": "better",
    "career": "better",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One entry with the source it is from."""

    source: Source
    entry: Entry

    @property
    def is_trial(self) -> bool:
        """Whether it is a figure of a randomised trial at a workplace, read in the source."""
        at_work = self.source.design == "randomised" and self.source.setting == "workplace"
        return at_work and self.entry.verified and self.entry.estimate is not None


def families(releases: tuple[Release, ...]) -> tuple[Family, ...]:
    """The families of outcomes that the studies ask about, in a fixed order."""
    asked = {family(r) for r in releases}
    return tuple(f for f in get_args(Family) if f in asked)


def family(release: Release) -> Family:
    """The family of a study's outcome."""
    return family_of(release.outcome_kind, release.outcome_metric)


def on_shelf(shelf: Shelf, wanted: Family | None = None) -> tuple[Found, ...]:
    """Entries that may be shown: best grade first, workplaces before others, then as filed."""
    found = [
        Found(source=source, entry=entry)
        for source in shelf
        if source.setting not in NOT_SHOWN
        for entry in source.entries
        if wanted is None or entry.family == wanted
    ]
    return tuple(sorted(found, key=_order))


def _order(found: Found) -> tuple[str, bool, bool]:
    return found.entry.grade, found.source.setting != "workplace", not found.entry.verified


def figure(entry: Entry) -> Shown | None:
    """The entry's figure as printed, with the digits that the source gives."""
    if entry.estimate is None or entry.unit is None:
        return None
    low, high = entry.interval or (None, None)
    given = [Decimal(str(v)).normalize().as_tuple().exponent for v in (entry.estimate, low, high)
             if v is not None]  # fmt: skip
    return Shown(
        value=entry.estimate,
        low=low,
        high=high,
        std_error=entry.std_error,
        places=max(0, *(-e for e in given if isinstance(e, int))),
        unit=entry.unit,
        unit_long=entry.unit,
    )


def own_figure(release: Release) -> Shown | None:
    """The study's headline, where it is shown."""
    head = release.headline
    if release.grade == "Withheld" or not has_figure(head):
        return None
    return shown(head)


def unit_beside_others(release: Release) -> str:
    """The scale on which the study's headline may be drawn among others; empty where on none."""
    unit = measure(release.headline.unit).short
    same_sense = release.higher_is == HIGHER_IS[family(release)]
    return unit if unit in DRAWN and same_sense else ""


def place(ours: Shown, theirs: Shown) -> Place:
    """Where our figure lies: below or above only where the intervals that are known exclude it."""
    low = ours.value if ours.low is None and ours.high is None else ours.low
    high = ours.value if ours.low is None and ours.high is None else ours.high
    their_low = theirs.value if theirs.low is None else theirs.low
    their_high = theirs.value if theirs.high is None else theirs.high
    if high is not None and their_low is not None and high < their_low:
        return "below"
    if low is not None and their_high is not None and low > their_high:
        return "above"
    return "compatible"
