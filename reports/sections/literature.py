"""What others found: the shelf by family of outcomes, with our figures drawn among theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.literature import (
    DRAWN,
    families,
    family,
    figure,
    on_shelf,
    own_figure,
    place,
    unit_beside_others,
)
from reports.names import study_title
from reports.scales import bar, scale
from reports.sections.section import Section
from reports.wording import literature as wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.disclosure import Release
    from analysis.literature import Family
    from reports.literature import Found, Place
    from reports.model import Report
    from reports.scales import Scale
    from reports.shown import Shown


def view(report: Report) -> dict[str, Any]:
    """One block a family of outcomes that a study asks about and the shelf knows."""
    blocks = [
        _block(name, found, tuple(r for r in report.releases if family(r) == name))
        for name in families(report.releases)
        if (found := on_shelf(report.shelf, name))
    ]
    return {
        "blocks": blocks,
        "trust": list(wording.TRUST.items()),
        "not_verified": wording.NOT_VERIFIED,
        "nothing_to_say": not blocks,
    }


def _block(name: Family, found: tuple[Found, ...], studies: tuple[Release, ...]) -> dict[str, Any]:
    trials = [f for f in found if f.is_trial]
    own = [(r, f) for r in studies if (f := own_figure(r)) is not None]
    placed = [(r, f, _place(r, f, trials)) for r, f in own]
    drawings = [d for unit in DRAWN for d in _drawings(unit, found, own)]
    drawn = {d["unit"] for d in drawings if not d["apart"]}
    other = [
        (study_title(r), f.unit_long or f.unit)
        for r, f in own
        if unit_beside_others(r) not in drawn
    ]
    return {
        "title": wording.title(name, placed, _same(own, trials)),
        "name": wording.FAMILY[name],
        "drawings": drawings,
        "not_drawn": wording.not_drawn(other),
        "entries": [_entry(f, studies) for f in found],
    }


def _same(own: list[tuple[Release, Shown]], trials: list[Found]) -> list[Found]:
    units = {unit_beside_others(r) for r, _ in own}
    return [f for f in trials if f.entry.unit in units]


def _place(release: Release, ours: Shown, trials: list[Found]) -> Place | None:
    """Where ours lies beside all trials on its scale; among them where they do not agree."""
    unit = unit_beside_others(release)
    figures = [figure(t.entry) for t in trials if t.entry.unit == unit]
    places = {place(ours, f) for f in figures if f is not None}
    if not places:
        return None
    return places.pop() if len(places) == 1 else "among"


def _drawings(
    unit: str, found: tuple[Found, ...], own: list[tuple[Release, Shown]]
) -> Iterator[dict[str, Any]]:
    """Tables of one unit with a drawing in each row: ours among figures that were read in their
    source; those that were not stand apart, on an axis of their own.
    """
    ours = [(r, s) for r, s in own if unit_beside_others(r) == unit]
    if not ours:
        return
    theirs = [(f, s) for f in found if f.entry.unit == unit and (s := figure(f.entry))]
    read = [(f, s) for f, s in theirs if f.entry.verified]
    unread = [(f, s) for f, s in theirs if not f.entry.verified]
    if read:
        axis = _axis([s for _, s in ours] + [s for _, s in read])
        rows = [("ours", _own_row(r, s, axis)) for r, s in ours]
        rows += [(_group(f), _their_row(f, s, axis)) for f, s in read]
        yield _table(unit, rows, axis)
    if unread:
        axis = _axis([s for _, s in unread])
        yield _table(unit, [("unverified", _their_row(f, s, axis)) for f, s in unread], axis)


def _axis(figures: list[Shown]) -> Scale:
    return scale([v for s in figures for v in (s.value, s.low, s.high)])


def _table(unit: str, rows: list[tuple[str, dict[str, Any]]], axis: Scale) -> dict[str, Any]:
    groups = [
        {"name": name, "title": title, "rows": [row for of, row in rows if of == name]}
        for name, title in wording.GROUPS.items()
    ]
    return {
        "unit": unit,
        "unit_long": wording.UNITS[unit],
        "apart": rows[0][0] == "unverified",
        "groups": [g for g in groups if g["rows"]],
        "zero": axis.at(0.0),
        "ticks": axis.ticks,
    }


def _group(found: Found) -> str:
    return "randomised" if found.source.design == "randomised" else "other"


def _own_row(release: Release, figures: Shown, axis: Scale) -> dict[str, Any]:
    return {
        "label": study_title(release),
        "detail": wording.own_detail(release),
        "bar": bar(figures, axis),
        "effect": figures.effect,
        "range": figures.range,
        "trust": "",
    }


def _their_row(found: Found, figures: Shown, axis: Scale) -> dict[str, Any]:
    known = figures.low is not None
    return {
        "label": wording.short(found),
        "detail": wording.detail(found),
        "bar": bar(figures, axis),
        "effect": figures.effect,
        "range": figures.range if known else wording.NO_INTERVAL,
        "trust": found.entry.grade,
    }


def _entry(found: Found, studies: tuple[Release, ...]) -> dict[str, Any]:
    entry = found.entry
    bears: dict[str, list[str]] = {}
    for release in studies:
        bears.setdefault(entry.bears.on(release.design), []).append(study_title(release))
    return {
        "grade": entry.grade,
        "verified": entry.verified,
        "heading": wording.heading(found),
        "finding": entry.finding,
        "facts": wording.facts(entry, figure(entry)),
        "read": wording.read(entry),
        "caveat": entry.caveat,
        "bears": [
            {"who": ", ".join(titles) if len(bears) > 1 else "", "line": line}
            for line, titles in bears.items()
        ],
        "citation": wording.citation(found),
    }


SECTION = Section(
    id="literature",
    nav="Literature",
    title="What others found",
    intro="Is ours plausible? Studies of the same kind of outcome, best evidence first. Figures "
    "are as published; nothing is converted.",
    view=view,
)
