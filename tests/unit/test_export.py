"""The export without a Chromium, or with one that does not do its work; and its parts."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import Exit, UserError
from pipelines.export import chromium, files, page
from reports.build import render_html
from tests.flows.conftest import command
from tests.report_cases import public_report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of a run with a report."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.html").write_text(render_html(public_report()), encoding="utf-8")
    return folder


def _as_chromium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> Path:
    path = tmp_path / "browser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    monkeypatch.setenv(chromium.VARIABLE, str(path))
    return path


def test_without_chromium_it_says_what_is_missing_and_what_to_do(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setattr(chromium, "_candidates", lambda: iter([tmp_path / "none"]))
    code, said, err = command("export", "--out", str(out), "--to", str(tmp_path / "to"))
    assert (code, said) == (Exit.BROWSER, "")
    assert "neither Chromium, Chrome nor Edge was found" in err and "Save as PDF" in err
    assert not (tmp_path / "to").exists()


def test_a_path_that_leads_nowhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.VARIABLE, "/nowhere/chromium")
    with pytest.raises(UserError, match="no file at /nowhere/chromium"):
        chromium.find()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 3", "ended with code 3"),
        ("sleep 100", "did not end within"),
        ("exit 0", "wrote no PDF"),
    ],
)
def test_a_chromium_that_fails_leaves_nothing_behind(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    """Nor is anything left of an earlier export that was killed: no process has such a number."""
    (tmp_path / "to" / f"mentorlift-{2**22 + 1}-killed").mkdir(parents=True)
    _as_chromium(monkeypatch, tmp_path, script)
    monkeypatch.setattr(chromium, "SECONDS", 0.5)
    to = tmp_path / "to"
    code, _, err = command("export", "--out", str(out), "--to", str(to))
    assert code == Exit.BROWSER and says in err
    assert list(to.iterdir()) == []


def test_charts_that_were_not_drawn_are_no_empty_list(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _as_chromium(monkeypatch, tmp_path, "echo '<html></html>'")
    code, _, err = command("export", "--no-pdf", "--out", str(out), "--to", str(tmp_path / "to"))
    assert code == Exit.BROWSER and "not drawn" in err


def test_nothing_to_export_and_no_report_are_said(out: Path, tmp_path: Path) -> None:
    to = ("--to", str(tmp_path / "to"))
    code, _, err = command("export", "--out", str(out), *to, "--no-pdf", "--no-images")
    assert code == Exit.USAGE and "nothing to export" in err
    code, _, err = command("export", "--out", str(tmp_path), *to)
    assert code == Exit.DATA and "there is no report" in err
    code, _, err = command("export", "--out", str(out), *to, "--run", "0123abcd")
    assert code == Exit.USAGE and "no such run" in err


def test_chromium_is_offline_in_a_profile_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = _as_chromium(monkeypatch, tmp_path, 'printf "%s\\n" "$HOME" "$@"')
    home, *flags = chromium.call(browser, ["--dump-dom"], tmp_path / "own").decode().split("\n")
    assert home == str(tmp_path / "own")
    assert f"--user-data-dir={tmp_path / 'own' / 'profile'}" in flags
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in flags
    assert "--dump-dom" in flags


@pytest.mark.parametrize(("user", "flags"), [(0, ("--no-sandbox",)), (1000, ())])
def test_the_sandbox_is_left_out_for_root_alone(
    monkeypatch: pytest.MonkeyPatch, user: int, flags: tuple[str, ...]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert chromium._as_root() == flags


def test_the_policy_of_the_report_admits_one_script_more_and_images_as_data_alone() -> None:
    report = render_html(public_report())
    made = page.with_script(report)

    def policy(text: str) -> set[str]:
        (found,) = re.findall(r'Security-Policy" content="([^"]*)"', text)
        return set(unescape(found).split("; "))

    before, after = policy(report), policy(made)
    (script,) = re.findall(r"<script>(.*?)</script>\n</head>", made, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (had,) = (rule for rule in before if rule.startswith("script-src"))
    assert after == (before - {had}) | {f"{had} 'sha256-{digest}'", "img-src data:"}
    assert (
        made.replace(f"<script>{script}</script>\n", "").split("</title>")[1]
        == (report.split("</title>")[1])
    )


def test_a_page_of_somebody_else_is_refused() -> None:
    with pytest.raises(UserError, match="none of mentorlift"):
        page.with_script("<html><head></head></html>")


def test_names_of_files_are_plain_short_and_distinct() -> None:
    taken: set[str] = set()
    assert files._slug("Öffnung: A/B ../x") == "ffnung-a-b-x"
    assert files._slug("מנטורינג") == "study"
    assert len(files._slug("a" * 300)) <= 60
    assert [files._free("a-b", taken) for _ in range(3)] == ["a-b", "a-b-2", "a-b-3"]


def test_no_cell_of_the_list_is_a_formula() -> None:
    assert (
        files._listed([("a.svg", "=1+1", "-5 points")]).splitlines()[1] == "a.svg,'=1+1,'-5 points"
    )
