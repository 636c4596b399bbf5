"""What a run leaves in the scheduler's pages: released figures and dates of files, nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from reports.wording.deliveries import consequence_of, state_of
from reports.wording.exploratory import graded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import Release
    from pipelines.outcome import Outcome


def key_of(name: str, what: str) -> str:
    """The key of an artifact: the project's own, so that its versions line up."""
    return f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{what}"


def leave(name: str, made: Outcome, releases: Sequence[Release]) -> None:
    """Write summary, findings, freshness of the sources and a link to the report.

    Without ``_sync`` the calls would only promise to write when an event loop is running.
    """
    lines = "\n".join(f"- {line}" for line in made.answers)
    create_markdown_artifact(
        key=key_of(name, "summary"), markdown=f"## Run {made.run}\n\n{lines}\n", _sync=True
    )
    rows = [{"study": r.study, "grade": graded(r), "population": r.population} for r in releases]
    create_table_artifact(key=key_of(name, "findings"), table=rows, _sync=True)
    fresh = [
        {
            "source": row["source"],
            "last delivery": row["last_delivery"] or "",
            "expected": row["expected"],
            "due": row["due_on"] or "",
            "state": state_of(row),
            "note": consequence_of(row),
        }
        for row in made.freshness
    ]
    create_table_artifact(key=key_of(name, "freshness"), table=fresh, _sync=True)
    create_link_artifact(
        key=key_of(name, "report"),
        link=made.report.resolve().as_uri(),
        link_text="Report",
        _sync=True,
    )
