"""What a finished run left behind, as its files say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines import workspace
from pipelines.stage_report import released, standings
from reports.wording.answers import answer as in_words
from reports.wording.deliveries import warnings
from reports.wording.standing import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.run import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a finished run left behind; ``without_number`` names studies with no headline."""

    run: str
    report: Path
    findings: Path
    answers: tuple[str, ...]
    without_number: tuple[str, ...]
    refused: tuple[str, ...] = ()
    freshness: tuple[dict[str, Any], ...] = ()


def refused_files(context: Context) -> tuple[str, ...]:
    """The files that the ingest refused and left out."""
    return tuple(file["file"] for file in _reconciliation(context)["refused"])


def overdue(context: Context) -> list[str]:
    """What to say of files that were due and came late or not at all."""
    return warnings(_reconciliation(context).get("freshness", ()))


def _reconciliation(context: Context) -> dict[str, Any]:
    read: dict[str, Any] = workspace.read_json(context.space.reconciliation)
    return read


def outcome(context: Context) -> Outcome:
    """What a finished run has to say, one line an answer."""
    space = context.space
    releases, known = released(context), {s.study: s for s in standings(context)}
    return Outcome(
        run=space.run,
        report=space.report,
        findings=space.findings,
        answers=tuple(in_words(r).one_line + one_line(known.get(r.study)) for r in releases),
        without_number=tuple(r.study for r in releases if r.headline.status != "released"),
        refused=refused_files(context),
        freshness=tuple(_reconciliation(context).get("freshness", ())),
    )
