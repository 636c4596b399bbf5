"""Contamination: comparators who were mentored all the same, or work beside mentees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic, Share, Status
from analysis.diagnostics.wording import per_cent, share_text

if TYPE_CHECKING:
    import pandas as pd

    from analysis.diagnostics.thresholds import Thresholds
    from analysis.panel import Panel

_REMEDY = (
    "The comparison was partly mentored, which hides part of any effect. Read the effect on "
    "those who took part, and find out how comparators came to a mentor."
)
_NOT_RECORDED = "Record who met a mentor in the comparison arm too."
_BY_DESIGN = "Read the answer as the effect of an earlier start, not of having a mentor."
_MATES = (
    "Where mentees pass on what they learn, comparators in their teams gain too and the effect "
    "looks smaller. Draw or start whole teams to rule it out."
)


def contamination(panel: Panel, limits: Thresholds) -> Diagnostic:
    """Share of the comparison arm that took part, met a mentor elsewhere or had an informal one.

    Among those where it is recorded.
    """
    people = panel.people[panel.people["arm"] == panel.comparison]
    took = people["take_up"]
    if "mentored" in people:  # any other mentor is a mentor too
        took = people[["take_up", "mentored"]].max(axis=1)
    took = took.dropna()
    mentored = (int(took.sum()), len(took)) if len(took) else None
    label = f"People of {panel.comparison} who took part"
    return _verdict(label, mentored, limits, by_design=panel.comparison == "matched_later")


def contaminated_sites(mentored: tuple[int, int] | None, limits: Thresholds) -> Diagnostic:
    """The same of a roll-out: people with a mentor before their own site started.

    ``mentored``: how many, of the people whose site was compared with others that had started;
    None where nobody's mentor is on record.
    """
    return _verdict("People with a mentor before their site started", mentored, limits)


def _verdict(
    label: str, mentored: tuple[int, int] | None, limits: Thresholds, *, by_design: bool = False
) -> Diagnostic:
    share = None if mentored is None else mentored[0] / mentored[1]
    status: Status = "pass"
    if share is None or by_design:
        status = "note"
    elif share > limits.contamination_fail:
        status = "fail"
    elif share > limits.contamination_warn:
        status = "warn"
    remedy = {"pass": "", "note": _BY_DESIGN if by_design else _NOT_RECORDED}
    return Diagnostic(
        name="contamination",
        label=label,
        value=share,
        display="not recorded" if share is None else share_text(share),
        threshold="not gated: all of them got a mentor, later"
        if by_design
        else f"warn above {per_cent(limits.contamination_warn)} %, "
        f"fail above {per_cent(limits.contamination_fail)} %",
        status=status,
        remedy=remedy.get(status, _REMEDY),
        n_smallest=None if mentored is None else mentored[1],
        shares=() if mentored is None else (Share("", *mentored),),
    )


def team_mates(people: pd.DataFrame, comparison: str) -> tuple[Diagnostic, ...]:
    """A note: comparators whose manager on the day of time zero also had somebody of a treated arm.

    ``people`` has arm and manager_no; nothing where no manager is known. Not gated where outcomes
    are of persons: a draw within teams mixes them by design, and only what mentees pass on is lost.
    """
    known = people[people["manager_no"].notna()]
    others = known[known["arm"] == comparison]
    if others.empty:
        return ()
    treated = known.loc[known["arm"] != comparison, "manager_no"].unique()
    beside = int(others["manager_no"].isin(treated).sum())
    return (
        Diagnostic(
            name="team_mates",
            label=f"People of {comparison} in a team with somebody of another arm",
            value=beside / len(others),
            display=share_text(beside / len(others)),
            threshold="not gated: outcomes are of persons",
            status="note",
            remedy=_MATES if beside else "",
            n_smallest=len(others),
            shares=(Share("", beside, len(others)),),
        ),
    )
