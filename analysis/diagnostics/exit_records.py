"""Are exits on record: with a day, with a kind, and soon enough?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic, Share, Status
from analysis.diagnostics.wording import per_cent, share_text, whole_share_text
from analysis.exits.careers import KINDS
from analysis.exits.records import to_date

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.diagnostics.thresholds import Thresholds
    from analysis.exits.careers import Careers
    from analysis.exits.records import Records
    from analysis.study import StudySpec

_UNDATED = (
    "Deliver the last day of employment of those who left. Without it an exit is dated to the last "
    "delivery that still had the person, which may be a whole interval too early."
)
_UNKNOWN = (
    "Deliver the kind or reason of each exit, and map the reasons: an exit of unknown kind counts "
    "as none of the kinds, so voluntary ones are missed."
)
_NOTICE = (
    "Who is on notice does not start and is soon gone, so that mentoring seems to keep people. "
    "Deliver `notice_on`, or declare `notice_months`: the usual months of notice, "
    "0 where there is none."
)
_LATE = "Exits become known late. Wait two months and deliver again."
_FEWER = (
    "Fewer people left in the last two months than in the year before, and than is usual in these "
    "months where earlier years are on record: exits may not be entered yet. They are left out of "
    "the follow-up; deliver again in two months."
)
_CANNOT_TELL = "Deliver who is employed every month: then delays can be measured."


def exit_records(careers: Careers, records: Records, limits: Thresholds) -> tuple[Diagnostic, ...]:
    """The checks of the records: days, kinds and delays of exits."""
    left = careers.kind > 0
    unknown = careers.kind == KINDS.index("unknown")
    return (
        _share(
            "exit_dates",
            "Exits without a recorded day",
            left & careers.undated,
            left,
            (limits.exits_undated_warn, limits.exits_undated_fail),
            _UNDATED,
        ),
        unknown_kinds(unknown, left, limits),
        restatement_lag(records, limits),
    )


def notice_days(careers: Careers, spec: StudySpec) -> tuple[Diagnostic, ...]:
    """Resignations without a day of notice, where people choose when to start.

    People on notice do not start, so without their days others seem to leave more: with nothing
    planted an opt-in of two months' notice found three points. Not gated where the study declares
    ``notice_months``, be it none.
    """
    if spec.design != "opt_in":
        return ()
    limits = spec.thresholds
    resigned = careers.kind == KINDS.index("voluntary")
    silent = resigned & (careers.notice > careers.end)
    declared = "notice_months" in spec.model_fields_set
    made = _share(
        "notice_days", "Resignations without a recorded day of notice", silent, resigned,
        (limits.notice_unknown_fail, limits.notice_unknown_fail), _NOTICE,
    )  # fmt: skip
    threshold = f"fail above {per_cent(limits.notice_unknown_fail)} %"
    if declared:
        threshold = f"not gated: the study declares {spec.notice_months} months of notice"
        return (replace(made, status="note", remedy="", threshold=threshold),)
    return (replace(made, threshold=f"{threshold} unless `notice_months` is declared"),)


def unknown_kinds(
    unknown: NDArray[np.bool_], left: NDArray[np.bool_], limits: Thresholds
) -> Diagnostic:
    """Share of those who left (n,) of whom it is not known why (n,)."""
    return _share(
        "exit_kinds",
        "Exits of unknown kind",
        unknown,
        left,
        (limits.exits_unknown_warn, limits.exits_unknown_fail),
        _UNKNOWN,
    )


def _share(
    name: str, label: str, which: NDArray[np.bool_], left: NDArray[np.bool_],
    limits: tuple[float, float], remedy: str,
) -> Diagnostic:  # fmt: skip
    """Share of the exits in the follow-up that are so."""
    people, of = int(which.sum()), int(left.sum())
    share = people / of if of else 0.0
    warn, fail = limits
    status: Status = "fail" if share > fail else "warn" if share > warn else "pass"
    return Diagnostic(
        name=name,
        label=label,
        value=share,
        display=share_text(share) if of else "nobody left",
        threshold=f"warn above {per_cent(warn)} %, fail above {per_cent(fail)} %",
        status=status,
        remedy="" if status == "pass" else remedy,
        n_smallest=of or None,
        shares=(Share("", people, of),) if of else (),
    )


def restatement_lag(records: Records, limits: Thresholds) -> Diagnostic:
    """How late exits become known, and where the follow-up ends for it."""
    status: Status = "note"
    text = rounded = "too few deliveries to tell"
    remedy = _CANNOT_TELL
    if records.known is not None:
        at_once, later = records.known
        text = f"{share_text(at_once)} known at once, {share_text(later)} within two months"
        rounded = f"{whole_share_text(at_once)} known at once, "
        rounded += f"{whole_share_text(later)} within two months"
        status = "warn" if later < limits.exits_known_warn else "pass"
        remedy = _LATE if status == "warn" else ""
    elif records.fewer:
        status, remedy = "warn", _FEWER
        text = rounded = "too few deliveries to tell, and fewer exits in the last two months"
    span = f"on record since {to_date(records.begin)}, followed to {to_date(records.end)}"
    value = None if records.known is None else records.known[1]
    return Diagnostic(
        name="restatement_lag",
        label="How late exits become known",
        value=value,
        display=f"{text}; {span}",
        coarse=(None if value is None else round(value, 2), f"{rounded}; {span}"),
        threshold=(
            f"warn where fewer than {per_cent(limits.exits_known_warn)} % are known within two "
            "months, or deliveries cannot tell and fewer left in the last two months than in the "
            f"year before and than is usual in these months (p < {limits.exits_fewer_warn_p:g}); "
            "the follow-up ends where exits are known"
        ),
        status=status,
        remedy=remedy,
    )
