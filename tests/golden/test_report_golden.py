"""The report of a fixed case equals the committed one, in any process, time zone and language.

MENTORLIFT_UPDATE_GOLDEN=1 writes the golden files anew; read the difference before committing.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reports.build import findings_json, render_html
from tests.exit_cases import leaving_report
from tests.money_cases import money_report
from tests.report_cases import company_report, public_report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
POLICY = re.compile(r"'sha256-[^']+'")


def _words(html: str) -> str:
    """The page without bundle, style and their hashes: what a reader reads."""
    for pattern in (SCRIPT, STYLE, POLICY):
        html = pattern.sub("", html)
    return "\n".join(line.strip() for line in html.splitlines() if line.strip()) + "\n"


GOLDEN = {
    "public_report.html": lambda: _words(render_html(public_report())),
    "company_report.html": lambda: _words(render_html(company_report())),
    "leaving_report.html": lambda: _words(render_html(leaving_report())),
    "leaving_findings.json": lambda: findings_json(leaving_report()),
    "money_report.html": lambda: _words(render_html(money_report())),
    "findings.json": lambda: findings_json(company_report()),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_equals_the_golden(name: str) -> None:
    made, path = GOLDEN[name](), HERE / name
    if os.environ.get("MENTORLIFT_UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_two_processes_write_the_same_bytes() -> None:
    code = (
        "import sys; from reports.build import render_html, findings_json; "
        "from reports.workbook import workbook; "
        "from tests.report_cases import company_report; "
        "from tests.exit_cases import leaving_report; "
        "from tests.since_cases import changed_report, many_runs; "
        "from reports.index import render_index; "
        "made = [c() for c in (company_report, leaving_report, changed_report)]; "
        "texts = [f(c).encode() for f in (render_html, findings_json) for c in made]; "
        "texts.append(render_index('Firm', many_runs(30)).encode()); "
        "sys.stdout.buffer.write(b''.join(texts + [workbook(c) for c in made]))"
    )
    digests = set()
    for seed, zone, language in (("1", "Asia/Tokyo", "C"), ("2", "America/Lima", "C.UTF-8")):
        env = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LANG": language,
            "LC_ALL": language,
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, check=True
        )
        digests.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(digests) == 1
