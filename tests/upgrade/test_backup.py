"""A backup gives the folder back, byte for byte; nobody who was erased comes back with it."""

from __future__ import annotations

import io
import json
import shutil
import stat
import tarfile
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from pipelines import durable, publish
from pipelines.backup import listed
from pipelines.backup.unpack import verify
from pipelines.erasure import tombstones
from pipelines.errors import UserError
from pipelines.workspace import file_hash
from tests.flows.conftest import KEY, Firm, command, write_firm
from tests.upgrade.conftest import Cut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture(scope="session")
def saved(upgraded: Firm, tmp_path_factory: pytest.TempPathFactory) -> tuple[Firm, Path, str]:
    """The upgraded folder, where nothing is changed but its list of backups; archive and words."""
    folder = tmp_path_factory.mktemp("saved")
    file = folder / "saved.tar.gz"
    shutil.copytree(upgraded.out, folder / "out")
    firm = Firm(upgraded.project, upgraded.data, folder / "out")
    code, out, err = command("backup", str(firm.out), str(file), "--project", str(firm.project))
    assert code == 0, err
    return firm, file, out + err


def contents(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): file_hash(p)
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_a_restored_folder_is_what_was_saved(saved: tuple[Firm, Path, str], tmp_path: Path) -> None:
    firm, file, _ = saved
    code, out, err = command("restore", str(file), str(tmp_path / "new"))
    assert code == 0 and "every file and figure as saved" in out, err
    made, before = contents(tmp_path / "new"), contents(firm.out)
    old = publish.resolve(firm.out / "warehouse").name.replace(".v2", "")
    for name in ("run.lock", f"warehouse/{old}"):  # the lock, and the version before
        del before[name]
    assert made == before
    assert stat.S_IMODE((tmp_path / "new" / "private").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "private" / "identity.duckdb").stat().st_mode) == 0o600
    query = ["query", "select count(*) as n from results.estimates", "--csv"]
    assert command(*query, "--out", str(tmp_path / "new"))[1] == "n\r\n39\r\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new"]


def test_an_archive_is_for_its_owner_listed_and_without_the_key(
    saved: tuple[Firm, Path, str], key: Path
) -> None:
    firm, file, said = saved
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    run = publish.run_in_force(firm.out / "warehouse")
    (entry,) = listed.read(firm.out / "private")
    assert entry == listed.Backup(str(file), run, file_hash(file))
    assert f"The key of the pseudonyms is not in it: {key}" in said
    with tarfile.open(file) as archive:
        names = archive.getnames()
        assert "project/registered_studies.jsonl" in names
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None and KEY.encode() not in content.read()


def test_no_archive_is_written_over_another_or_into_the_folder(
    saved: tuple[Firm, Path, str], tmp_path: Path
) -> None:
    firm, file, _ = saved
    where = ["--project", str(firm.project)]
    code, _, err = command("backup", str(firm.out), str(file), *where)
    assert code == 2 and "is there already" in err
    code, _, err = command("backup", str(firm.out), str(firm.out / "private" / "b.tar.gz"), *where)
    assert code == 2 and "lies in the folder" in err


