"""A new key: nothing made with the old one is left, the report is the same, tombstones hold."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from analysis.release.members import members
from pipelines import durable
from pipelines.engine import Engine
from pipelines.erasure.tombstones import Erased, Record, Tombstone
from pipelines.key_chain import Chain
from pipelines.key_rotation import FAULTS, Asked, rotate
from pipelines.keys import Purpose, derived, id_of
from pipelines.memory.rekey import is_under, rekey
from pipelines.memory.store import Tokens, read_entry, read_set, write_entry, write_set
from pipelines.publish import resolve, write_private
from pipelines.run import begin, unfinished
from tests.flows.conftest import KEY, command
from tests.flows.test_erase import erase, people, traces

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Firm

GONE = "E0042"
PUBLISHED = ("report.html", "findings.json", "report.xlsx", "site/index.html")


def folders(firm: Firm) -> list[str]:
    """The command's arguments."""
    return ["rotate-key", str(firm.project), *firm.where]


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


def test_the_report_is_the_same_and_erased_persons_stay_out(
    several_answered: Firm, key: Path
) -> None:
    firm = several_answered
    assert erase(firm, GONE)[0] == 0
    before, old = published(firm), pseudonyms(firm)
    assert "identity.duckdb" in leads_back(firm, old)
    code, out, err = command(*folders(firm), "--json")
    assert code == 0, err
    made = json.loads(out)
    assert published(firm) == before and made["stones"] == 1
    new = pseudonyms(firm)
    assert len(new) == len(old) == 59 and not {*new} & {*old}
    assert leads_back(firm, old) == []
    assert key.read_text().strip() != KEY and KEY not in out + err
    kept = key.with_name(f"{key.name}.{made['old']}")
    assert kept.read_text().strip() == KEY
    assert [stat.S_IMODE(path.stat().st_mode) for path in (key, kept)] == [0o600, 0o600]
    firm.edit("sales.csv", "E0000,2025-03,99", "E0000,2025-03,98")  # delivered once more
    assert firm.run()[0] == 0
    assert people(firm) == 59 and traces(firm.out, GONE) == []
    kept.unlink()  # without the old key nobody could say who was erased
    code, _, err = firm.run()
    assert code == 3 and "made with another key" in err


def test_each_tombstone_is_asked_with_its_own_key() -> None:
    first, second, third = (bytes([n]) * 32 for n in range(3))
    mail = "Ana@firm.example"
    old = [
        Tombstone((made.hashed(made.pseudonym(who)),), (made.hashed_cell(mail),), key_id=name)
        for name, key, who in (("a", first, "E1"), ("b", second, "E2"))
        for made in [Erased(Record(name), key)]
    ]
    erased = Erased(Record("c", tuple(old)), third, {"a": first, "b": second})
    identifiers = pa.array(["E1", "E2", None, "E3"])
    assert erased.anchored(identifiers).to_pylist() == [True, True, False, False]
    # From then on the pseudonyms of the key in use are known as well.
    assert erased.is_erased(erased.pseudonym("E1")) and not erased.is_erased(erased.pseudonym("E3"))
    assert erased.names("ana@firm.example") and not erased.names("bea@firm.example")


def test_what_was_shown_is_remembered_of_the_same_people(tmp_path: Path) -> None:
    was, now = Tokens.of(b"a" * 32), Tokens.of(b"b" * 32)
    folder = tmp_path / "shown"
    first = members([was.token(who) for who in ("p1", "p2", "gone")])
    cell = {"cell": "c", "set": write_set(folder, was, first), "erased": 1}
    entry = {"schema_version": 1, "run": "r", "key_id": "a", "studies": [{"cells": [cell]}]}
    write_entry(folder, entry)
    assert is_under(tmp_path, "a")
    for _ in range(2):  # the second time there is nothing left to do
        rekey(tmp_path, ("a", was), ("b", now), {"p1": "q1", "p2": "q2", "p3": "q3"})
    (told,) = [c for study in read_entry(folder / "r.json")["studies"] for c in study["cells"]]
    found = {*read_set([folder], told["set"]).tolist()}
    assert found == {now.token("q1"), now.token("q2")}  # nobody could find the third any more
    assert told["erased"] == 2 and not is_under(tmp_path, "a")
    assert len(list((folder / "sets").iterdir())) == 1


def test_runs_under_keys_that_followed_one_another_are_one_history() -> None:
    chain = Chain(("a", "b", "c"))
    assert chain.joins("a", "c") and chain.joins("x", "x")
    assert not chain.joins("a", "x") and not Chain().joins("a", "b")


def test_a_key_of_one_purpose_does_not_lead_to_another() -> None:
    root = b"k" * 32
    made = {purpose: derived(root, purpose) for purpose in Purpose}
    assert len({root, *made.values()}) == len(Purpose) + 1
    # By the definition of HMAC (RFC 2104) and not by the library that made it.
    inner = hashlib.sha256(pad(root, 0x36) + Purpose.ERASED.value.encode()).digest()
    assert made[Purpose.ERASED] == hashlib.sha256(pad(root, 0x5C) + inner).digest()


def pad(key: bytes, byte: int) -> bytes:
    """A key filled up to the block of SHA-256, each byte combined with a constant."""
    return bytes(k ^ byte for k in key.ljust(64, b"\0"))


def refused(firm: Firm, code: int, why: str) -> None:
    """The command refuses, and the key stays as it is."""
    left, _, err = command(*folders(firm))
    assert left == code and why in err
    assert not (firm.out / "private" / "keys.json").exists()


def test_a_change_interrupted_at_every_point_ends_when_repeated(
    answered: Firm, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = answered
    refused(replace(firm, out=firm.out.with_name("none")), 4, "there is no such folder")
    firm.edit("sales.csv", "E0000,2025-03,99", "E0000,2025-03,98")
    refused(firm, 4, "made of other files")
    firm.edit("sales.csv", "E0000,2025-03,98", "E0000,2025-03,99")
    stones = firm.out / "private" / "tombstones.json"
    write_private(stones, json.dumps({"key_id": id_of(key), "persons": [], "pending": True}))
    refused(firm, 3, "mentorlift erase")
    stones.unlink()
    assert key.read_text().strip() == KEY and len(list(key.parent.glob(f"{key.name}*"))) == 1
    before, old = published(firm), pseudonyms(firm)
    for point in FAULTS:
        with monkeypatch.context() as patch:
            patch.setattr(durable, "fault", partial(interrupt, point))
            with pytest.raises(Interrupted):
                rotate(Asked(firm.project, firm.data, firm.out), [].append)
        assert len(pseudonyms(firm)) == 60  # a whole version is in service, the old or the new
    (warned,) = unfinished(begin(firm.project, firm.data, firm.out, [].append))
    assert "`mentorlift rotate-key` ends it" in warned
    said: list[str] = []
    rotate(Asked(firm.project, firm.data, firm.out), said.append)
    assert warned not in said
    assert published(firm) == before and leads_back(firm, old) == []
    assert len(list(key.parent.glob(f"{key.name}*"))) == 2  # one key followed, not several
    chain = json.loads((firm.out / "private" / "keys.json").read_text())
    assert len(chain["ids"]) == 2 and not chain["pending"]


class Interrupted(Exception):
    """Stands for the end of the process."""


def interrupt(point: str, name: str, path: Path | None = None) -> None:
    """Stop at a named point."""
    if name == point:
        raise Interrupted
