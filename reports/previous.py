"""The report before this one: what it released, and which facts of its run differ from this run's.

Released values and facts about files and code only. Counts of people are left out: two counts shown
one after the other would give away the few people who came or went between them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from analysis.disclosure import ReleasedEstimate
from reports.names import study_title
from reports.shown import has_figure
from reports.wording.exits import counts_people

if TYPE_CHECKING:
    from analysis.disclosure import Release

_OBJECTS = ("warn", "fail")
_REGISTERED = "registered_study"  # a changed question is a cause, and said as one
_COUNTS = ("n_people", "n_rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A study as a report released it; ``in_people``: printed as people of 100.

    ``objections`` are the labels of the checks that warned or failed.
    """

    study: str
    title: str
    grade: str
    exploratory: bool
    as_of: str
    headline: ReleasedEstimate
    in_people: bool
    objections: tuple[str, ...] = ()

    @property
    def shows(self) -> bool:
        """Whether its number may be shown."""
        return self.grade != "Withheld" and has_figure(self.headline)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A fact that differs between two runs and may have moved a number.

    ``kind`` is a key of ``reports.wording.changes.CAUSES``; ``months`` by how much time moved on;
    ``detail`` names versions.
    """

    kind: str
    months: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """The run that was published before this one, in the same output folder.

    ``kept``: what it released is still there, and may be shown; else there is nothing to compare
    with. ``looser``: it is there, of a report under looser rules of disclosure. ``causes`` are
    those of a study that both runs answered. ``splits``: `mentorlift diff` can take them apart.
    """

    run: str
    as_known_at: str = ""
    kept: bool = True
    looser: bool = False
    studies: tuple[Earlier, ...] = ()
    causes: dict[str, tuple[Cause, ...]] = field(default_factory=dict)
    splits: bool = True


def earlier(release: Release) -> Earlier:
    """What of a release a later report compares with."""
    return Earlier(
        study=release.study,
        title=study_title(release),
        grade=release.grade,
        exploratory=release.exploratory,
        as_of=release.as_of,
        headline=replace(release.headline, **dict.fromkeys(_COUNTS)),
        in_people=counts_people(release),
        objections=tuple(
            d.label for d in release.diagnostics if d.status in _OBJECTS and d.name != _REGISTERED
        ),
    )


def earlier_from(saved: dict[str, Any]) -> Earlier:
    """The same, from what :meth:`Earlier.as_dict` wrote."""
    head = {**saved["headline"], "window": tuple(saved["headline"]["window"])}
    kept = {**saved, "headline": ReleasedEstimate(**head)}
    return Earlier(**{**kept, "objections": tuple(saved["objections"])})
