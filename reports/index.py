"""The first page of the site: one row a run, newest first, each with a link to its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.changes import figures
from reports.names import short_run
from reports.numbers import date_text, plain
from reports.page import css_string, environment, policy, read
from reports.wording.exploratory import is_marked
from reports.wording.vocabulary import GRADES

if TYPE_CHECKING:
    from reports.previous import Earlier

STYLES = ("base", "answer", "sections", "tables", "index", "narrow", "print")
_UNDATED = "Without a study"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedRun:
    """One run of the site. ``number``: its place in the order in which runs were published;
    ``files``: names of what a reader gets, the report first; ``in_force``: the run published last;
    ``looser``: made under looser rules of disclosure than that one.
    """

    run: str
    number: int
    as_known_at: str
    studies: tuple[Earlier, ...]
    files: tuple[str, ...]
    in_force: bool = False
    looser: bool = False


def render_index(title: str, runs: tuple[IndexedRun, ...]) -> str:
    """The index as one HTML document that loads nothing and needs no script.

    A study whose number the run in force does not show has its grade alone in all rows, and so have
    all studies of a run under looser rules.
    """
    ordered = sorted(runs, key=lambda r: (r.as_known_at, r.number), reverse=True)
    hidden = {s.study for r in runs if r.in_force for s in r.studies if not s.shows}
    years: dict[str, list[dict[str, Any]]] = {}
    for run in ordered:
        years.setdefault(run.as_known_at[:4] or _UNDATED, []).append(_row(run, hidden))
    page = environment().get_template("index.html.j2")
    return page.render(
        title=title,
        years=[{"name": year, "rows": rows} for year, rows in years.items()],
        runs=len(runs),
        style=read("css", STYLES, ".css"),
        policy=policy(),
        page_foot=css_string(f"{plain(title)} · mentoring reports"),
    )


def _row(run: IndexedRun, hidden: set[str]) -> dict[str, Any]:
    return {
        "run": run.run,
        "short": short_run(run.run),
        "date": date_text(run.as_known_at) or _UNDATED,
        "in_force": run.in_force,
        "studies": [_study(s, hide=run.looser or s.study in hidden) for s in run.studies],
        "report": run.files[0],
        "files": run.files[1:],
    }


def _study(study: Earlier, *, hide: bool) -> dict[str, Any]:
    shows = study.shows and not hide
    number = figures(study) if shows else None
    return {
        "title": study.title,
        "grade": study.grade,
        "step": GRADES[study.grade].step if study.grade in GRADES else 0,
        "exploratory": is_marked(study),
        "effect": number.effect if number else "",
        "range": number.range if number else "",
        "why": "" if shows or study.grade == "Withheld" else
        "no longer shown" if study.shows else "not shown",
    }  # fmt: skip
