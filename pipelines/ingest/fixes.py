"""What to do about a row in quarantine, by the rule it breaks: one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.ingest import reason_rules, repeats, rules
from pipelines.ingest.identity import normal

if TYPE_CHECKING:
    from pipelines.delivery import Load

FIXES = {
    rules.MISSING: "Fill in the cell; without it the row cannot be placed.",
    rules.BAD_DATE: "Write the date as {form}.",
    rules.FAR_DATE: "Correct the year: it lies before 1900 or after 2199.",
    rules.BAD_NUMBER: "Write one number, without unit or remark.",
    normal.SEVERAL: (
        "Write the identifier in full, zeros in front included; if it is, the owner of the data "
        "decides whose it is."
    ),
    repeats.CONFLICT: (
        "Two rows say different things of the same person and date: correct one of them, or write "
        "yes under 'mentorlift: leave out' beside the wrong one."
    ),
    reason_rules.UNMAPPED: (
        "Write a reason that stands in mappings/exit_reasons.csv, or have this one added there."
    ),
    rules.BEFORE_HIRE: "Correct the day of hire or the day of exit.",
    rules.AFTER_EXIT: "Correct the person or the day, or the exit in the personnel file.",
    rules.BEFORE_MATCH: "Correct the day of the meeting, or deliver the match it belongs to.",
    rules.OWN_MENTOR: "Write the mentor's own identifier.",
}
OTHERWISE = "Correct the cell, or write yes under 'mentorlift: leave out'."


def fix(rule: str, column: str, load: Load) -> str:
    """The suggested fix of a rule that a canonical column breaks."""
    form = load.formats.get(column, "iso")
    forms = (form,) if isinstance(form, str) else form
    shown = " or ".join("2025-01-31" if f == "iso" else f for f in forms)
    return FIXES.get(rule, OTHERWISE).replace("{form}", shown)
