"""`identity: encrypt`: the crosswalk encrypted on the disk, or nothing written at all."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
import yaml

from pipelines.encryption import keys_of
from pipelines.engine import Engine, can_encrypt, is_encrypted
from pipelines.erasure.search import Token, search
from pipelines.errors import UserError
from pipelines.keys import Purpose, derived, id_of, retired_path
from pipelines.opened import opened
from tests.flows.conftest import KEY, command
from tests.flows.test_erase import erase, people
from tests.flows.test_identity_run import SECRETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import Firm

NAME = "little-firm"
PEOPLE = "select count(*) from person where in_master"


def switch(firm: Firm, *, on: bool) -> None:
    """Write the option into the project file."""
    path = firm.project / "mentorlift.yml"
    project = yaml.safe_load(path.read_text())
    project["identity"]["encrypt"] = on
    path.write_text(yaml.safe_dump(project))


def crosswalk(firm: Firm) -> Path:
    return firm.out / "private" / "identity.duckdb"


def of(firm: Firm) -> tuple[Path, str]:
    """The crosswalk, as it is opened."""
    return crosswalk(firm), "identity"


@pytest.fixture
def without_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where httpfs is not installed."""
    monkeypatch.setattr(Engine, "_load_cipher", lambda _: None)


@pytest.fixture
def cipher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the same form without httpfs: DuckDB's own random numbers are too weak for use,
    and serve here, so that all but the extension is tried wherever the tests run.
    """
    force = "set force_mbedtls_unsafe = true"
    monkeypatch.setattr(Engine, "_load_cipher", lambda engine: engine.run(force))


@pytest.mark.usefixtures("without_extension")
@pytest.mark.parametrize("name", ["run", "ingest", "rotate-key", "erase", "check"])
def test_where_nothing_can_be_encrypted_nothing_is_written(
    several: Firm,
    key: Path,
    name: str,
) -> None:
    switch(several, on=True)
    key.unlink()
    before = sorted(several.project.parent.rglob("*"))
    folders = several.where[:2] if name == "check" else several.where
    given = [name, str(several.project), *folders]
    given = several.erasing("E0042") if name == "erase" else given
    code, out, err = command(*given)
    assert code == 3, err
    said = out + err
    assert "mentorlift.yml: identity: encrypt: DuckDB" in said
    assert "Install the extension httpfs of DuckDB" in said and "remove the key" in said
    assert sorted(several.project.parent.rglob("*")) == before and not key.exists()


def test_the_key_is_bound_and_stands_in_no_statement(
    tmp_path: Path, cipher: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, object]] = []
    rows = Engine.rows

    def heard(engine: Engine, sql: str, params: object = None) -> object:
        sent.append((sql, params))
        return rows(engine, sql, params)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "rows", heard)
    path = tmp_path / "x.duckdb"
    for read_only in (False, True):
        with Engine.memory() as engine:
            engine.attach(path, "x", read_only=read_only, keys=("a key of the test",))
    attached = [(sql, params) for sql, params in sent if sql.startswith("attach")]
    end = "encryption_cipher 'GCM', encryption_key $1)"
    assert attached == [
        (f"attach '{path}' as \"x\" ({option}{end}", ["a key of the test"])
        for option in ("", "read_only, ")
    ]
    assert not [sql for sql, _ in sent if "a key of" in sql]


def test_the_option_is_followed_both_ways_and_said(several: Firm, cipher: None) -> None:
    path = crosswalk(several)
    ingest = ["ingest", str(several.project), *several.where]
    assert command(*ingest)[0] == 0
    for state, told in ((True, "is encrypted; the unencrypted"), (False, "is no longer encrypted")):
        switch(several, on=state)
        code, _, err = command(*ingest)
        assert code == 0 and f"private/identity.duckdb {told}" in err, err
        assert is_encrypted(path) == state and path.stat().st_mode & 0o777 == 0o600
        found = [s for s in SECRETS if s in path.read_bytes()]
        assert (found == []) == state


def test_a_key_before_opens_what_came_back_and_the_next_run_takes_the_new_one(
    several: Firm,
    cipher: None,
    key: Path,
) -> None:
    switch(several, on=True)
    ingest = ["ingest", str(several.project), *several.where]
    assert command(*ingest)[0] == 0
    (old,) = keys_of(NAME)
    assert base64.b64decode(old) == derived(bytes.fromhex(KEY), Purpose.ENCRYPTION)
    with pytest.raises(UserError, match="key that is not at hand"), opened(*of(several)):
        pass
    key.rename(retired_path(key, id_of(key)))
    key.write_text("f" * 64)
    new, before = keys_of(NAME)
    assert before == old != new
    code, out, err = command("upgrade", str(several.out))
    assert code == 0 and "nothing to upgrade" in out, err
    code, _, err = command(*ingest)
    assert code == 0 and "warning" not in err, err
    with opened(*of(several), keys=(new,)) as engine:
        assert engine.scalar(PEOPLE) == 60


def test_backups_hold_it_damage_is_named_and_people_are_erased_from_it(
    several: Firm,
    cipher: None,
    tmp_path: Path,
) -> None:
    switch(several, on=True)
    code, _, err = several.run()
    assert code == 0, err
    path, keys, mail = crosswalk(several), keys_of(NAME), "quaxelrod0042@firm.example"
    looked_for = [Token("mail", mail)]
    assert [h.kind for h in search([path], looked_for, keys=keys)] == ["mail"]
    file, new = tmp_path / "saved.tar.gz", tmp_path / "new"
    assert command("backup", str(several.out), str(file), "--project", str(several.project))[0] == 0
    assert command("restore", str(file), str(new))[0] == 0
    back = new / "private" / "identity.duckdb"
    assert back.read_bytes() == path.read_bytes()
    for at in (9_000, -5_000):  # a header, a block
        content = bytearray(path.read_bytes())
        content[at] ^= 255
        back.write_bytes(content)
        with (
            pytest.raises(UserError, match="is damaged") as caught,
            opened(back, "identity", keys=keys),
        ):
            pass
        assert caught.value.problem.startswith(str(back))
    file.unlink()
    several.edit("sales.csv", "E0000,2025-03,99", "E0000,2025-03,98")  # rows are copied
    code, _, err = erase(several, mail)
    assert code == 0 and people(several) == 59, err
    assert is_encrypted(path) and search([path], looked_for, keys=keys) == []


@pytest.mark.skipif(not can_encrypt(), reason="DuckDB's extension httpfs is not installed here")
def test_with_the_extension_a_run_encrypts(several: Firm) -> None:
    switch(several, on=True)
    code, _, err = several.run()
    assert code == 0, err
    assert is_encrypted(crosswalk(several))
    assert not [s for s in SECRETS if s in crosswalk(several).read_bytes()]
