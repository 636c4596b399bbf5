"""The files of an export: found reports in, PDF, images and their list out."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import durable, publish, workspace
from pipelines.adhoc.render import unformula
from pipelines.diff.kept import manifest_of
from pipelines.engine import SPILLED
from pipelines.errors import Exit, UserError
from pipelines.export import chromium
from pipelines.export.page import Picture, pictures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PDF = "report.pdf"
LIST = "images.csv"
COLUMNS = ("file", "section", "study", "title", "alt", "source")
_LONGEST = 60  # characters of a part of a file's name
_OURS = re.compile(r"[a-z0-9-]+\.svg")  # what an earlier list may name for removal
# A4 within its margins, in CSS pixels: charts are drawn as wide as they will stand on paper.
_SHEET = "--window-size=695,1020"


def export(
    out: Path, run: str | None, to: Path, *, pdf: bool = True, images: bool = True
) -> tuple[Path, ...]:
    """Write the PDF and the images of a report into ``to``; returns their paths.

    ``run`` is an id or how it begins; without one the last report of ``out`` is meant. An earlier
    export there is replaced. Raises :class:`UserError`, with Exit.BROWSER where Chromium is the
    trouble.
    """
    if not (pdf or images):
        raise UserError("there is nothing to export", "leave --no-pdf or --no-images", Exit.USAGE)
    report = _report(out, run)
    binary = chromium.find()
    to.mkdir(parents=True, exist_ok=True)
    for left in publish.left_by_dead(to):
        publish.remove(left)
    # In the target, not in /tmp: a Chromium that is confined to the home folder can read it there.
    with tempfile.TemporaryDirectory(
        prefix=f"{SPILLED}{os.getpid()}-", dir=to.resolve(), ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        text = report.read_text(encoding="utf-8")
        made = [_printed(binary, text, folder)] if pdf else []
        if images:
            made += _written(pictures(binary, text, folder), _names(report), folder)
            _remove_earlier(to)
        for path in made:
            durable.flush(path, to / path.name)
            durable.place(path, to / path.name)
        return tuple(to / path.name for path in made)


def _report(out: Path, run: str | None) -> Path:
    path = workspace.Workspace(out, "").report
    if run is not None:
        space = manifest_of(run, out)[0]
        path = space.page
        if not path.is_file() and manifest_of(str(space.out), out)[0].run == space.run:
            path = space.report
    if not path.is_file():
        raise UserError(
            f"{path}: there is no report", "Run the project first, or name its folder with --out."
        )
    return path


def _printed(binary: Path, report: str, folder: Path) -> Path:
    """The report as PDF: tagged, with an outline of its headings, pages as its styles say."""
    page, path = folder / "report.html", folder / PDF
    page.write_text(report, encoding="utf-8")
    chromium.call(
        binary,
        (
            _SHEET,
            "--no-pdf-header-footer",
            "--export-tagged-pdf",
            "--generate-pdf-document-outline",
            f"--print-to-pdf={path}",
            page.as_uri(),
        ),
        folder,
    )
    if not path.is_file() or path.read_bytes()[:5] != b"%PDF-":
        raise UserError(
            "Chromium wrote no PDF", f"free some disk, or {chromium.PRINT}", Exit.BROWSER
        )
    return path


def _written(found: Iterable[Picture], studies: dict[str, str], folder: Path) -> list[Path]:
    """An SVG and a PNG for each picture, and the list of them last."""
    made, rows, taken = [], [], set[str]()
    for picture in found:
        study = studies.get(picture.study, picture.study)
        name = _free("-".join(_slug(part) for part in (picture.section, study) if part), taken)
        vector, pixels = folder / f"{name}.svg", folder / f"{name}.png"
        vector.write_text(picture.svg + "\n", encoding="utf-8")
        pixels.write_bytes(picture.png)
        made += [vector, pixels]
        rows.append(
            (vector.name, picture.section, study, picture.title, picture.alt, picture.source)
        )
    (folder / LIST).write_text(_listed(rows), encoding="utf-8", newline="")
    return [*made, folder / LIST]


def _names(report: Path) -> dict[str, str]:
    """Title of each study -> its name, which stays when somebody words the title anew."""
    path = report.with_name("findings.json")
    found = workspace.read_json(path) if path.is_file() else []
    return {item["title"]: item["study"] for item in found}


def _slug(text: str) -> str:
    """Small letters, digits and hyphens: a name that every file system takes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_LONGEST].strip("-") or "study"


def _free(name: str, taken: set[str]) -> str:
    """The name, numbered where the same section and study have several charts."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free


def _listed(rows: Sequence[tuple[str, ...]]) -> str:
    """The list as CSV; no cell is taken for a formula by a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([unformula(cell) for cell in row] for row in rows)
    return text.getvalue()


def _remove_earlier(to: Path) -> None:
    """Charts that the list of an earlier export names: the report may not have them any more."""
    if not (to / LIST).is_file():
        return
    with (to / LIST).open(encoding="utf-8", newline="") as listed:
        names = [row.get("file") or "" for row in csv.DictReader(listed)]
    for name in names:
        if _OURS.fullmatch(name):
            (to / name).unlink(missing_ok=True)
            (to / name).with_suffix(".png").unlink(missing_ok=True)
