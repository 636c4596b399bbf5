"""The charts of a report, drawn by the report itself in Chromium."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import Exit, UserError
from pipelines.export import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS = ("drawing.js", "images.js")
WIDE = 800  # CSS pixels of the window: text stays readable on a slide and in a column of print
_POLICY = re.compile(r'(<meta http-equiv="Content-Security-Policy" content=")([^"]*)(">)')
_HANDED = re.compile(rb'<pre id="mentorlift-images">([A-Za-z0-9+/=]*)</pre>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One chart of the report as it stands there, with the words that belong to it."""

    section: str  # id of the section it stands in
    study: str  # title of the study it is about
    title: str
    alt: str
    source: str
    svg: str
    png: bytes


def pictures(binary: Path, report: str, folder: Path) -> tuple[Picture, ...]:
    """Every chart of the report (its HTML), in the order of the page; ``folder`` takes files."""
    page = folder / "images.html"
    page.write_text(with_script(report), encoding="utf-8")
    arguments = (f"--window-size={WIDE},1000", "--dump-dom", page.as_uri())
    found = _HANDED.search(chromium.call(binary, arguments, folder))
    if found is None:
        raise UserError(
            "Chromium opened the report, but its charts were not drawn",
            f"use a current Chromium: set {chromium.VARIABLE} to its path",
            Exit.BROWSER,
        )
    return tuple(_read(base64.b64decode(found.group(1))))


def with_script(report: str) -> str:
    """The report with the script that draws its charts; its own policy stays in force.

    The script is admitted by its hash, like those of the report, and images only as data.
    """
    here = Path(__file__).parent
    script = "\n".join((here / name).read_text(encoding="utf-8") for name in SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    opened, count = _POLICY.subn(lambda m: m[1] + _admitting(m[2], digest) + m[3], report, 1)
    if not count or "</head>" not in report:
        raise UserError(
            "this report has no content security policy, so it is none of mentorlift's",
            "export a report that a run has written",
        )
    return opened.replace("</head>", f"<script>{script}</script>\n</head>", 1)


def _admitting(policy: str, digest: str) -> str:
    rules = [rule.strip() for rule in unescape(policy).split(";")]
    scripts = [rule for rule in rules if rule.startswith("script-src")] or ["script-src"]
    others = [rule for rule in rules if not rule.startswith("script-src")]
    return escape("; ".join([*others, f"{scripts[0]} 'sha256-{digest}'", "img-src data:"]))


def _read(document: bytes) -> Iterator[Picture]:
    for item in json.loads(document):
        words = {key: str(item[key]) for key in ("section", "study", "title", "alt", "source")}
        yield Picture(**words, svg=str(item["svg"]), png=base64.b64decode(item["png"]))