def test_no_backup_is_made_while_an_erasure_has_not_ended(
    saved: tuple[Firm, Path, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(saved[0].out, out, ignore=shutil.ignore_patterns("site"))
    record = tombstones.read([out / "private"], _key_id(out))
    tombstones.write(out / "private", tombstones.Record(record.key_id, record.persons, True))
    code, _, err = command("backup", str(out), str(tmp_path / "b.tar.gz"))
    assert code == 4 and "has not ended" in err and not (tmp_path / "b.tar.gz").exists()


def _key_id(out: Path) -> str:
    return str(json.loads((out / "private" / tombstones.FILE).read_text())["key_id"])


def _read(file: Path) -> Members:
    with tarfile.open(file) as archive:
        return [(m, archive.extractfile(m).read()) for m in archive]  # type: ignore[union-attr]


def _write(file: Path, members: Members) -> None:
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def small(file: Path, name: str = "out/ledger.json") -> tuple[Members, dict[str, object]]:
    """An archive of one file, whole by itself; its members and index."""
    content = b"{}\n"
    target = file.with_name("content")
    target.write_bytes(content)
    files = {name: {"sha256": file_hash(target), "bytes": len(content)}}
    target.unlink()
    index: dict[str, object] = {"schema_version": 1, "run": "a", "project": "p", "key_id": ""}
    index |= {"made_of": "/nowhere", "proof": {}, "files": files}
    return [(tarfile.TarInfo("index.json"), b""), (tarfile.TarInfo(name), content)], index


def packed(file: Path, members: Members, index: dict[str, object]) -> Path:
    members[0] = (members[0][0], json.dumps(index).encode())
    _write(file, members)
    return file


def _altered(members: Members, index: dict[str, object]) -> None:
    members[1] = (members[1][0], b"[]\n")


def _missing(members: Members, index: dict[str, object]) -> None:
    del members[1]


def _more(members: Members, index: dict[str, object]) -> None:
    members.append((tarfile.TarInfo("out/more.json"), b"{}"))


def _twice(members: Members, index: dict[str, object]) -> None:
    members.append(members[1])


def _link(members: Members, index: dict[str, object]) -> None:
    member = tarfile.TarInfo("out/ledger.json")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    members[1] = (member, b"")


def _newer(members: Members, index: dict[str, object]) -> None:
    index["schema_version"] = 99


def _no_index(members: Members, index: dict[str, object]) -> None:
    del index["files"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_altered, "is not as it was saved"),
        (_missing, "1 files are missing"),
        (_more, "not in its index"),
        (_twice, "not in its index"),
        (_link, "not in its index, or that leads out"),
        (_newer, "written by a newer mentorlift"),
        (_no_index, "not a backup of mentorlift"),
    ],
)
def test_an_archive_that_was_altered_restores_nothing(
    tmp_path: Path, change: Callable[[Members, dict[str, object]], None], said: str
) -> None:
    file = tmp_path / "b.tar.gz"
    members, index = small(file)
    assert verify(packed(file, members, index))["run"] == "a"  # whole, before it is changed
    change(members, index)
    packed(file, members, index)
    code, out, err = command("restore", str(file), str(tmp_path / "new"))
    assert code == 4 and not out and said in err and "b.tar.gz" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar.gz"]


@pytest.mark.parametrize(
    "name",
    ["../out.json", "/etc/mentorlift", "out/../../x", "out", "other/x", "out//x", "out/./x",
     "project/mentorlift.yml", "out\\..\\x"],
)  # fmt: skip
def test_no_path_leads_out_of_an_archive(tmp_path: Path, name: str) -> None:
    file = tmp_path / "in" / "b.tar.gz"
    file.parent.mkdir()
    packed(file, *small(file, name if name.isprintable() else "out/x"))
    with pytest.raises(UserError):
        verify(file, tmp_path / "in" / "new")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["b.tar.gz", "in"]


@pytest.mark.parametrize("kind", ["cut off", "a bit", "text", "folder", "absent"])
def test_an_archive_that_is_damaged_is_named(
    saved: tuple[Firm, Path, str], tmp_path: Path, kind: str
) -> None:
    file, content = tmp_path / "b.tar.gz", saved[1].read_bytes()
    middle = len(content) // 2
    if kind == "folder":
        file.mkdir()
    elif kind != "absent":
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        file.write_bytes({"cut off": content[:middle], "a bit": flipped}.get(kind, b"text"))
    code, out, err = command("restore", str(file), str(tmp_path / "new"))
    assert code == 4 and not out and "b.tar.gz" in err and "  fix: " in err
    assert not [p for p in tmp_path.iterdir() if p != file]


def test_figures_that_are_not_those_of_the_index_are_refused(
    saved: tuple[Firm, Path, str], tmp_path: Path
) -> None:
    """Hashes fit, since the index was written anew; its proof still tells of another warehouse."""
    file = tmp_path / "b.tar.gz"
    members = [m for m in _read(saved[1]) if "site/" not in m[0].name]
    index = json.loads(members[0][1])
    index["files"] = {n: f for n, f in index["files"].items() if "site/" not in n}
    index["proof"]["results.estimates"] = "39 0"
    code, _, err = command("restore", str(packed(file, members, index)), str(tmp_path / "new"))
    assert code == 4 and "other figures than were saved" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar.gz"]


