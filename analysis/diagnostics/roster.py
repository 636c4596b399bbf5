"""Is the list of those drawn still the list as drawn?"""

from __future__ import annotations

from analysis.diagnostics import Diagnostic


def roster(changed: int) -> Diagnostic:
    """Fails where a later delivery changed the arm or the day of assignment of anybody.

    ``changed`` counts those people; a randomised comparison is of groups as they were drawn.
    """
    altered = changed > 0
    text = "changed after the draw" if altered else "as first delivered"
    return Diagnostic(
        name="roster",
        label="The list of those drawn",
        value=float(changed),
        display=f"{text} ({changed:,} people)" if altered else text,
        threshold="fail when anybody's arm or day of assignment was changed later",
        status="fail" if altered else "pass",
        remedy=(
            "Compare the deliveries with the list made at the draw, and deliver that list. If the "
            "first delivery was wrong, say so in the study and set as_of accordingly."
            if altered
            else ""
        ),
        coarse=(None, text),
    )
