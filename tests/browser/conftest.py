"""Chromium for the browser tests: that of the system, never downloaded, never on the network."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import UserError
from pipelines.export import chromium
from reports.build import render_html
from tests.exit_cases import leaving_report
from tests.money_cases import money_report
from tests.report_cases import company_report, hostile_report, public_report
from tests.since_cases import changed_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

HOSTILE = {
    "tags": "<img src=x onerror=alert(1)></script><script>alert(2)</script>",
    "long": "Donaudampfschifffahrtsgesellschaft" * 8,
    "rtl": "מנטורינג \u202e<b>البرنامج</b>",
}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The system's Chromium, as an export finds it; without one the tests of a browser skip."""
    try:
        return chromium.find()
    except UserError as missing:
        pytest.skip(f"{missing.problem}: set {chromium.VARIABLE} to its path")


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], chromium_path: Path
) -> dict[str, Any]:
    """The same Chromium for Playwright."""
    return {**browser_type_launch_args, "executable_path": str(chromium_path), "args": FLAGS}


def visit(browser: Browser, path: Path, **context: Any) -> tuple[Page, list[str]]:
    """Opens a file offline; the list collects every complaint and every further request."""
    page = browser.new_context(offline=True, **context).new_page()
    seen: list[str] = []
    page.on("dialog", lambda d: (seen.append(f"dialog: {d.message}"), d.dismiss()))
    page.on("console", lambda m: seen.append(f"{m.type}: {m.text}"))
    page.on("pageerror", lambda e: seen.append(f"error: {e}"))
    page.on("request", lambda r: seen.append(f"request: {r.url}"))
    page.goto(path.as_uri())
    assert seen.pop(0).startswith("request: file:")
    return page, seen


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reports of fixed cases as files."""
    folder = tmp_path_factory.mktemp("reports")
    made = {"public": public_report(), "company": company_report(), "leaving": leaving_report()}
    made["money"] = money_report()
    made["changed"] = changed_report()
    made |= {f"hostile-{name}": hostile_report(text) for name, text in HOSTILE.items()}
    made |= {
        f"money-{name}": hostile_report(text, money_report(text)) for name, text in HOSTILE.items()
    }
    exits = leaving_report()
    five = (*company_report().releases, exits.releases[0])
    made["five"] = replace(company_report(), releases=five)
    made["full"] = replace(
        changed_report(),
        releases=(*changed_report().releases, exits.releases[0]),
        money=money_report().money,
    )
    made |= {f"exits-{name}": hostile_report(text, exits) for name, text in HOSTILE.items()}
    for name, case in made.items():
        (folder / f"{name}.html").write_text(render_html(case), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture
def opened(browser: Browser, pages: dict[str, Path]) -> Callable[..., tuple[Page, list[str]]]:
    """Visits a report, until its charts are drawn."""

    def open_page(name: str, **context: Any) -> tuple[Page, list[str]]:
        page, seen = visit(browser, pages[name], **context)
        page.wait_for_selector(".plotted .main-svg")
        return page, seen

    return open_page


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Saves a screenshot where MENTORLIFT_SCREENSHOTS says, if it says so."""

    def save(page: Page, name: str) -> None:
        folder = os.environ.get("MENTORLIFT_SCREENSHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return save
