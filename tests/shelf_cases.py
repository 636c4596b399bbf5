"""A small literature shelf written by hand: every source and figure is invented."""

from __future__ import annotations

from typing import Any

from analysis.literature import Shelf, Source, parse_source


def entry(name: str, **more: Any) -> dict[str, Any]:
    """An entry of performance without a figure, unless told otherwise."""
    usual = {
        "id": name,
        "who": "everybody who was hired",
        "outcome": "units sold",
        "family": "performance",
        "finding": f"What {name} found.",
        "grade": "A",
        "verified": True,
        "read_in": "abstract",
        "caveat": "One firm.",
        "bears": {"any": f"How {name} bears on any report."},
    }
    return {**usual, **more}


def figures(value: float, unit: str = "%", **more: Any) -> dict[str, Any]:
    """The keys of a figure."""
    return {"estimate": value, "unit": unit, **more}


def data(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A file of a randomised workplace trial, unless told otherwise."""
    usual = {
        "authors": "Able, Baker and Cole",
        "year": 2020,
        "title": "A trial of mentors",
        "venue": "Journal of Trials 1(1)",
        "design": "randomised",
        "setting": "workplace",
        "place": "one firm",
        "entries": list(entries) or [entry("able")],
    }
    return {**usual, **more}


def source(*entries: dict[str, Any], **more: Any) -> Source:
    """The same, parsed."""
    return parse_source(data(*entries, **more))


TRIAL = source(
    entry(
        "trial",
        **figures(17, n=281, window="first two months"),
        bears={"any": "Bears on any.", "opt_in": "Volunteers differ."},
    )
)
TRIAL_OF_LEAVING = source(
    entry("leaving", family="turnover", outcome="leaving", **figures(-0.2, "points")),
    title="A trial of leaving",
)
VENDOR = source(
    entry(
        "vendor",
        family="turnover",
        grade="D",
        verified=False,
        read_in="an advertisement",
        as_published="72 % and 49 % stayed",
        **figures(-23, "points"),
    ),
    authors="Vendor Ltd",
    title="Our customers stay",
    design="self_selected",
)
REPEATED = source(
    entry("hearsay", verified=False, read_in="a blog", **figures(40)),
    authors="Dunn",
    title="A trial that was not read",
)
CHANCE = source(
    entry("chance", family="turnover", **figures(14, "relative %")), title="A changed chance"
)
YOUTH = source(
    entry("youth", **figures(33)),
    authors="Young",
    title="Young people with mentors",
    setting="youth",
)
SHELF: Shelf = (YOUTH, VENDOR, REPEATED, TRIAL_OF_LEAVING, CHANCE, TRIAL)
