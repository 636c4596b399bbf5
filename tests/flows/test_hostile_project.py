"""A hostile text in every field of a project and its files: it stays text wherever it arrives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.artifacts import Artifacts, artifacts
from tests.flows.conftest import Firm, command, own_key
from tests.hostile import write_project
from tests.page import LABELS, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = re.compile(r"q\d\dq")
# What turns or steers the text around it; tabs and line ends do not.
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LOADING = frozenset(
    {"action", "background", "data", "formaction", "ping", "poster", "src", "srcdoc", "srcset"}
)
RUNNING = frozenset({"applet", "base", "embed", "form", "iframe", "img", "link", "object", "video"})
# What no page prints: headers of mapped columns, a metric with a label, a value that is mapped.
NOT_PRINTED = frozenset({"department 2", "header", "metric", "programme", "programme name"})


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Firm, dict[str, str], str]:
    """The project, the field of each mark, and all that the terminal showed."""
    folder = tmp_path_factory.mktemp("hostile")
    firm, made = write_project(folder)
    with own_key(folder):
        code, out, err = firm.run()
        assert code == 0, err
        _, as_json, more = firm.run("--json")
        _, checked, warned = command("check", str(firm.project), "--data", str(firm.data))
    return firm, made, "\n".join([out, err, as_json, more, checked, warned])


@pytest.fixture(scope="module")
def left(hostile: tuple[Firm, dict[str, str], str]) -> Artifacts:
    """What the run left for readers."""
    return artifacts(hostile[0].out)


def test_every_field_arrives_as_text(
    hostile: tuple[Firm, dict[str, str], str], left: Artifacts
) -> None:
    """Else its harmlessness below would prove nothing."""
    printed = set(MARK.findall(left.pages["report.html"].text))
    missing = {field for mark, field in hostile[1].items() if mark not in printed}
    assert missing <= NOT_PRINTED


def test_no_text_becomes_an_element_or_an_attribute(left: Artifacts) -> None:
    for name, page in left.pages.items():
        for tag, attributes in page.elements:
            assert tag not in RUNNING, (name, tag)
            assert not LOADING & set(attributes), (name, tag)
            assert not [a for a in attributes if a.startswith("on")], (name, tag)
            for attribute, value in attributes.items():
                if MARK.search(value or ""):
                    assert attribute in LABELS, (name, tag, attribute)


def test_links_lead_to_parts_of_the_page_or_to_pages_beside_it(left: Artifacts) -> None:
    for name, page in left.pages.items():
        found = [a for _, attributes in page.elements for a in _links(attributes)]
        assert [link for link in found if not re.fullmatch(r"[\w./-]*(#[\w-]*)?", link)] == [], name


def _links(attributes: dict[str, str | None]) -> Iterator[str]:
    for key in ("href", "xlink:href"):
        if attributes.get(key):
            yield attributes[key] or ""


def test_no_text_becomes_script_or_style(left: Artifacts) -> None:
    for name, page in left.pages.items():
        assert not [code for code in page.code if MARK.search(code)], name
        assert not [text for text in page.styles if "<" in text], name
    for block in re.findall(
        r'<script type="application/json".*?</script>', left.texts["report.html"]
    ):
        assert block.count("<") == 2


def test_nothing_steers_a_terminal_or_turns_a_line(
    hostile: tuple[Firm, dict[str, str], str], left: Artifacts
) -> None:
    for name, text in {**left.texts, "terminal": hostile[2]}.items():
        assert [hex(ord(c)) for c in UNSAFE.findall(text)] == [], name


def test_json_reads_back_what_was_written(
    hostile: tuple[Firm, dict[str, str], str], left: Artifacts
) -> None:
    texts = " ".join(texts_of(left.data["findings.json"]))
    assert "\x1b[31m" in texts and "\u202e" in texts  # whole, though escaped in the file
    assert set(MARK.findall(texts))


def test_workbooks_hold_no_formula_no_link_and_no_code(left: Artifacts) -> None:
    assert left.books
    seen = 0
    for where, cell in left.cells():
        assert cell.data_type != "f", where
        assert cell.hyperlink is None, where
        seen += bool(MARK.search(str(cell.value)))
    assert seen
    for part, xml in left.parts():
        assert "<f>" not in xml and "<f " not in xml and "<hyperlink" not in xml, part
        assert not re.search(r"externalLink|vba|oleObject|dde", part, re.IGNORECASE), part
        if part.endswith(".rels"):
            assert 'TargetMode="External"' not in xml, part
