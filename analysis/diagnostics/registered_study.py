"""Is the study the one that was registered when it was first answered?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic

if TYPE_CHECKING:
    from analysis.diagnostics import Status
    from analysis.registry import Registration

_PUT_BACK = (
    "Put the study back as it was registered, or declare the change in its file: "
    '`amended: "why"`. The answer is then shown as exploratory.'
)
_ASK_ANEW = (
    "Answer the study as it was registered; ask the new question of data that nobody has seen "
    "yet, such as the next programme."
)
_RESTORE = (
    "Restore registered_studies.jsonl from a backup or from version control, or run into the "
    "output folder of earlier runs, which remember what they answered."
)


def registered_study(registration: Registration) -> Diagnostic:
    """The check of a study against its registration; it never looks at an estimate.

    Changed and not declared fails, as does a study that only an altered registry vouches for: who
    can write a line anew can make a changed study look like the one registered. Declared changes
    are held at Suggestive.
    """
    status, label, remedy = _verdict(registration)
    return Diagnostic(
        name="registered_study",
        label=label,
        value=float(len(registration.changes)),
        display=_display(registration),
        threshold="fail when changed without `amended`, or where the registry was altered; "
        "Suggestive at best with `amended`",
        status=status,
        remedy=remedy,
        capped_at="Suggestive" if status == "warn" else None,
    )


def _verdict(registration: Registration) -> tuple[Status, str, str]:
    keys = ", ".join(c.key for c in registration.changes)
    if registration.state == "changed":
        return "fail", f"Exploratory: changed after it was answered ({keys})", _PUT_BACK
    if registration.doubted:
        return "fail", "The registry of studies was altered", _RESTORE
    if registration.state == "amended":
        return "warn", f"Exploratory: amended after it was answered ({keys})", _ASK_ANEW
    return "pass", "The study as registered", ""


def _display(registration: Registration) -> str:
    day = f"data as known at {registration.registered_on}"
    parts = [f"as registered, {day}"]
    if registration.changes:
        changed = (f"{c.key}: {c.registered} -> {c.now}" for c in registration.changes)
        was = registration.registered_as
        parts = [f"registered as {was}, {day}, and changed: {'; '.join(changed)}"]
    if registration.amended:
        parts.append(f"Declared: {registration.amended.rstrip('.')}")
    return ". ".join([*parts, registration.remark] if registration.remark else parts)
