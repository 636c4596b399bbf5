"""The index of 200 runs in a browser: silent, accessible, readable on a telephone and on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from reports.index import render_index
from tests.browser.conftest import HOSTILE, visit
from tests.browser.test_report_browser import NO_SCROLL, OPEN_ALL, SCREENS
from tests.since_cases import many_runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def opened(browser: Browser, folder: Path, text: str, screen: str) -> tuple[Page, list[str]]:
    """Visits the index, written as a file."""
    (folder / "index.html").write_text(text, encoding="utf-8")
    return visit(browser, folder / "index.html", **SCREENS[screen])


@pytest.mark.parametrize("screen", SCREENS)
def test_two_hundred_runs_are_readable_and_without_barrier(
    browser: Browser, tmp_path: Path, picture: Callable[[Page, str], None], screen: str
) -> None:
    page, seen = opened(browser, tmp_path, render_index("Ardenwick Group", many_runs()), screen)
    picture(page, f"index-{screen}")
    assert page.evaluate("document.documentElement.scrollHeight < 6 * window.innerHeight")
    assert page.locator(".runs > li:visible").count() < 12 < page.locator(".runs > li").count()
    found = Axe().run(page).response["violations"]
    page.evaluate(OPEN_ALL)
    assert page.evaluate(NO_SCROLL)
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []
    assert seen == []
    page.context.close()


def test_all_years_are_printed(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, render_index("Ardenwick Group", many_runs()), "wide")
    page.emulate_media(media="print")
    assert page.get_by_text("28 Jan 2010").is_visible()
    page.context.close()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_titles_neither_run_nor_break_the_index(
    browser: Browser, tmp_path: Path, text: str
) -> None:
    bad = HOSTILE[text]
    runs = tuple(
        replace(r, studies=tuple(replace(s, title=bad) for s in r.studies)) for r in many_runs(3)
    )
    page, seen = opened(browser, tmp_path, render_index(bad, runs), "narrow")
    assert page.evaluate(NO_SCROLL)
    assert page.locator("main img, main b b").count() == 0
    assert seen == []
    page.context.close()
