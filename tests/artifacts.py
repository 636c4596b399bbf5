"""What a run leaves for readers: pages, JSON, workbooks, drawings and other texts, by their paths.

Whatever lies in the folder is read; the run's working files and databases are not for readers.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from tests.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOT_FOR_READERS = ("runs", "warehouse", "private")
TEXTS = (".html", ".json", ".svg", ".csv", ".md", ".txt")


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Contents by the path below the folder of results."""

    texts: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    books: dict[str, Path] = field(default_factory=dict)

    def cells(self) -> Iterator[tuple[str, Any]]:
        """Every cell of every workbook that holds something, with where it is."""
        for name, path in self.books.items():
            for sheet in load_workbook(path):
                for row in sheet.iter_rows():
                    for cell in row:
                        if cell.value is not None:
                            yield f"{name} {sheet.title}!{cell.coordinate}", cell

    def parts(self) -> Iterator[tuple[str, str]]:
        """Every XML part of every workbook."""
        for name, path in self.books.items():
            with zipfile.ZipFile(path) as book:
                for part in book.namelist():
                    yield f"{name} {part}", book.read(part).decode("utf-8", errors="replace")


def artifacts(out: Path) -> Artifacts:
    """Everything for readers below the folder of results."""
    found = Artifacts()
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_symlink() or not path.is_file() or name.split("/")[0] in NOT_FOR_READERS:
            continue
        if path.suffix in TEXTS:
            text = path.read_text(encoding="utf-8")
            found.texts[name] = text
            if path.suffix == ".html" or path.suffix == ".svg":
                found.pages[name] = Page(text)
            elif path.suffix == ".json":
                found.data[name] = json.loads(text)
        elif path.suffix == ".xlsx":
            found.books[name] = path
    assert "report.html" in found.pages and "findings.json" in found.data
    return found
