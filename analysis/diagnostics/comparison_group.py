"""Is the study's comparison group the best that the programme's funnel has?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.groups import BEST_FIRST, is_derived

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.finding import Group
    from analysis.study import StudySpec

_NAME_IT = (
    "Name it in the study's arms, or write down why it does not answer the question (who waits, "
    "say, is soon matched)."
)
_ANOTHER_QUESTION = (
    "Here they are among those treated. What being matched does is another question: a study of "
    "its own, with `time_zero: applied_on`, can ask it."
)
_ORDER = ", ".join(name.replace("_", " ") for name in BEST_FIRST)


def comparison_group(groups: Sequence[Group], comparison: str, enough: int) -> Diagnostic:
    """A note where a better group has at least ``enough`` people; it never changes the grade.

    ``groups`` are those of the funnel. Whether a better group answers the same question is for
    people to judge: who waits, say, is soon matched. Groups among the treated cannot be compared
    with unless another question is asked.
    """
    used = next((g for g in groups if g.role == "used"), None)
    rank = used.rank if used is not None else None
    better = [
        g for g in groups if g.rank and g.people >= enough and (rank is None or g.rank < rank)
    ]
    own_side = [g for g in better if g.role == "treated"]
    better = [g for g in better if g.role == "available"]
    own = _words(comparison) + (f" ({used.what})" if used is not None and rank else "")
    names = ", ".join(_words(g.arm) for g in better or own_side)
    if better:
        display, remedy = f"{own}; better in this programme: {names}", _NAME_IT
    elif own_side:
        display = f"{own}; {names} would be better for what being matched does"
        remedy = _ANOTHER_QUESTION
    else:
        best = "there is no better one" if rank == 1 else f"no better one has {enough} people here"
        display, remedy = f"{own}; {best}", ""
    return Diagnostic(
        name="comparison_group",
        label="The comparison group",
        value=None,
        display=display,
        threshold=f"best first: {_ORDER}; not gated",
        status="note" if better or own_side else "pass",
        remedy=remedy,
    )


def drawn_start_dates(spec: StudySpec) -> tuple[Diagnostic, ...]:
    """A note where people who never came to the programme got start dates of others."""
    if spec.start_dates == "recorded":
        return ()
    treated = ", ".join(_words(arm) for arm in spec.arms.treated)
    columns = [_words(name.removesuffix("_no")) for name in spec.start_dates_within]
    alike = "".join(f", same {column}" for column in columns)
    return (
        Diagnostic(
            name="start_dates",
            label="Start dates of people who never came",
            value=None,
            display=f"drawn from those of {treated}{alike}",
            threshold="not gated",
            status="note",
            remedy=(
                "Whoever came at any time has a date of their own and is not among them, so over "
                "a long intake people who were soon gone are too many of them. Deliver who was "
                "eligible and since when, and start on that day."
            ),
        ),
    )


def notice(spec: StudySpec, people: pd.DataFrame) -> tuple[Diagnostic, ...]:
    """A note where arms are told from days and nobody's day of notice is known.

    ``people`` of the cohort: notice_on, exited_on. Nothing where nobody left.
    """
    unknown = people["notice_on"].isna().all() and people["exited_on"].notna().any()
    if not is_derived(spec) or spec.notice_months or not unknown:
        return ()
    return (
        Diagnostic(
            name="notice",
            label="People on notice when the groups were told apart",
            value=None,
            display="not recorded",
            threshold="not gated",
            status="note",
            remedy=(
                "Who is about to leave neither applies nor gets a mentor, so they are all among "
                "the others, and soon gone. Deliver `notice_on`, or declare `notice_months`."
            ),
        ),
    )


def _words(arm: str) -> str:
    return arm.replace("_", " ")
