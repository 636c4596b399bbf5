"""Tells a webhook how a run went: what it is called, its state, what to do. Nothing else leaves.

A notice holds no text of an exception, no path and no number but days late. The address is a
secret: it stands in the environment or in a block of the scheduler, never in the project file.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.errors import Exit, UserError
from reports.wording.deliveries import OBJECTIONS, warnings

if TYPE_CHECKING:
    import logging

    from pipelines.outcome import Outcome

VARIABLE = "MENTORLIFT_WEBHOOK_URL"
BLOCK = "mentorlift"
PATIENCE = 15  # seconds that a run waits for the webhook

_AGAIN = "start the run again: it goes on behind its last finished stage"
_TO_DO = {
    Exit.PROJECT: "Mend the project file: `mentorlift check PROJECT` names the key and the fix.",
    Exit.DATA: "Mend or replace a file: `mentorlift check PROJECT` names it, with the fix.",
    Exit.BUSY: f"Another run holds the output folder; when it has ended, {_AGAIN}.",
    Exit.SERVER: f"A server was away or refused; see that it answers, then {_AGAIN}.",
    Exit.SYSTEM: f"The machine refused: see to room, permissions and memory, then {_AGAIN}.",
}
_UNKNOWN = f"Look at the log of the run; mend what it names, then {_AGAIN}."
_LATE = "Ask for the files that were due; until they come, figures rest on older ones."
_REFUSED = "Mend the refused files: `mentorlift check PROJECT` names them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice; ``flow_run`` finds the run in the scheduler, ``run`` in the output folder."""

    project: str
    state: str
    to_do: str
    run: str = ""
    flow_run: str = ""
    deliveries: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The JSON body; ``text`` is what chat services show."""
        name = f"run {self.run}" if self.run else f"flow run {self.flow_run}"
        lines = [f"mentorlift {self.project}: {self.state} ({name}).", *self.deliveries, self.to_do]
        return {
            "text": "\n".join(line for line in lines if line),
            "project": self.project,
            "state": self.state,
            "run": self.run,
            "flow_run": self.flow_run,
            "deliveries": list(self.deliveries),
            "to_do": self.to_do,
        }


def completed(project: str, flow_run: str, made: Outcome) -> Notice:
    """The notice of a complete run: what was due and is not there, what was refused."""
    late = any(row["state"] in OBJECTIONS for row in made.freshness)
    to_do = " ".join(
        said for holds, said in ((late, _LATE), (bool(made.refused), _REFUSED)) if holds
    )
    return Notice(
        project=project,
        state="Completed",
        to_do=to_do,
        run=made.run,
        flow_run=flow_run,
        deliveries=tuple(warnings(made.freshness)),
    )


def failed(project: str, flow_run: str, error: BaseException) -> Notice:
    """The notice of a run that failed: by the kind of its error, whose text stays in the log."""
    code = error.exit_code if isinstance(error, UserError) else Exit.UNEXPECTED
    if isinstance(error, OSError | MemoryError):
        code = Exit.SYSTEM
    to_do = _TO_DO.get(code, _UNKNOWN)
    return Notice(project=project, state="Failed", to_do=to_do, flow_run=flow_run)


def crashed(project: str, flow_run: str, *, resumed: bool) -> Notice:
    """The notice of a run whose process is gone."""
    to_do = (
        "Nothing: it was started again and goes on behind its last finished stage."
        if resumed
        else "It was started again and crashed again: look at memory and disk of the machine."
    )
    return Notice(project=project, state="Crashed", to_do=to_do, flow_run=flow_run)


def send(notice: Notice, logger: logging.Logger | logging.LoggerAdapter[Any]) -> bool:
    """Call the webhook, where one is named; a webhook that fails is said, and fails nothing."""
    from prefect.utilities.asyncutils import run_coro_as_sync

    try:
        hook = _hook()
        if hook is None:
            return False
        call = asyncio.wait_for(hook.call(notice.as_dict()), PATIENCE)
        response = run_coro_as_sync(call)
        if response.is_success:
            return True
        why = f"HTTP {response.status_code}"
    except Exception as error:  # whatever is wrong with it; its text could quote the address
        why = type(error).__name__
    logger.warning("the notification was not taken (%s)", why)
    return False


def _hook() -> Any:
    """The webhook of the environment, else of the scheduler's block, else None."""
    from prefect.blocks.webhook import Webhook
    from pydantic import SecretStr

    if url := os.environ.get(VARIABLE):
        return Webhook(url=SecretStr(url))
    try:
        return Webhook.load(BLOCK, _sync=True)
    except ValueError:
        return None
