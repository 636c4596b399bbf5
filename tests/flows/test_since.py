"""Four runs in one folder: what page one says of the report before, and the site of all of them."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pytest

from tests.flows.conftest import Firm, command, own_key, write_firm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIST = re.compile(r'<ul class="changed".*?</ul>', re.DOTALL)
MONTHS = "months: 3, primary: [1, 3]"


class Made(NamedTuple):
    """What a run left: its id, page, finding, rows of results.changes, and the index then."""

    run: str
    page: str
    finding: dict[str, Any]
    changes: list[tuple[Any, ...]]
    index: str

    @property
    def said(self) -> list[str]:
        """The entries of the list under the headline; none where there is no list."""
        found = LIST.search(self.page)
        entries = re.findall(r"<li>(.*?)</li>", found.group(), re.DOTALL) if found else []
        plain = (html.unescape(re.sub(r"<[^>]+>", "", entry)) for entry in entries)
        return [" ".join(entry.split()) for entry in plain]


def run(firm: Firm) -> Made:
    """Run the project and publish."""
    code, _, err = firm.run()
    assert code in (0, 9), err
    (finding,) = json.loads((firm.out / "findings.json").read_text())
    with duckdb.connect(str(firm.out / "analyst.duckdb"), read_only=True) as file:
        sql = "select change, previous_grade, previous_estimate, causes from results.changes"
        changes = file.execute(sql).fetchall()
    current = (firm.out / "warehouse" / "current").read_text().strip()
    return Made(
        run=current.removeprefix("warehouse-").removesuffix(".duckdb"),
        page=(firm.out / "report.html").read_text(),
        finding=finding,
        changes=changes,
        index=(firm.out / "site" / "index.html").read_text(),
    )


def deliver_again(firm: Firm) -> None:
    """Three months later a new file corrects the sales of twenty winners."""
    text = (firm.project / "mentorlift.yml").read_text()
    sales = text[text.index("  - name: sales") : text.index("  - name: meetings")]
    again = sales.replace("name: sales", "name: corrected").replace("sales.csv", "corrected.csv")
    (firm.project / "mentorlift.yml").write_text(text + again.replace("2025-12-31", "2026-02-28"))
    lines = [f"E{2 * n:04d},2025-04,200" for n in range(20)]
    (firm.data / "corrected.csv").write_text("\n".join(["employee,month,revenue", *lines]) + "\n")
    firm.edit("studies/sales.yml", "as_of: 2025-12-31", "as_of: 2026-03-31")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Firm, list[Made]]]:
    """A first run; a second delivery; a changed question; the second run once more."""
    folder = tmp_path_factory.mktemp("chain")
    firm = write_firm(folder)
    with own_key(folder):
        made = [run(firm)]
        deliver_again(firm)
        made.append(run(firm))
        firm.edit("studies/sales.yml", MONTHS, "months: 2, primary: [1, 2]")
        made.append(run(firm))
        firm.edit("studies/sales.yml", "months: 2, primary: [1, 2]", MONTHS)
        made.append(run(firm))
        yield firm, made


def test_a_first_report_speaks_of_no_other(chain: tuple[Firm, list[Made]]) -> None:
    first = chain[1][0]
    assert (first.said, first.finding["previous"], first.changes) == ([], None, [])
    assert "first report in its output folder" in first.page


def test_the_next_says_what_moved_and_which_facts_differ(chain: tuple[Firm, list[Made]]) -> None:
    first, second = chain[1][:2]
    head, sales, split = second.said
    assert head == "Since 31 Dec 2025"
    assert re.match(r"Sales \+1\d(\.\d)? → \+[2-9]\d(\.\d)? EUR, ", sales)
    # The project file names one more source, so that files are read otherwise as well.
    assert sales.endswith(
        ", files are read otherwise, 3 more months, "
        "new files with earlier figures corrected or told late"
    )
    assert split == f"how much each moved: mentorlift diff {first.run[:8]} {second.run[:8]}"
    block, (row,) = second.finding["previous"], second.changes
    assert (block["run"], block["change"]) == (first.run, "moved")
    assert set(block["causes"]) == {"reading", "new_files", "months", "corrected"}
    assert row[:2] == ("moved", "Randomised")
    was = next(e for e in first.finding["estimates"] if e["role"] == "headline")["estimate"]
    assert block["estimate"] == row[2] == was


def test_a_number_that_is_withheld_now_is_not_repeated(chain: tuple[Firm, list[Made]]) -> None:
    second, third = chain[1][1:3]
    assert third.said[1:] == ["Sales Randomised → Withheld, the question was changed"]
    assert third.changes == [("moved", "Randomised", None, "the question was changed")]
    block = third.finding["previous"]
    assert {block[k] for k in ("estimate", "ci_low", "ci_high", "unit")} == {None}
    number = re.search(r"→ (\+[\d.]+)", second.said[1]).group(1)  # type: ignore[union-attr]
    assert number in second.index and number not in third.page + third.index


def test_a_run_made_again_follows_the_report_it_followed(chain: tuple[Firm, list[Made]]) -> None:
    """Another was published between; the page is the same, byte for byte."""
    second, again = chain[1][1], chain[1][3]
    assert (again.run, again.page) == (second.run, second.page)


def test_the_site_has_every_report_newest_first(chain: tuple[Firm, list[Made]]) -> None:
    firm, (first, second, third, _) = chain
    site = firm.out / "site"
    links = re.findall(r'href="(\w+)/report.html"', (site / "index.html").read_text())
    assert links == [third.run, second.run, first.run]
    for made in (first, second, third):
        assert (site / made.run / "report.html").read_text() == made.page
        files = {p.name for p in (site / made.run).iterdir()}
        assert files == {"report.html", "findings.json", "report.xlsx"}


def test_open_leads_to_a_report_or_to_the_index(
    chain: tuple[Firm, list[Made]], monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, (first, *_) = chain
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    monkeypatch.setenv("DISPLAY", ":0")
    pages: dict[tuple[str, ...], Path] = {
        (): firm.out / "report.html",
        ("--index",): firm.out / "site" / "index.html",
        ("--run", first.run[:6]): firm.out / "site" / first.run / "report.html",
    }
    for options, path in pages.items():
        code, said, err = command("open", "--out", str(firm.out), *options)
        assert (code, said.strip()) == (0, path.resolve().as_uri()), err
    assert shown == [path.resolve().as_uri() for path in pages.values()]
    command("open", "--out", str(firm.out), "--print")
    monkeypatch.delenv("DISPLAY")
    command("open", "--out", str(firm.out))
    assert len(shown) == len(pages)


def test_open_says_what_to_do_where_there_is_no_report(tmp_path: Path) -> None:
    code, _, err = command("open", "--out", str(tmp_path))
    assert code == 4 and "there is no report yet" in err and "mentorlift run PROJECT" in err
