"""A run with a hostile text in every field, opened in Chromium: nothing runs, loads or breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.artifacts import artifacts
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
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENTORLIFT_KEY_FILE", str(folder / "test.key"))
        code, _, err = firm.run()
    assert code == 0, err
    return [firm.out / name for name in artifacts(firm.out).pages]


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_a_hostile_project_is_silent_and_whole(
    browser: Browser, pages: list[Path], width: int
) -> None:
    for path in pages:
        context = browser.new_context(offline=True, viewport={"width": width, "height": 844})
        page, seen = context.new_page(), list[str]()
        page.on("dialog", lambda d, seen=seen: (seen.append(f"dialog: {d.message}"), d.dismiss()))
        page.on("console", lambda m, seen=seen: seen.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda e, seen=seen: seen.append(f"error: {e}"))
        page.on("request", lambda r, seen=seen: seen.append(f"request: {r.url}"))
        page.goto(path.as_uri())
        page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        page.wait_for_timeout(300)  # images and timers that a payload would have started
        look: dict[str, Any] = page.evaluate(LOOK)
        assert seen[1:] == [] and seen[0].startswith("request: file:"), path.name
        assert look["foreign"] == 0 and look["body"] != "none", path.name
        assert look["scroll"] <= 0, f"{path.name} scrolls by {look['scroll']} at {width}"
        context.close()
