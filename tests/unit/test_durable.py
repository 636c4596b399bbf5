"""Files take their places whole or not at all."""

from __future__ import annotations

import errno
import os

import pytest

from pipelines import durable, registry_file
from pipelines.errors import Exit, UserError, of_memory, of_the_machine
from pipelines.keys import load_key


@pytest.fixture
def failing(monkeypatch):
    """Ask for a fault; every test begins to count anew."""
    monkeypatch.setattr(durable, "_met", durable.Counter())
    return lambda asked: monkeypatch.setenv(durable.FAULT_VARIABLE, asked)


@pytest.mark.parametrize("point", durable.FAULTS[:-1])
@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EACCES"])
def test_a_file_that_cannot_be_written_stays_what_it_was(tmp_path, failing, point, error):
    path = tmp_path / "a.json"
    durable.write(path, "old")
    failing(f"{point}:a.json={error}")
    with pytest.raises(OSError, match=r"a\.json") as caught:
        durable.write(path, "new")
    assert caught.value.errno == getattr(errno, error)
    assert path.read_text() == "old"
    durable.write(path, "new")  # the fault was for one time
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["a.json"]  # noqa: PTH208


def test_faults_are_chosen_by_point_file_and_number(tmp_path, failing):
    failing("settle-*:b*#5=EIO")
    durable.write(tmp_path / "a", "")
    durable.write(tmp_path / "b1", "")  # four points
    with pytest.raises(OSError, match="b2"):
        durable.write(tmp_path / "b2", "")


@pytest.mark.parametrize("point", ["registry-opened", "registry-written"])
def test_a_line_of_the_registry_is_written_whole_or_not_at_all(tmp_path, failing, point):
    path = tmp_path / "registered.jsonl"
    with registry_file.locked(path) as handle:
        registry_file.append(handle, 0, "one\n")
    failing(f"{point}=ENOSPC")
    with (
        pytest.raises(OSError, match=r"registered\.jsonl"),
        registry_file.locked(path) as handle,
    ):
        registry_file.append(handle, 4, "two\n")
    assert path.read_text() == "one\n"


def test_a_new_file_never_takes_the_place_of_another(tmp_path):
    path = tmp_path / "key"
    durable.create(path, "mine", 0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        durable.create(path, "yours", 0o600)
    assert path.read_text() == "mine" and [p.name for p in tmp_path.iterdir()] == ["key"]


def test_a_key_keeps_no_second_name_where_its_making_was_killed(tmp_path, monkeypatch):
    path, twin = tmp_path / "test.key", tmp_path / "test.key.tmp"
    path.write_text("0123456789abcdef" * 4 + "\n")
    os.link(path, twin)
    monkeypatch.setenv("MENTORLIFT_KEY_FILE", str(path))
    load_key("any")
    assert path.exists() and not twin.exists()


def test_a_key_that_is_half_written_is_no_key(tmp_path, monkeypatch, failing):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("MENTORLIFT_KEY_FILE", raising=False)
    failing("settle-written=ENOSPC")
    with pytest.raises(OSError, match=r"firm\.key"):
        load_key("firm")
    _, path, made = load_key("firm")
    assert made and len(path.read_text()) == 65


def test_what_the_disk_refuses_names_the_target_and_the_remedy():
    told = of_the_machine(OSError(errno.ENOSPC, "No space left on device", "from", None, "to"))
    assert told.problem == "to: No space left on device" and told.fix.startswith("Make room")
    assert told.exit_code is Exit.SYSTEM
    unnamed = OSError(errno.EIO, "Input/output error")
    with pytest.raises(OSError, match=r"a\.json"), durable.naming("a.json"):
        raise unnamed
    asked = TimeoutError("of a server")
    with pytest.raises(TimeoutError, match="of a server"), durable.naming("a.json"):
        raise asked


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_too_little_memory_is_told_whatever_library_says_it(error):
    told = of_memory(error)
    assert isinstance(told, UserError) and told.exit_code is Exit.SYSTEM
    assert of_memory(RuntimeError("something else")) is None
