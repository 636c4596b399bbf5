"""The shape of the house: imports, who runs SQL, who makes releases, how long files are."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("analysis", "pipelines", "reports")
SOURCES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))
MAX_LINES = 300
MAX_FUNCTION_LINES = 40


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_go_one_way() -> None:
    """import-linter holds pipelines -> reports -> analysis."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


HEAVY = "sorted({'pandas', 'statsmodels', 'prefect', 'duckdb', 'numpy'} & set(sys.modules))"


def _says(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_command_line_starts_light() -> None:
    """Help must not wait for pandas, statsmodels or Prefect."""
    assert _says(f"import sys, pipelines.cli; print({HEAVY})") == ["[]"]


def test_the_version_is_that_of_the_project_and_waits_for_nothing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    code = (
        "import atexit, sys, pipelines.cli; "
        f"atexit.register(lambda: print({HEAVY})); "
        "sys.argv = ['mentorlift', '--version']; pipelines.cli.main()"
    )
    assert _says(code) == [f"mentorlift {project['version']}", "[]"]


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_files_and_functions_are_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_LINES
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert not long


def test_only_the_engine_and_the_query_child_touch_duckdb() -> None:
    allowed = {"pipelines/engine.py"}
    users = {
        _name(p)
        for p in SOURCES
        if re.search(r"^\s*(import duckdb|from duckdb)", p.read_text(), re.MULTILINE)
    }
    assert {u for u in users if not u.startswith("pipelines/adhoc/")} == allowed


def test_only_disclosure_makes_releases() -> None:
    makers = {_name(p) for p in SOURCES if re.search(r"(?<!\w)Release\(", p.read_text())}
    assert makers == {"analysis/disclosure.py"}


def test_a_release_cannot_be_made_by_hand() -> None:
    from analysis.disclosure import Release

    with pytest.raises(TypeError, match=r"release\(\) alone"):
        Release(**{name: None for name in Release.__slots__ if name != "_mint"})


def test_nothing_reads_the_planted_truth() -> None:
    """The demo writes the truth; no source, model or report may know where it lies."""
    readers = {_name(p) for p in SOURCES if re.search(r"[\"'/]truth[\"'/]", p.read_text())}
    assert readers <= {"pipelines/demo.py"}


def test_the_core_reads_no_clock_and_no_global_random_state() -> None:
    banned = re.compile(
        r"datetime\.now|date\.today|time\.time\(|np\.random\.(seed|rand|normal)\b|open\("
    )
    users = [_name(p) for p in SOURCES if p.parts[-2:] and _name(p).startswith("analysis/")]
    assert not [n for n in users if banned.search((ROOT / n).read_text())]
