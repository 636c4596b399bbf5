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
    "tablet": {"viewport": {"width": 768, "height": 1024}},
    "narrow": {"viewport": {"width": 390, "height": 844}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "narrow-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
A4_INNER = {"width": 695, "height": 1020}  # CSS pixels inside the margins
OPEN_ALL = "for (const d of document.querySelectorAll('details')) d.open = true"
NO_SCROLL = "document.documentElement.scrollWidth <= window.innerWidth"
Opened = "Callable[..., tuple[Page, list[str]]]"

# Texts on the screen, those of charts included, that are set smaller than 12 px.
TOO_SMALL = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let node; node = walker.nextNode();) {
    const by = node.parentElement;
    if (!node.data.trim() || !by.checkVisibility() || by.closest('.vh, script, style')) continue;
    if (parseFloat(getComputedStyle(by).fontSize) < 12) found.push(node.data.trim());
  }
  return found;
}"""

# Charts without a name, or whose numbers stand in no table; drawings that are not hidden.
UNTOLD = """() => {
  const found = [];
  const name = e => e.getAttribute('aria-label') ?? (e.getAttribute('aria-labelledby') ?? '')
    .split(' ').map(id => document.getElementById(id)?.textContent ?? '').join(' ');
  const charts = [...document.querySelectorAll('svg[role=img], .plotted')];
  for (const chart of charts) {
    if (!/\\d/.test(name(chart))) found.push('no figure in the name: ' + chart.outerHTML);
    if (!chart.dataset.numbers) continue;
    const table = document.getElementById(chart.dataset.numbers)?.querySelector('table');
    if (!table?.caption || table.tBodies[0].rows.length < 2) found.push('no table: ' + chart.id);
  }
  for (const svg of document.querySelectorAll('main svg'))
    if (!svg.closest('[aria-hidden=true], [role=img]')) found.push('seen: ' + svg.outerHTML);
  for (const table of document.querySelectorAll('main table'))
    if (!table.caption?.textContent.trim()) found.push('no caption: ' + table.textContent);
  return [charts.length > 0, found];
}"""


@pytest.mark.parametrize(
    ("name", "screen"),
    [
        ("public", "wide"),
        ("changed", "wide"),
        ("changed", "narrow-dark"),
        *((name, screen) for name in ("company", "leaving") for screen in SCREENS),
    ],
)
def test_opens_without_complaint_request_scroll_or_barrier(
    opened: Opened, picture: Callable[[Page, str], None], name: str, screen: str
) -> None:
    page, seen = opened(name, **SCREENS[screen])
    picture(page, f"{name}-{screen}")
    assert page.evaluate(NO_SCROLL)
    page.evaluate(OPEN_ALL)
    assert page.evaluate(NO_SCROLL)
    assert page.evaluate(TOO_SMALL) == []
    assert page.evaluate(UNTOLD) == [True, []]
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []
    assert seen == []
    page.context.close()


def test_headline_and_five_answers_stand_on_one_screen(
    opened: Opened, picture: Callable[[Page, str], None]
) -> None:
    page, _ = opened("five", **SCREENS["wide"])
    picture(page, "five-wide")
    line = "e => e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight)"
    assert round(page.locator("h1").evaluate(line)) <= 2
    answers = page.locator(".study .say-it, .study .chart")
    assert answers.count() == 10
    ends = [e.evaluate("e => e.getBoundingClientRect().bottom") for e in answers.all()]
    assert max(ends) <= SCREENS["wide"]["viewport"]["height"]
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
    page.evaluate(OPEN_ALL)
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
    page.evaluate(OPEN_ALL)
    assert page.evaluate(NO_SCROLL)
    assert page.locator("main img, main b b").count() == 0
    assert seen == []
    page.context.close()


# Links, folds and areas that scroll, in the order of the page, each with a number.
REACHABLE = """() => {
  const all = [...document.querySelectorAll('a[href], summary, [tabindex="0"]')];
  const seen = all.filter(e => e.checkVisibility());
  seen.forEach((e, i) => { e.dataset.place = i; });
  const scrolls = [...document.querySelectorAll('main *')].filter(e =>
    e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX));
  return [seen.length, scrolls.filter(e => e.tabIndex < 0).length];
}"""
FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  return [e.dataset.place, style.outlineStyle, parseFloat(style.outlineWidth)];
}"""


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(opened: Opened) -> None:
    page, _ = opened("company", **SCREENS["wide"])
    reachable, mute = page.evaluate(REACHABLE)
    assert mute == 0
    for place in range(reachable):
        page.keyboard.press("Tab")
        at, style, width = page.evaluate(FOCUSED)
        assert (at, style) == (str(place), "solid") and width >= 3
        if place == 0:
            assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    folds = page.locator("summary")
    assert folds.count() > 5 and reachable > folds.count()
    page.context.close()


# Headings that the contents bar covers when its links are followed; six more links are added.
COVERED = """() => {
  const bar = document.querySelector('.toc'), list = bar.querySelector('ol');
  const bottom = () => bar.getBoundingClientRect().bottom;
  for (const item of [...list.children].slice(1, 7)) list.append(item.cloneNode(true));
  const covered = [];
  for (const link of list.querySelectorAll('a')) {
    const target = document.querySelector(link.getAttribute('href'));
    target.scrollIntoView();
    const top = (target.querySelector('h2') ?? target).getBoundingClientRect().top;
    if (link.hash !== '#answer' && top < bottom()) covered.push(link.hash);
  }
  return covered;
}"""


def test_the_contents_bar_covers_no_target(opened: Opened) -> None:
    page, _ = opened("leaving", **SCREENS["wide"])
    assert page.evaluate(COVERED) == []
    for size in ({"width": 1000, "height": 800}, SCREENS["tablet"]["viewport"]):
        page.set_viewport_size(size)
        assert page.evaluate(COVERED) == []
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
    page.emulate_media(color_scheme="dark", media="screen", forced_colors="active")
    link = page.locator(".toc a").first.evaluate(
        "e => { e.style.cssText = 'forced-color-adjust: none; color: LinkText';"
        " return getComputedStyle(e).color }"
    )
    expect(dot).to_have_css("fill", link)
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


@pytest.mark.parametrize("name", ["five", "company", "leaving", "money", "changed", "full"])
def test_the_first_printed_page_holds_the_answer_alone(
    opened: Opened, picture: Callable[[Page, str], None], name: str
) -> None:
    page, seen = opened(name, viewport=A4_INNER)
    page.emulate_media(media="print")
    picture(page, f"{name}-print")
    assert page.evaluate("getComputedStyle(document.querySelector('.answer')).breakAfter") == "page"
    folded = ".said > .rules, details > table"
    assert all(e.evaluate("e => e.checkVisibility()") for e in page.locator(folded).all())
    assert page.evaluate(NO_SCROLL)
    whole = _pages(page.pdf(prefer_css_page_size=True))
    alone = "main > :not(.answer) {display: none} .answer {break-after: auto !important}"
    page.add_style_tag(content=alone)
    assert _pages(page.pdf(prefer_css_page_size=True)) == 1
    assert whole > 3
    assert seen == []
    page.context.close()


def _pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
