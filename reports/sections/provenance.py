"""Provenance: what went in, with which code, and how to make this file again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.numbers import date_text
from reports.sections.section import Section
from reports.wording.changes import last_report
from reports.wording.standing import held_back

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from reports.model import Report

SHORT = 12  # hexadecimal digits of a hash that are printed


def view(report: Report) -> dict[str, Any]:
    """Run, code, packages, studies, registrations, inputs, disclosure rules and purpose."""
    run = report.manifest
    return {
        "run": run.run,
        "project": run.project,
        "as_known_at": date_text(run.as_known_at),
        "last": last_report(report.previous),
        "code_version": run.code_version,
        "code_hash": run.code_hash[:SHORT],
        "project_hash": run.project_hash[:SHORT],
        "exact_rows": run.exact_rows,
        "packages": sorted(run.packages.items()),
        "studies": [(name, digest[:SHORT]) for name, digest in sorted(run.studies.items())],
        "registered": [row for r in report.releases for row in _registered(r)],
        "held_back": [(s.study, held_back(s)) for s in report.standings],
        "inputs_hash": run.inputs_hash()[:SHORT],
        "inputs": [(name, digest[:SHORT]) for name, digest in sorted(run.inputs.items())],
        "note": report.project,
        "disclosure": _disclosure(report),
    }


def _registered(release: Release) -> list[dict[str, Any]]:
    """When the question was registered and by which run, and what was changed since."""
    known = release.registration
    if known is None:
        return []
    return [
        {
            "study": release.study,
            "hash": known.registered_hash[:SHORT],
            "now": known.question_hash[:SHORT],
            "on": date_text(known.registered_on),
            "run": known.first_run,
            "code": known.first_code,
            "as": known.registered_as,
            "question": known.registered_question,
            "changes": known.changes,
            "amended": known.amended,
            "exploratory": known.exploratory,
            "remark": known.remark,
        }
    ]


def _disclosure(report: Report) -> str:
    smallest = max((r.min_group for r in report.releases), default=None)
    parts = [f"no estimate on fewer than {smallest} people a side"] if smallest else []
    parts.append("no coefficient with fewer than 10 residual degrees of freedom")
    if report.public:
        parts.append("public data, exact counts")
    elif smallest:
        parts.append(f"counts rounded to 5, groups under {smallest} not printed")
    parts.append("a failed check withholds every number of its study")
    return "; ".join(parts)


SECTION = Section(
    id="provenance",
    nav="Provenance",
    title="Provenance",
    intro="The same inputs give this file again, byte for byte.",
    view=view,
)
