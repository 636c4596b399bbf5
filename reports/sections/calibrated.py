"""Calibrated on your own data: what the method says of programmes that did not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.names import study_title
from reports.sections.section import Section
from reports.wording.calibration import in_words, lines_of

if TYPE_CHECKING:
    from reports.model import Report


def view(report: Report) -> dict[str, Any]:
    """Sentences and a table a study; no studies where nothing was drawn in this run."""
    titles = {r.study: study_title(r) for r in report.releases}
    studies = []
    for item in report.calibrations:
        columns, rows = lines_of(item)
        said = list(in_words(item))
        studies.append(
            {"title": titles[item.study], "said": said, "columns": columns, "rows": rows}
        )
    return {"studies": studies}


SECTION = Section(
    id="calibrated",
    nav="Calibration",
    title="Calibrated on your own data",
    intro="Programmes that did not exist, drawn from your past and answered in the same way: "
    "every effect that is claimed of them is false.",
    view=view,
)
