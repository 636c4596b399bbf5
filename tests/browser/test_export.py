"""PDF and images of charts by the machine's Chromium: what is in them, and what is not."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.export import chromium
from reports.build import findings_json, render_html
from tests.browser.conftest import HOSTILE
from tests.browser.exported import (
    SVG,
    charts_of,
    drawing,
    markup,
    png_size,
    read_pdf,
    shown_text,
    squeezed,
)
from tests.exit_cases import leaving_report
from tests.flows.conftest import command
from tests.money_cases import money_report
from tests.report_cases import hostile_report

if TYPE_CHECKING:
    from pathlib import Path

    from reports.model import Report

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium_path")]

A4 = "/MediaBox [0 0 594.95996 841.91998]"  # points, as Chromium rounds 210 by 297 mm
PAINTS = {"fill", "stroke"}
CASES: dict[str, Any] = {"money": money_report, "leaving": leaving_report}


def _written(folder: Path, report: Report) -> Path:
    folder.mkdir()
    (folder / "report.html").write_text(render_html(report), encoding="utf-8")
    (folder / "findings.json").write_text(findings_json(report), encoding="utf-8")
    return folder


def _export(out: Path, to: Path, *options: str) -> list[str]:
    code, said, err = command("export", "--out", str(out), "--to", str(to), *options)
    assert code == 0, err
    return said.split()


@pytest.fixture(scope="module", params=sorted(CASES))
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an export; the report lies beside it in `out`."""
    folder = tmp_path_factory.mktemp(request.param)
    out = _written(folder / "out", CASES[request.param]())
    _export(out, folder / "to")
    return folder / "to"


def _report(exported: Path) -> str:
    return (exported.parent / "out" / "report.html").read_text(encoding="utf-8")


def _listed(exported: Path) -> list[dict[str, str]]:
    with (exported / "images.csv").open(encoding="utf-8", newline="") as listed:
        return list(csv.DictReader(listed))


def test_the_pdf_is_tagged_a4_and_its_first_page_holds_the_answer_alone(exported: Path) -> None:
    pdf, report = read_pdf(exported / "report.pdf"), _report(exported)
    assert len(pdf.pages) > 3
    assert all(A4.encode() in pdf.objects[page] for page in pdf.pages)
    assert b"/Marked true" in pdf.catalogue and b"/StructTreeRoot" in pdf.catalogue
    assert b"/Lang (en)" in pdf.catalogue
    (title,) = re.findall(r"<title>(.*?)</title>", markup(report))
    assert pdf.title == title
    sections = re.findall(r'<h2 id="h-\w+">(.*?)</h2>', report)
    pages = pdf.headings()
    assert {text for text, _ in pages} >= set(sections)
    first = [text for text, page in pages if page == 1]
    assert len(first) == report.count("<article ") + 1  # the headline, each study, its worth
    assert set(sections) <= {text for text, page in pages if page > 1}


def test_charts_are_drawn_in_the_pdf(exported: Path) -> None:
    """The chart library has run before printing: a figure of it is a tagged image with its name."""
    pdf = read_pdf(exported / "report.pdf")
    plotted = len(re.findall(r"data-figure=", _report(exported)))
    figures = sum(b"/S /Figure" in body for body in pdf.objects.values())
    assert plotted and figures >= plotted


def test_every_chart_is_an_image_with_a_name_that_stays(exported: Path) -> None:
    rows = _listed(exported)
    assert len(rows) == charts_of(_report(exported))
    names = {row["file"] for row in rows}
    assert len(names) == len(rows)
    expected = {
        "money": {
            "answer-sales-mentoring.svg",
            "money.svg",
            "money-sales-mentoring.svg",
            "over-time-mentors-for-firms.svg",
            "balance-mentors-for-small-firms-mentee.svg",
        },
        "leaving": {"answer-who-stays.svg", "turnover-who-stays.svg", "turnover-who-stays-2.svg"},
    }
    assert names >= expected[exported.parent.name.rstrip("0123456789")]
    assert {p.name for p in exported.iterdir()} == names | {"images.csv", "report.pdf"} | {
        name.replace(".svg", ".png") for name in names
    }
    for row in rows:
        assert row["title"] and row["alt"] and "run 4f7a9c21" in row["source"]


