"""A finished page as a stranger reads it: elements, texts by section, hidden labels, charts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

LABELS = ("title", "aria-label", "alt", "content", "placeholder", "aria-description")
DRAWN = frozenset({"circle", "line", "path", "rect", "use"})
VOID = DRAWN | {"base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
# Elements that stand in a line of text; every other one ends the text before it.
INLINE = DRAWN | {"a", "b", "bdi", "br", "code", "em", "g", "i", "q", "small", "strong", "sub"}
INLINE |= {"sup", "svg", "symbol", "wbr"}
SPAN = "span"  # in a line, unless it has a class of its own: then it is laid out apart
QUOTED = "Do not say"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """One text of a page: where it stands, in which element or attribute, and what it is under.

    ``term`` is the last term (dt) or row head before it; ``quoted``: a sentence not to be said.
    """

    section: str
    tag: str
    text: str
    term: str = ""
    quoted: bool = False

    @property
    def sentences(self) -> list[str]:
        """The text cut behind full stops, question marks and exclamation marks."""
        return re.split(r"(?<=[.?!])\s+(?=[A-Z“])", self.text)


class Page(HTMLParser):
    """Everything a page holds. Scripts are kept apart: ``code`` runs, ``data`` is parsed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[Block] = []
        self.code: list[str] = []
        self.styles: list[str] = []
        self.data: list[Json] = []
        self.columns: list[tuple[str, str]] = []  # head and cell of every table
        self._heads, self._row = list[str](), list[str]()
        self._cell = ""
        self._sections, self._open = ["page"], list[str]()
        self._text, self._term = "", ""
        self._quote = False
        self.feed(html)
        self.close()
        self._end_block()

    @property
    def text(self) -> str:
        """All texts, labels included."""
        return "\n".join(b.text for b in self.blocks)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag not in INLINE and (tag != SPAN or "class" in found):
            self._end_block()
        if tag in ("table", "tr", "th", "td"):
            self._begin_cell(tag)
        if tag == "section":
            self._sections.append(found.get("id") or "section")
        if tag == "q" and self._term == QUOTED:
            self._end_block()
            self._quote = True
        if tag not in VOID:
            self._open.append(tag)
        for name in LABELS:
            if found.get(name):
                text = " ".join((found[name] or "").split())
                self.blocks.append(Block(self._sections[-1], f"{tag}@{name}", text, self._term))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._end_script(tag)
        elif tag not in INLINE or (tag == "q" and self._quote):
            self._end_block()
        if tag in ("th", "td", "tr"):
            self._end_cell(tag)
        if tag == "section" and len(self._sections) > 1:
            self._sections.pop()
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._text += data
        self._cell += data

    def _begin_cell(self, tag: str) -> None:
        if tag == "table":
            self._heads = []
        elif tag == "tr":
            self._row = []
        else:
            self._cell = ""

    def _end_cell(self, tag: str) -> None:
        if tag != "tr":
            self._row.append(" ".join(self._cell.split()))
        elif "thead" in self._open:
            self._heads = self._row
        elif len(self._row) == len(self._heads):
            self.columns += zip(self._heads, self._row, strict=True)

    def _end_script(self, tag: str) -> None:
        text, self._text = self._text, ""
        own = next(a for t, a in reversed(self.elements) if t == tag)
        if tag == "style":
            self.styles.append(text)
        elif own.get("type") == "application/json":
            self.data.append(json.loads(text))
        else:
            self.code.append(text)

    def _end_block(self) -> None:
        text, self._text = " ".join(self._text.split()), ""
        tag = next((t for t in reversed(self._open) if t not in INLINE), "page")
        if text:
            made = Block(self._sections[-1], tag, text, self._term, self._quote)
            self.blocks.append(made)
            if tag in ("dt", "th"):
                self._term = text
        self._quote = False


def texts_of(value: Any) -> list[str]:
    """Every text inside a JSON value, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [t for k, v in value.items() for t in (str(k), *texts_of(v))]
    if isinstance(value, list | tuple):
        return [t for v in value for t in texts_of(v)]
    return []
