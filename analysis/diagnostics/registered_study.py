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
_RESTORE = "Restore registered_studies.jsonl from a backup."


def registered_study(registration: Registration) -> Diagnostic:
    """The check of a study against its registration; it never looks at an estimate.

    Changed and not declared fails; declared is held at Suggestive, as is a study whose registry
    was altered.
    """
    status, label, remedy = _verdict(registration)
    return Diagnostic(
        name="registered_study",
        label=label,
        value=float(len(registration.changes)),
        display=_display(registration),
        threshold="fail when changed without `amended`, Suggestive at best with it",
        status=status,
        remedy=remedy,
        capped_at="Suggestive" if status == "warn" else None,
    )


def _verdict(registration: Registration) -> tuple[Status, str, str]:
    keys = ", ".join(c.key for c in registration.changes)
    if registration.state == "changed":
        return "fail", f"Exploratory: changed after it was answered ({keys})", _PUT_BACK
    if registration.state == "amended":
        return "warn", f"Exploratory: amended after it was answered ({keys})", _ASK_ANEW
    status: Status = "warn" if registration.doubted else "pass"
    return status, "The study as registered", _RESTORE if registration.doubted else ""


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
