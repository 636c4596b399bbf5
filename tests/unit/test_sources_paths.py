"""Names and kinds of delivered files: nothing is followed out of the folder, nothing blocks."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.engine import Engine
from pipelines.errors import Exit, UserError, shown
from pipelines.ingest import land, quarantine
from pipelines.ingest.files import deliveries
from tests.unit.delivered import KEY, Landing, performance, settings

SALES = "id,month,sales\n1,2024-01,7\n"


def project(pattern="*.csv"):
    return settings({"file": pattern, "loads": [performance()]})


def found(data, pattern="*.csv"):
    inbox = deliveries(project(pattern), data)
    files, skipped = inbox.files, inbox.skipped
    return [f.name for f in files], [(s.file.name, s.same_as) for s in skipped]


def refused(data, pattern="*.csv"):
    with pytest.raises(UserError) as caught:
        found(data, pattern)
    assert caught.value.exit_code is Exit.DATA
    assert "\n" not in caught.value.problem + caught.value.fix
    return caught.value.problem


@pytest.mark.parametrize(
    "name",
    [
        "two\nlines.csv",
        'it\'s "quoted".csv',
        "100%s %(x)s {x}.csv",
        "🙂 Größe.csv",
        "-rf.csv",
        "\x1b[31mred.csv",
        "<img src=x onerror=alert(1)>.csv",
        "a\\b.csv",
        "'; drop table landed.people; --.csv",
        "x" * 251 + ".csv",
    ],
)
def test_a_file_may_have_any_name(tmp_path, name):
    (tmp_path / name).write_text(SALES)
    landed = Landing(tmp_path, project())
    (file,) = landed.report.files
    assert file.file == shown(name)
    assert file.file.isprintable()
    assert landed.rows("performance", "_file", "value") == [(shown(name), "7")]
    assert json.loads(json.dumps(landed.report.as_dict()))["files"][0]["file"] == shown(name)
    (tmp_path / name).write_text("id,month\n")
    with pytest.raises(UserError) as caught:
        Landing(tmp_path, project())
    assert caught.value.problem.startswith(shown(name))
    assert "\n" not in caught.value.problem


def test_a_name_that_is_not_utf8_is_shown_by_its_bytes(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/Gr\xf6\xdfe.csv")).write_text(SALES)
    assert found(tmp_path) == (["Gr\\udcf6\\udcdfe.csv"], [])
    assert Landing(tmp_path, project()).report.loaded == 1


def test_two_names_never_look_the_same():
    names = ["a\nb", "a\\nb", "a\\\nb", "a\x0ab.", "a\\x0ab."]
    assert len({shown(n) for n in names}) == len(names)


@pytest.mark.parametrize("pattern", ["../x.csv", "/etc/x.csv", "a/../../x.csv", "", "**x", "a**/b"])
def test_a_pattern_stays_below_the_data_folder(pattern):
    with pytest.raises(ValidationError):
        project(pattern)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    data, outside = tmp_path / "data", tmp_path / "outside"
    data.mkdir()
    outside.mkdir()
    (outside / "secret.csv").write_text(SALES)
    (data / "a.csv").symlink_to(outside / "secret.csv")
    assert refused(data) == "a.csv: it is a link that leads out of the data folder."
    (data / "a.csv").unlink()
    (data / "folder").symlink_to(outside)
    assert "folder/secret.csv: it is a link that leads out" in refused(data, "*/*.csv")


def test_links_within_the_folder_are_the_file_they_lead_to(tmp_path):
    (tmp_path / "a.csv").write_text(SALES)
    (tmp_path / "b.csv").symlink_to("a.csv")
    assert found(tmp_path) == (["a.csv"], [("b.csv", "a.csv")])
    (tmp_path / "c.csv").symlink_to("gone.csv")
    assert refused(tmp_path) == "c.csv: it is a link that leads nowhere."
    (tmp_path / "c.csv").unlink()
    (tmp_path / "c.csv").symlink_to("c.csv")
    assert "c.csv: " in refused(tmp_path)


def test_the_data_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text(SALES)
    (tmp_path / "data").symlink_to("real")
    assert found(tmp_path / "data") == (["a.csv"], [])


def test_pipes_sockets_and_devices_do_not_block(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    assert refused(tmp_path) == "a.csv: it is a pipe, socket or device, not a file."
    (tmp_path / "a.csv").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.csv"))
        assert "s.csv: it is a pipe, socket or device" in refused(tmp_path)
    (tmp_path / "s.csv").unlink()
    (tmp_path / "z.csv").symlink_to("/dev/zero")
    assert "z.csv: it is a link that leads out" in refused(tmp_path)


def test_a_folder_named_like_a_delivery_is_refused_and_others_are_not_looked_at(tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "a.csv").write_text(SALES)
    assert found(tmp_path, "*") == (["a.csv"], [])
    (tmp_path / "b.csv").mkdir()
    assert refused(tmp_path) == "b.csv: it is a folder, not a file."


def test_names_that_differ_in_case_are_two_files(tmp_path):
    (tmp_path / "Sales.csv").write_text(SALES)
    (tmp_path / "sales.csv").write_text(SALES.replace(",7", ",8"))
    assert found(tmp_path) == (["Sales.csv", "sales.csv"], [])
    assert Landing(tmp_path, project()).report.loaded == 2


def test_a_name_in_another_case_is_pointed_out(tmp_path):
    (tmp_path / "Sales.CSV").write_text(SALES)
    with pytest.raises(UserError) as caught:
        found(tmp_path, "sales.csv")
    assert "There is 'Sales.CSV'" in caught.value.fix


def test_the_same_content_under_two_names_is_read_once_and_listed(tmp_path):
    (tmp_path / "a.csv").write_text(SALES)
    (tmp_path / "b.csv").write_text(SALES)
    landed = Landing(tmp_path, project())
    assert landed.report.loaded == 1
    assert landed.report.as_dict()["skipped"] == [{"file": "b.csv", "why": "same content as a.csv"}]


def test_the_same_name_with_new_content_is_another_delivery(tmp_path):
    (tmp_path / "a.csv").write_text(SALES)
    before = Landing(tmp_path, project())
    (tmp_path / "a.csv").write_text(SALES.replace(",7", ",8"))
    after = Landing(tmp_path, project())
    assert after.rows("performance", "value") == [("8",)]
    assert before.report.files[0].sha256 != after.report.files[0].sha256


def touched(path: Path) -> None:
    path.write_text(SALES.replace(",7", ",8"))


def replaced(path: Path) -> None:
    """Another file of the same size and time takes its place."""
    times = path.stat()
    other = path.with_name("other")
    other.write_text(SALES.replace(",7", ",8"))
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [touched, replaced, Path.unlink, os.truncate])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch, change):
    path = tmp_path / "a.csv"
    path.write_text(SALES)
    loads_of = quarantine.loads_of

    def and_then(*arguments):
        change(path, 3) if change is os.truncate else change(path)
        return loads_of(*arguments)

    monkeypatch.setattr(quarantine, "loads_of", and_then)  # called between the header and the rows
    with Engine.memory(threads=1) as engine, pytest.raises(UserError) as caught:
        land(engine, project(), tmp_path, KEY)
    assert caught.value.problem == "a.csv changed while it was being read."


def test_hidden_files_and_locks_of_spreadsheets_are_no_deliveries(tmp_path):
    for name in ("a.csv", ".b.csv", "~$a.csv"):
        (tmp_path / name).write_text(SALES)
    assert found(tmp_path, "*") == (["a.csv"], [])


def test_a_kind_without_a_reader_is_named(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"a.zip: files ending in '.zip' cannot be read"):
        Landing(tmp_path, project("a.zip"))
