"""What a reader of exported files can see: pages and headings of a PDF, text and size of images."""

from __future__ import annotations

import json
import re
import struct
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
CHARTED = re.compile(r"<(?:article|figure)[ >].*?</(?:article|figure)>", re.DOTALL)


@dataclass(frozen=True)
class Pdf:
    """Chromium writes plain objects: no parser is needed to see what is asked of them here."""

    objects: dict[int, bytes]
    pages: list[int]  # their objects, in order

    @property
    def catalogue(self) -> bytes:
        """The root of the document."""
        return next(b for b in self.objects.values() if b.startswith(b"<</Type /Catalog"))

    @property
    def title(self) -> str:
        """The title in the properties."""
        return _text(next(b for b in self.objects.values() if b"/Producer" in b))

    def headings(self) -> list[tuple[str, int]]:
        """Each entry of the outline with the page (from 1) it leads to."""
        found = []
        for body in self.objects.values():
            to = re.search(rb"/Dest \[(\d+) 0 R /XYZ", body)
            if to and body.startswith(b"<</Title"):
                found.append((_text(body), self.pages.index(int(to[1])) + 1))
        return found


def read_pdf(path: Path) -> Pdf:
    """Objects and pages of a PDF that Chromium has written."""
    objects = {int(number): body for number, body in OBJECT.findall(path.read_bytes())}
    (root,) = (b for b in objects.values() if b"/Type /Pages" in b[:20] and b"/Parent" not in b)
    return Pdf(objects, list(_leaves(objects, root)))


def _leaves(objects: dict[int, bytes], node: bytes) -> list[int]:
    (kids,) = re.findall(rb"/Kids \[(.*?)\]", node)
    found: list[int] = []
    for number in map(int, re.findall(rb"(\d+) 0 R", kids)):
        inner = b"/Type /Pages" in objects[number][:20]
        found += _leaves(objects, objects[number]) if inner else [number]
    return found


def _text(body: bytes) -> str:
    coded = re.search(rb"/Title <FEFF([0-9A-F]*)>", body)
    if coded:
        return bytes.fromhex(coded[1].decode()).decode("utf-16-be")
    plain = re.search(rb"/Title \((.*?)(?<!\\)\)", body)
    return re.sub(r"\\(.)", r"\1", plain[1].decode()) if plain else ""


def png_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, of a file that is a PNG."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def drawing(path: Path) -> ElementTree.Element:
    """The root of an SVG file, which is well-formed."""
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert root.tag == f"{SVG}svg"
    return root


def shown_text(report: str) -> str:
    """All text of a report and of the data of its charts."""
    data = re.findall(r'<script type="application/json".*?>(.*?)</script>', report, re.DOTALL)
    texts = " ".join(t for d in data for t in _strings(json.loads(d)))
    return unescape(re.sub(r"<[^>]*>", "", markup(report)) + re.sub(r"<[^>]*>", "", texts))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
    elif isinstance(value, str | int | float):
        yield str(value)


def markup(report: str) -> str:
    """The report without its styles, scripts and data."""
    return re.sub(r"<(style|script)\b.*?</\1>", " ", report, flags=re.DOTALL)


def squeezed(text: str) -> str:
    """A text without any space, since lines break where there is room."""
    return re.sub(r"\s", "", text)


def charts_of(report: str) -> int:
    """Answers and figures of a report that have a drawing; none stands anywhere else."""
    drawn = re.compile(r'role="img"|<svg class="row"')
    page = markup(report)
    blocks = [match[0] for match in CHARTED.finditer(page)]
    assert not drawn.search(CHARTED.sub("", page))
    return sum(bool(drawn.search(block)) for block in blocks)
