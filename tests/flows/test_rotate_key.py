"""A new key: nothing made with the old one is left, the report is the same, tombstones hold."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from pipelines.engine import Engine
from pipelines.key_rotation import FAULTS
from pipelines.publish import resolve
from tests.flows.conftest import KEY, command, command_apart
from tests.flows.test_erase import arguments, erase, people, traces
from tests.flows.test_identity_run import several  # noqa: F401

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Firm

GONE = "E0042"
PUBLISHED = ("report.html", "findings.json", "report.xlsx", "site/index.html")


def folders(firm: Firm) -> list[str]:
    """The command's arguments."""
    return ["rotate-key", str(firm.project), "--data", str(firm.data), "--out", str(firm.out)]


def published(firm: Firm) -> dict[str, bytes]:
    """The bytes of what readers get."""
    return {name: (firm.out / name).read_bytes() for name in PUBLISHED}


def pseudonyms(firm: Firm) -> list[str]:
    """All pseudonyms in service, in the order of the persons."""
    with Engine.open(resolve(firm.out / "warehouse"), read_only=True) as engine:
        rows = engine.rows("select person_key from staging.person order by person_no")
    return [key for (key,) in rows]


def leads_back(firm: Firm, old: list[str]) -> list[str]:
    """Files below the output folder in which an old pseudonym stands, as text or as bytes."""
    wanted = [form for key in old for form in (key.encode(), bytes.fromhex(key))]
    files = sorted(p for p in firm.out.rglob("*") if p.is_file())
    return [p.name for p in files if any(w in p.read_bytes() for w in wanted)]


@pytest.mark.usefixtures("several")
def test_the_report_is_the_same_and_no_old_pseudonym_is_left(firm: Firm, key: Path) -> None:
    assert firm.run()[0] == 0
    firm.edit("sales.csv", "E0000,2025-05,", "E0000,2025-05,9")
    firm.edit("mentorlift.yml", "title:", "min_group: 11\ntitle:")
    assert firm.run()[0] == 0  # the report now says what changed since the one before, and how
    before, old = published(firm), pseudonyms(firm)
    assert b"mentorlift diff" in before["report.html"]
    assert "identity.duckdb" in leads_back(firm, old)
    code, out, err = command(*folders(firm), "--json")
    assert code == 0, err
    made = json.loads(out)
    assert published(firm) == before
    new = pseudonyms(firm)
    assert len(new) == len(old) and not {*new} & {*old}
    assert leads_back(firm, old) == []
    assert key.read_text().strip() != KEY and KEY not in out + err
    kept = key.with_name(f"{key.name}.{made['old']}")
    assert kept.read_text().strip() == KEY and stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    code, _, err = firm.run()
    assert code == 0 and "nothing has changed" in err


def test_tombstones_hold_under_the_next_key_and_the_one_after(firm: Firm, key: Path) -> None:
    assert firm.run()[0] == 0
    assert erase(firm, GONE)[0] == 0
    for _ in range(2):
        code, out, err = command(*folders(firm))
        assert code == 0, err
        assert "it is read for 1 tombstones alone" in out
    assert people(firm) == 59
    assert erase(firm, "E0040")[0] == 0  # under the third key
    firm.edit("sales.csv", "E0000,2025-03,99", "E0000,2025-03,98")
    assert firm.run()[0] == 0
    assert people(firm) == 58 and traces(firm.out, GONE, "E0040") == []
    code, _, err = erase(firm, GONE)  # erased long ago: known, and searched for once more
    assert code == 0, err
    # Without the old keys nobody could say who was erased.
    for path in sorted(key.parent.glob(f"{key.name}.*")):
        path.unlink()
    code, _, err = firm.run()
    assert code == 3 and "made with another key" in err


@pytest.mark.parametrize("fault", FAULTS)
def test_a_change_that_was_interrupted_ends_when_repeated(
    firm: Firm, key: Path, fault: str
) -> None:
    assert firm.run()[0] == 0
    before, old = published(firm), pseudonyms(firm)
    code, _, _ = command_apart(*folders(firm), MENTORLIFT_FAULT=fault)
    assert code == -9
    assert len(pseudonyms(firm)) == 60  # a whole version is in service, the old one or the new
    code, _, err = command(*folders(firm))
    assert code == 0, err
    assert published(firm) == before and leads_back(firm, old) == []
    assert len(list(key.parent.glob(f"{key.name}*"))) == 2  # one key followed, not several
    chain = json.loads((firm.out / "private" / "keys.json").read_text())
    assert len(chain["ids"]) == 2 and not chain["pending"]


def test_a_run_says_that_a_change_has_not_ended(firm: Firm) -> None:
    assert firm.run()[0] == 0
    command_apart(*folders(firm), MENTORLIFT_FAULT="rotate-switched")
    code, _, err = firm.run()
    assert code == 0 and "run `mentorlift rotate-key` again" in err


def test_it_refuses_where_the_version_in_service_cannot_be_made_again(
    firm: Firm, key: Path
) -> None:
    code, _, err = command(*folders(firm))
    assert code != 0 and not (firm.out / "private").exists()
    assert firm.run()[0] == 0
    firm.edit("sales.csv", "E0000,2025-03,99", "E0000,2025-03,98")
    code, _, err = command(*folders(firm))
    assert code == 4 and "made of other files" in err
    assert key.read_text().strip() == KEY and list(key.parent.glob(f"{key.name}.*")) == []


def test_an_erasure_that_has_not_ended_comes_first(firm: Firm) -> None:
    assert firm.run()[0] == 0
    command_apart(*arguments(firm, GONE), MENTORLIFT_FAULT="erase-expired")
    code, _, err = command(*folders(firm))
    assert code == 3 and "mentorlift erase" in err
