"""Documentation is checked: every command, column and folder is described, and truly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
import yaml

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
CONTRACTS = sorted((ROOT / "pipelines" / "models").rglob("*.yml"))


def _commands() -> dict[str, object]:
    from pipelines.cli import app

    group = typer.main.get_command(app)
    return dict(group.commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(_commands()))
def test_every_command_is_documented(name: str) -> None:
    assert re.search(rf"`(mentorlift )?{name}\b", README), "the README has no row for it"
    text = str(getattr(_commands()[name], "help", ""))
    assert f"Example: mentorlift {name}" in text


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_table_and_column_is_described(path: Path) -> None:
    contract = yaml.safe_load(path.read_text())
    if "columns" not in contract:
        pytest.fail("a contract lists its columns")
    columns = contract["columns"]
    pairs = columns.items() if isinstance(columns, dict) else [(c["name"], c) for c in columns]
    undescribed = [
        name
        for name, column in pairs
        if not (column if isinstance(column, str) else column.get("description"))
    ]
    assert not undescribed
    assert path.name.startswith("_") or contract.get("description")


def test_the_dictionary_is_current() -> None:
    """data/dictionary.md is what `mentorlift dictionary` prints."""
    from pipelines.catalog import dictionary_markdown

    assert (ROOT / "data" / "dictionary.md").read_text() == dictionary_markdown()


@pytest.mark.parametrize("folder", ["analysis", "pipelines", "reports", "data", "tests"])
def test_every_folder_has_a_readme(folder: str) -> None:
    assert (ROOT / folder / "README.md").read_text().startswith("# ")


def test_links_in_the_documentation_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("*/README.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_exit_codes_in_the_readme_are_those_of_the_code() -> None:
    from pipelines.errors import Exit

    table = {int(m) for m in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert table == {int(code) for code in Exit}


def test_ci_runs_the_command_of_the_readme() -> None:
    assert "make test" in README
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_every_dependency_has_a_lower_bound_and_a_pin() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {
        re.split(r"==", line)[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in wanted:
        assert re.search(r">=|==", requirement), requirement
        name = re.split(r"[\[<>=]", requirement)[0].lower().replace("_", "-")
        assert name in pins, name
