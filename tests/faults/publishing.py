"""The publish protocol alone, on a warehouse of three rows: cheap enough for hundreds of kills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults import process
from tests.flows.conftest import Firm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNS = ("0" * 12, "1" * 12)


def write(folder: Path) -> Firm:
    """A folder with one version published, and one row delivered since."""
    firm = Firm.below(folder)
    firm.project.mkdir(parents=True)
    firm.data.mkdir()
    (firm.data / "a.csv").write_text("n\n1\n2\n3\n")
    ended = publish(firm)
    if ended.code:
        raise RuntimeError(ended.said)
    (firm.data / "a.csv").write_text("n\n1\n2\n3\n4\n")
    return firm


def publish(
    firm: Firm,
    *,
    fault: str = "",
    kill_after: float | None = None,
    before: Callable[[], None] | None = None,
) -> process.Ended:
    """Publish a version of the delivered rows, in a process as :func:`process.command` makes one.

    It writes by the calls that a run makes; the numbers of people are the only thing missing.
    """

    def act() -> None:
        if before:
            before()
        _publish(firm, len((firm.data / "a.csv").read_text().splitlines()) - 1)

    return process.forked(act, process.environment(firm, fault), kill_after)


def _publish(firm: Firm, rows: int) -> None:
    from pipelines import durable, workspace
    from pipelines import publish as protocol
    from pipelines.engine import Engine

    space = workspace.Workspace(firm.out, RUNS[rows - 3])
    with protocol.run_lock(firm.out):
        protocol.sweep(space)
        for folder in (space.runs, space.warehouses):
            protocol.make_private(folder)
        temporary = protocol.fresh(space.built)
        with Engine.open(temporary, threads=1) as engine:
            engine.run("create schema landed")
            engine.run(
                "create table landed.deliveries as select 'a.csv' as file, $1 as rows_in, "
                "$1 - 1 as loaded, 1 as quarantined, 0 as excluded, 0 as duplicates",
                [rows],
            )
        content = (f"version {rows}\n" * 20_000).encode()
        staged = [durable.stage(path, content) for path in space.artifacts]
        workspace.write_json(space.record, {"rows": rows})
        protocol.publish(temporary, space, staged)
        for path in space.artifacts:
            durable.write(space.page.with_name(path.name), path.read_bytes())