def test_a_folder_that_is_not_empty_is_left_alone(
    saved: tuple[Firm, Path, str], tmp_path: Path
) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "report.html").write_text("mine")
    code, _, err = command("restore", str(saved[1]), str(tmp_path / "new"))
    assert code == 2 and "is not empty" in err and "--erased-in" in err
    assert (tmp_path / "new" / "report.html").read_text() == "mine"


@pytest.mark.parametrize("ended", [True, False])
def test_what_a_run_makes_there_meanwhile_stays(
    saved: tuple[Firm, Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    """One that was started by schedule, say, while the archive was read."""
    new, list_backups, held = tmp_path / "new", listed.write, ExitStack()

    def meanwhile(*given: Any) -> None:
        held.enter_context(publish.run_lock(new))
        if ended:
            (new / "report.html").write_text("of the run")
            held.close()
        list_backups(*given)

    monkeypatch.setattr(listed, "write", meanwhile)
    with held:
        code, _, err = command("restore", str(saved[1]), str(new))
    assert code == (2 if ended else 5), err
    kept = ["report.html", "run.lock"] if ended else ["run.lock"]
    assert sorted(contents(new)) == kept


def test_whoever_was_erased_since_does_not_come_back(tmp_path: Path, key: Path) -> None:
    """The archive holds the person; the folder's own tombstones, moved away, forbid it."""
    firm = write_firm(tmp_path)
    assert firm.run()[0] == 0
    file = tmp_path / "b.tar.gz"
    assert command("backup", str(firm.out), str(file))[0] == 0
    gone = tombstones.Erased(tombstones.Record(""), bytes.fromhex(KEY))
    made = gone.pseudonym("E0042")
    stone = tombstones.Tombstone((gone.hashed(made),), (gone.hashed_cell("E0042"),))
    record = tombstones.Record(json.loads(_manifest(firm))["key_id"], (stone,))
    shutil.rmtree(firm.out)
    tombstones.write(firm.out / "private", record)  # a folder that only remembers may be filled
    code, _, err = command("restore", str(file), str(firm.out))
    assert code == 2 and "people erased since then: 1" in err and "--project" in err
    where = ["--project", str(firm.project), "--data", str(firm.data)]
    code, _, err = command("restore", str(file), str(firm.out), *where)
    assert code == 0 and f"erased people still stand in {file}" in err, err
    assert [p for p in firm.out.rglob("*") if p.is_file() and _holds(p, made)] == []
    query = ["query", "select count(*) as n from marts.employees", "--csv"]
    assert command(*query, "--out", str(firm.out))[1] == "n\r\n59\r\n"
    assert [b.path for b in listed.read(firm.out / "private")] == [str(file)]
    assert tombstones.read([firm.out / "private"], record.key_id).persons == (stone,)


def _manifest(firm: Firm) -> str:
    return next((firm.out / "runs").glob("*/manifest.json")).read_text()


def _holds(path: Path, made: str) -> bool:
    return made.encode() in path.read_bytes() or b"E0042" in path.read_bytes()


def test_a_restore_cut_off_between_its_two_renames_keeps_the_tombstones(
    saved: tuple[Firm, Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, file, _ = saved
    out = tmp_path / "new"
    kept = tombstones.read([saved[0].out / "private"], _key_id(saved[0].out))
    tombstones.write(out / "private", kept)
    _shown(out, "aa", "0" * 32)

    def cut(name: str, _: object = None) -> None:
        if name == "restore-aside":
            raise Cut

    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(durable, "fault", cut)
        command("restore", str(file), str(out))
    assert not out.exists()
    code, _, err = command("restore", str(file), str(out))
    assert code == 0, err
    assert tombstones.read([out / "private"], kept.key_id).persons == kept.persons
    assert (out / "private" / "shown" / "sets" / ("0" * 32)).read_bytes() == b"people of aa"
    assert (out / "private" / "shown" / "aa.json").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new"]


def _shown(out: Path, run: str, named: str) -> None:
    """What a run after the backup left of what it showed: an entry, and a set of people."""
    sets = out / "private" / "shown" / "sets"
    sets.mkdir(parents=True)
    (sets / named).write_bytes(f"people of {run}".encode())
    (sets.parent / f"{run}.json").write_text(json.dumps({"run": run, "sets": [named]}))
