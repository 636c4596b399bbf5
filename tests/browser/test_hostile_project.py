"""A run with a hostile text in every field, opened in Chromium: nothing runs, loads or breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.artifacts import artifacts
from tests.browser.conftest import visit
from tests.browser.test_report_browser import OPEN_ALL
from tests.flows.conftest import own_key
from tests.hostile import write_project

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

# Whether a text is still itself: nothing hidden by a style, nothing put among the elements.
LOOK = """() => ({
  scroll: document.documentElement.scrollWidth - window.innerWidth,
  body: getComputedStyle(document.body).display,
  foreign: document.querySelectorAll('img, iframe, form, [onload], [onerror], a[href^=j]').length,
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every page that the run left."""
    folder = tmp_path_factory.mktemp("hostile")
    firm, _ = write_project(folder)
    with own_key(folder):
        code, _, err = firm.run()
    assert code == 0, err
    return [firm.out / name for name in artifacts(firm.out).pages]


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_a_hostile_project_is_silent_and_whole(
    browser: Browser, pages: list[Path], width: int
) -> None:
    for path in pages:
        page, seen = visit(browser, path, viewport={"width": width, "height": 844})
        page.evaluate(OPEN_ALL)
        page.wait_for_timeout(300)  # images and timers that a payload would have started
        look: dict[str, Any] = page.evaluate(LOOK)
        assert seen == [], path.name
        assert look["foreign"] == 0 and look["body"] != "none", path.name
        assert look["scroll"] <= 0, f"{path.name} scrolls by {look['scroll']} at {width}"
        page.context.close()
