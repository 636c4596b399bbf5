"""Folders of one project side by side: erased in one, forgotten in all; keys that lag behind."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import registry
from pipelines.memory.forget import holding
from pipelines.memory.store import Tokens
from tests.disclosed import figures
from tests.flows.conftest import KEY, command, command_apart
from tests.flows.test_erase import GONE, erase, people, pseudonym, traces
from tests.flows.test_release_memory import last, without
from tests.flows.test_rotate_key import folders

if TYPE_CHECKING:
    from concurrent.futures import Future

    import pytest

    from tests.flows.conftest import Firm


def remembers(firm: Firm) -> bool:
    """Whether the memory of what was shown still holds the person."""
    tokens = Tokens.of(bytes.fromhex(KEY))
    return bool(holding(firm.out / "private", tokens, [pseudonym(GONE).hex()]))


def test_a_folder_of_one_study_stays_one_and_forgets_who_was_erased_beside_it(firm: Firm) -> None:
    study = firm.project / "studies" / "sales.yml"
    other = study.read_text().replace("study: sales", "study: other")
    (firm.project / "studies" / "other.yml").write_text(other)
    apart = replace(firm, out=firm.out.with_name("out-sales"))
    firm.run()
    assert firm.run("--study", "sales")[0] == 0
    assert remembers(firm) and remembers(apart)
    assert erase(firm, GONE)[0] == 0
    assert not remembers(firm) and not remembers(apart)
    assert firm.run("--study", "sales")[0] == 0  # leaves the person out; keeps older versions
    assert traces(apart.out) != []
    code, out, err = erase(apart, GONE)
    assert code == 0, err
    assert "removed" in out and traces(apart.out) == [] and people(apart) == 59
    told = json.loads((apart.out / "findings.json").read_text())
    assert [finding["study"] for finding in told] == ["sales"]
    firm.edit("sales.csv", "E0000,2025-03,99", "E0000,2025-03,98")  # others: rows are copied
    assert erase(apart, "E0044")[0] == 0
    told = json.loads((apart.out / "findings.json").read_text())
    assert [finding["study"] for finding in told] == ["sales"]


def test_of_two_runs_that_decide_at_once_one_waits_for_the_other(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One person left between what they have read; only the first shows a new answer."""
    register, other = registry.register_run, ThreadPoolExecutor(1)
    beside: list[Future[tuple[int, str, str]]] = []

    def meanwhile(*given: Any) -> Any:
        without(firm, 1)
        beside.append(other.submit(command_apart, *firm.arguments, "--study", "sales"))
        while not (beside[0].done() or is_waited_for(firm.project)):
            time.sleep(0.05)
        return register(*given)

    with monkeypatch.context() as patch, other:
        patch.setattr(registry, "register_run", meanwhile)
        assert firm.run()[0] == 0
        code, _, err = beside[0].result()
    assert code == 0, err
    first = last(firm)
    second = last(replace(firm, out=firm.out.with_name("out-sales")))
    assert "standing" not in first
    assert second["standing"]["verdict"] == "frozen" and figures(second) == figures(first)


def is_waited_for(folder: Path) -> bool:
    """Whether a process waits for the lock of a folder."""
    number = f":{folder.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return any("-> FLOCK" in line and number in line for line in lines)


def test_a_backup_from_before_a_change_of_the_key(answered: Firm, tmp_path: Path) -> None:
    firm, file = answered, tmp_path / "old.tar.gz"
    back = replace(firm, out=tmp_path / "back")
    options = ["--project", str(firm.project), "--data", str(firm.data)]
    restore = ["restore", str(file), str(back.out), *options]
    assert command("backup", str(firm.out), str(file))[0] == 0
    code, _, err = command(*folders(firm))
    assert code == 0, err
    code, _, err = command(*restore)
    assert code == 0 and "rotate-key" in err
    before = (back.out / "private" / "shown").glob("*.json")
    held = {path: path.read_bytes() for path in (*before, *back.out.glob("runs/*/manifest.json"))}
    for code, _, err in (back.run(), erase(back, GONE)):  # refused before anything is written
        assert code == 3 and "rotate-key" in err
        assert {path: path.read_bytes() for path in held} == held
        assert not (back.out / "private" / "tombstones.json").exists()
    code, _, err = command(*folders(back))
    assert code == 0, err
    assert back.run()[0] == 0 and firm.run()[0] == 0  # one key, the one in use, for both


def test_who_was_erased_since_a_change_of_the_key_does_not_return(
    answered: Firm, tmp_path: Path
) -> None:
    firm, file = answered, tmp_path / "old.tar.gz"
    options = ["--project", str(firm.project), "--data", str(firm.data)]
    assert command("backup", str(firm.out), str(file))[0] == 0
    code, _, err = command(*folders(firm))
    assert code == 0, err
    assert erase(firm, GONE)[0] == 13  # the backup is still there
    known = ["--erased-in", str(firm.out)]
    code, _, err = command("restore", str(file), str(tmp_path / "back"), *options, *known)
    assert code == 3 and "another key" in err and not (tmp_path / "back").exists()


def test_an_erasure_can_end_after_the_key_was_changed_elsewhere(
    answered: Firm, tmp_path: Path
) -> None:
    firm, file = answered, tmp_path / "old.tar.gz"
    beside = replace(firm, out=tmp_path / "beside")
    assert beside.run()[0] == 0
    assert command("backup", str(firm.out), str(file))[0] == 0
    assert erase(firm, GONE)[0] == 13
    code, _, err = command(*folders(firm))
    assert code == 3 and "mentorlift erase" in err
    code, _, err = command(*folders(beside))
    assert code == 0, err
    file.unlink()
    code, _, err = erase(firm)
    assert code == 3 and "rotate-key" in err
    code, _, err = command(*folders(firm))
    assert code == 0, err
    assert erase(firm)[0] == 0
    assert traces(firm.out) == [] and people(firm) == 59
