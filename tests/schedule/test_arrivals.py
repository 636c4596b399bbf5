"""Files that arrive, or are replaced, while a run is under way."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from tests.flows.conftest import Firm


def _another_meeting(firm: Firm) -> None:
    with (firm.data / "meetings.csv").open("a") as file:
        file.write("E0000,2025-05-02\n")


def test_a_file_that_is_replaced_before_it_is_read_is_named(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is called after the files it began with, and holds no others."""
    from pipelines import ingest

    land = ingest.land

    def late(*given: Any, **more: Any) -> Any:
        _another_meeting(firm)
        return land(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "land", late)
        code, _, err = firm.run()
    assert code == 4 and "meetings.csv arrived or changed after the run had begun" in err
    assert not (firm.out / "report.html").exists()
    assert firm.run()[0] == 0


def test_a_scheduled_run_begins_again_with_what_has_arrived_meanwhile(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines import flows

    log = logging.getLogger("test")
    did: list[str] = []

    def stage(name: str, asked: flows.Asked) -> None:
        flows._stage(name, asked)
        did.append(name)
        if did == ["ingest"]:
            _another_meeting(firm)

    monkeypatch.setattr(flows, "get_run_logger", lambda: log)
    monkeypatch.setattr(flows, "_STAGES", dict.fromkeys(flows.STAGES, stage))
    monkeypatch.setattr(flows.artifacts, "leave", lambda *_: None)
    made, changed = flows._run(flows.Asked(firm.project, firm.data, firm.out, None, None), "firm")
    assert changed and did == ["ingest", *flows.STAGES]
    told = json.loads((firm.out / f"runs/{made.run}/manifest.json").read_text())
    assert set(told["stages"]) == set(flows.STAGES)
