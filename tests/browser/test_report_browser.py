"""The report in a browser: offline, silent, accessible, by keyboard, on paper, in the dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SCREENS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "narrow": {"viewport": {"width": 390, "height": 844}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "narrow-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
A4_INNER = {"width": 695, "height": 1020}  # CSS pixels inside the margins
Opened = "Callable[..., tuple[Page, list[str]]]"


@pytest.mark.parametrize(
    ("name", "screen"),
    [
        ("public", "wide"),
        *((name, screen) for name in ("company", "leaving") for screen in SCREENS),
    ],
)
def test_opens_without_complaint_request_scroll_or_barrier(
    opened: Opened, picture: Callable[[Page, str], None], name: str, screen: str
) -> None:
    page, seen = opened(name, **SCREENS[screen])
    picture(page, f"{name}-{screen}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []
    assert seen == []
    page.context.close()


# Words in table cells that stand on several lines; a soft hyphen may break one.
BROKEN = """() => {
  const found = [];
  for (const cell of document.querySelectorAll('th, td')) {
    if (cell.closest('thead')?.offsetWidth === 1) continue;  // heads that only readers hear
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node; node = walker.nextNode();)
      for (const word of node.data.matchAll(/[A-Za-z\\u00ad]{2,20}/g)) {
        if (node.parentElement.closest('.vh')) continue;
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map(r => Math.round(r.top)));
        if (lines.size > 1 && !word[0].includes('\\u00ad')) found.push(word[0]);
      }
  }
  return found;
}"""


@pytest.mark.parametrize("name", ["company", "leaving", "money"])
def test_no_word_of_a_table_is_broken_on_a_narrow_screen(opened: Opened, name: str) -> None:
    page, _ = opened(name, **SCREENS["narrow"])
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert page.evaluate(BROKEN) == []
    page.context.close()


@pytest.mark.parametrize("kind", ["hostile", "exits", "money"])
@pytest.mark.parametrize("text", ["tags", "long", "rtl"])
def test_hostile_text_neither_runs_nor_breaks_the_page(
    opened: Opened, picture: Callable[[Page, str], None], kind: str, text: str
) -> None:
    name = f"{kind}-{text}"
    page, seen = opened(name, **SCREENS["narrow"])
    picture(page, name)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("main img, main b b").count() == 0
    assert seen == []
    page.context.close()


def test_the_skip_link_and_every_fold_are_reached_by_keyboard(opened: Opened) -> None:
    page, _ = opened("company", **SCREENS["wide"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            reached.add(page.evaluate("document.activeElement.textContent"))
    folds = page.evaluate("[...document.querySelectorAll('summary')].map(s => s.textContent)")
    assert reached == set(folds)
    page.context.close()


def test_colours_of_the_chart_follow_the_scheme_and_paper(opened: Opened) -> None:
    page, _ = opened("public", **SCREENS["wide"])
    light, dark = "rgb(10, 90, 134)", "rgb(124, 192, 234)"
    dot = page.locator(".plotted .scatterlayer .point").first
    expect(dot).to_have_css("fill", light)
    page.emulate_media(color_scheme="dark")
    expect(dot).to_have_css("fill", dark)
    page.emulate_media(color_scheme="dark", media="print")
    expect(dot).to_have_css("fill", light)
    page.context.close()


def test_the_curves_of_exits_follow_the_scheme_and_differ_by_more_than_colour(
    opened: Opened,
) -> None:
    page, _ = opened("leaving", **SCREENS["wide"])
    lines = page.locator(".plotted .scatterlayer .js-line")
    expect(lines.first).to_have_css("stroke", "rgb(10, 90, 134)")
    expect(lines.last).to_have_css("stroke", "rgb(160, 74, 16)")
    page.emulate_media(color_scheme="dark")
    expect(lines.first).to_have_css("stroke", "rgb(124, 192, 234)")
    dashes = [line.evaluate("l => getComputedStyle(l).strokeDasharray") for line in lines.all()]
    assert len(set(dashes)) == len(dashes) == 2
    page.context.close()


def test_without_script_the_table_stands_for_the_chart(
    pages: dict[str, Path], browser: Any
) -> None:
    page = browser.new_context(java_script_enabled=False, offline=True).new_page()
    page.goto(pages["public"].as_uri())
    assert page.get_by_text("Effect on weekly profit by month").is_visible()
    assert not page.locator(".plotted").first.is_visible()
    page.context.close()


@pytest.mark.parametrize("name", ["public", "company", "leaving", "money"])
def test_the_first_printed_page_holds_the_answer_alone(
    opened: Opened, picture: Callable[[Page, str], None], name: str
) -> None:
    page, _ = opened(name, viewport=A4_INNER)
    page.emulate_media(media="print")
    picture(page, f"{name}-print")
    assert page.evaluate("getComputedStyle(document.querySelector('.answer')).breakAfter") == "page"
    whole = _pages(page.pdf(prefer_css_page_size=True))
    alone = "main > :not(.answer) {display: none} .answer {break-after: auto !important}"
    page.add_style_tag(content=alone)
    assert _pages(page.pdf(prefer_css_page_size=True)) == 1
    assert whole > 3
    page.context.close()


def _pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