def test_a_drawing_stands_alone(exported: Path) -> None:
    for row in _listed(exported):
        path = exported / row["file"]
        text, root = path.read_text(encoding="utf-8"), drawing(path)
        assert not re.search(r"var\(|<!|@import|url\((?!#clip-\d+\))", text)
        tags = {node.tag.removeprefix(SVG) for node in root.iter()}
        assert tags <= {
            "svg", "title", "desc", "defs", "clipPath", "g", "text", "tspan",
            "rect", "line", "circle", "path", "polygon", "polyline",
        }  # fmt: skip
        assert root.findtext(f"{SVG}title") == row["title"]
        assert root.findtext(f"{SVG}desc") == row["alt"]
        for node in root.iter():
            names = {name.lower() for name in node.attrib}
            assert not any(n.startswith("on") or n.endswith("href") for n in names)
            for paint in PAINTS & names:
                assert re.fullmatch(r"none|#[0-9a-f]{6}", str(node.get(paint)))
        letters = root.findall(f".//{SVG}text")
        assert letters and all(node.get("font-family", "").count(",") > 2 for node in letters)


def test_a_drawing_says_nothing_that_the_page_does_not_show(exported: Path) -> None:
    shown = squeezed(shown_text(_report(exported))).casefold()
    for row in _listed(exported):
        for node in drawing(exported / row["file"]).iter(f"{SVG}text"):
            lines = [node.text or "", *(part.text or "" for part in node.iter(f"{SVG}tspan"))]
            for line in lines:
                pieces = (squeezed(piece).casefold() for piece in line.split(" · "))
                assert all(piece in shown for piece in pieces), line


def test_a_png_has_twice_the_size(exported: Path) -> None:
    for row in _listed(exported):
        root = drawing(exported / row["file"])
        width, height = (int(str(root.get(key))) for key in ("width", "height"))
        assert png_size((exported / row["file"]).with_suffix(".png")) == (2 * width, 2 * height)
        assert width == 776 or row["file"].startswith("answer-") or row["file"] == "money.svg"


def test_a_dark_system_and_a_second_export_draw_the_same(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also: what an earlier export left and the report has no more is gone, other files stay."""
    dark = tmp_path / "dark"
    dark.write_text(
        f'#!/bin/sh\nexec "{chromium.find()}" --blink-settings=preferredColorScheme=0 "$@"\n'
    )
    dark.chmod(0o700)
    monkeypatch.setenv(chromium.VARIABLE, str(dark))
    to = tmp_path / "to"
    to.mkdir()
    gone, kept = to / "over-time-gone.svg", to / "mine.svg"
    for path in (gone, kept, gone.with_suffix(".png")):
        path.write_text("old")
    (to / "images.csv").write_text(f"file,section\n{gone.name},over_time\n../mine.svg,\n")
    _export(exported.parent / "out", to, "--no-pdf")
    names = {row["file"] for row in _listed(exported)}
    assert {p.name for p in to.glob("*.svg")} == names | {kept.name}
    assert not gone.with_suffix(".png").exists() and not (to / "report.pdf").exists()
    for name in names:
        assert (to / name).read_bytes() == (exported / name).read_bytes()


@pytest.mark.parametrize("text", sorted(HOSTILE))
def test_hostile_text_stays_text(tmp_path: Path, text: str) -> None:
    out = _written(tmp_path / "out", hostile_report(HOSTILE[text], leaving_report()))
    to = tmp_path / "to"
    _export(out, to, "--no-pdf")
    rows = _listed(to)
    assert rows
    for row in rows:
        tags = {node.tag.removeprefix(SVG) for node in drawing(to / row["file"]).iter()}
        assert not tags & {"script", "image", "foreignObject", "a", "style"}
        assert not row["title"].startswith(("=", "+", "-", "@"))
