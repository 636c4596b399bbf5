"""Paths and names in what commands print cannot steer a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import adhoc, cli_erase, cli_files, cli_planning, cli_results
from pipelines.adhoc.sandbox import QueryResult
from pipelines.erasure.erase import Certificate

HOSTILE = "a\x1b[2J\x9b2J\u202eb"
HARMLESS = "a[2J2Jb"
CERTIFICATE = Certificate(
    run="1", removed=(Path(HOSTILE),), searched=1, tokens=1, remaining=(Path(HOSTILE),),
    figures=(Path(HOSTILE),), owner=(Path(HOSTILE),), short=0,
)  # fmt: skip


def test_a_certificate_of_an_erasure(capsys: pytest.CaptureFixture[str]) -> None:
    cli_erase._tell(CERTIFICATE, as_json=False)
    out = capsys.readouterr().out
    assert out.count(HARMLESS) == 4 and "\x1b" not in out
    cli_erase._tell(CERTIFICATE, as_json=True)
    out = capsys.readouterr().out
    assert json.loads(out)["removed"] == [HOSTILE] and "\x1b" not in out and "\x9b" not in out


def test_an_answer_as_json() -> None:
    result = QueryResult(
        columns=(HOSTILE,), types=("VARCHAR",), rows=((HOSTILE,),), truncated=False
    )
    out = adhoc.as_json(result)
    assert json.loads(out)["rows"] == [[HOSTILE]]
    assert not {"\x1b", "\x9b", "\u202e"} & set(out)


@pytest.mark.parametrize("module", [cli_erase, cli_files, cli_planning, cli_results])
def test_what_is_no_document_goes_through_the_shared_function(module: object) -> None:
    source = Path(str(vars(module)["__file__"])).read_text(encoding="utf-8")
    echoed = [line for line in source.splitlines() if "typer.echo(" in line]
    assert [line for line in echoed if "json" not in line] == []
