"""Contamination: comparators who were mentored all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic, Share, Status
from analysis.diagnostics.wording import per_cent, share_text

if TYPE_CHECKING:
    from analysis.diagnostics.thresholds import Thresholds
    from analysis.panel import Panel

_REMEDY = (
    "The comparison was partly mentored, which hides part of any effect. Read the effect on "
    "those who took part, and find out how comparators came to a mentor."
)
_NOT_RECORDED = "Record who met a mentor in the comparison arm too."
_BY_DESIGN = "Read the answer as the effect of an earlier start, not of having a mentor."


def contamination(panel: Panel, limits: Thresholds) -> Diagnostic:
    """Share of the comparison arm that took part, met a mentor elsewhere or had an informal one.

    Among those where it is recorded.
    """
    people = panel.people[panel.people["arm"] == panel.comparison]
    took = people["take_up"]
    if "mentored" in people:  # any other mentor is a mentor too
        took = people[["take_up", "mentored"]].max(axis=1)
    took = took.dropna()
    share = float(took.mean()) if len(took) else None
    status: Status = "pass"
    by_design = panel.comparison == "matched_later"
    if share is None or by_design:
        status = "note"
    elif share > limits.contamination_fail:
        status = "fail"
    elif share > limits.contamination_warn:
        status = "warn"
    remedy = {"pass": "", "note": _BY_DESIGN if by_design else _NOT_RECORDED}
    return Diagnostic(
        name="contamination",
        label=f"People of {panel.comparison} who took part",
        value=share,
        display="not recorded" if share is None else share_text(share),
        threshold="not gated: all of them got a mentor, later"
        if by_design
        else f"warn above {per_cent(limits.contamination_warn)} %, "
        f"fail above {per_cent(limits.contamination_fail)} %",
        status=status,
        remedy=remedy.get(status, _REMEDY),
        n_smallest=len(took) or None,
        shares=() if share is None else (Share("", int(took.sum()), len(took)),),
    )
