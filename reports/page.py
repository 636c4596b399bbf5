"""What every page is made with: templates, styles, the policy that nothing is loaded."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.numbers import plain

TEMPLATES = Path(__file__).resolve().parent / "templates"


@cache
def environment() -> Environment:
    """Templates with autoescape, whatever their names end in, and no undefined names.

    One for all pages of a process, so that each template is compiled once.
    """
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _printed(value: object) -> object:
    """Text loses characters that would reorder or hide what stands around it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return plain(value)
    return value


def policy(scripts: tuple[Markup, ...] = ()) -> str:
    """The content security policy: nothing is loaded, only the scripts in the file may run."""
    rules = ["default-src 'none'", "style-src 'unsafe-inline'", "base-uri 'none'"]
    if scripts:
        digests = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
        rules.append("script-src " + " ".join(f"'sha256-{d}'" for d in digests))
    return "; ".join([*rules, "form-action 'none'"])


def css_string(text: str) -> Markup:
    """A quoted CSS string in which no character can end the string or the style element."""
    safe = (c if c.isascii() and (c.isalnum() or c in " .,-") else f"\\{ord(c):x} " for c in text)
    return Markup('"' + "".join(safe) + '"')


def read(folder: str, names: tuple[str, ...], ending: str) -> Markup:
    """Files of a template folder, one below the other."""
    texts = ((TEMPLATES / folder / f"{n}{ending}").read_text(encoding="utf-8") for n in names)
    return Markup("\n".join(texts))
