"""What a run keeps for the next report: its place and the run it followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from pipelines import record, since, workspace
from pipelines.config import Project, Settings
from pipelines.errors import UserError
from reports.wording import changes
from tests.report_cases import lottery, released, report

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.engine import Engine
    from pipelines.record import Record

SETTINGS = {
    "project": "firm",
    "title": "Firm",
    "purpose": "Learn whether it works.",
    "lawful_basis": "agreed",
    "retention": {"months": 24},
    "sources": [{"name": "s", "file": "s.csv", "delivered_on": "2025-12-31",
                 "loads": [{"table": "people", "columns": {"person_id": "id"}}]}],
}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    settings = Settings.model_validate(SETTINGS, context={"folder": tmp_path})
    return Project(folder=tmp_path, settings=settings, studies=(lottery().spec,), digest="")


def publish(project: Project, out: Path, run: str) -> Record:
    """Keep the record of a run and make it the one in force, as the report stage does."""
    space = workspace.Workspace(out, run)
    releases = released(lottery())
    made = record.make(space, project, report(releases).manifest, releases, "2025-12-31")
    workspace.write_json(space.record, made.as_dict())
    space.warehouses.mkdir(exist_ok=True)
    (space.warehouses / f"warehouse-{run}.duckdb").touch()
    (space.warehouses / "current").write_text(f"warehouse-{run}.duckdb\n")
    return made


def test_each_run_follows_the_one_published_before(project: Project, tmp_path: Path) -> None:
    made = [publish(project, tmp_path, run) for run in ("cc", "aa", "bb")]
    assert [(r.number, r.previous) for r in made] == [(1, ""), (2, "cc"), (3, "aa")]


def test_a_run_made_again_keeps_its_place_and_the_next_follows_it(
    project: Project, tmp_path: Path
) -> None:
    made = [publish(project, tmp_path, run) for run in ("cc", "aa", "cc", "bb")]
    assert [(r.number, r.previous) for r in made] == [(1, ""), (2, "cc"), (1, ""), (3, "cc")]


def test_a_record_is_read_as_it_was_written(project: Project, tmp_path: Path) -> None:
    made = publish(project, tmp_path, "aa")
    assert record.records(workspace.Workspace(tmp_path, "bb"), "firm") == [made]
    assert record.records(workspace.Workspace(tmp_path, "bb"), "other") == []


def test_a_record_of_a_newer_version_is_named(project: Project, tmp_path: Path) -> None:
    publish(project, tmp_path, "aa")
    space = workspace.Workspace(tmp_path, "aa")
    workspace.write_json(space.record, {**workspace.read_json(space.record), "schema_version": 99})
    with pytest.raises(UserError, match=r"record\.json: written by a newer mentorlift"):
        record.read(space)


@pytest.mark.parametrize(
    ("then", "now", "looser"),
    [
        ({"disclosure": "public"}, {}, True),
        ({"min_group": 5}, {}, True),
        ({"min_group": 12}, {}, False),
        ({"min_group": 5}, {"disclosure": "public"}, False),
    ],
)
def test_nothing_of_a_report_under_looser_rules_is_told_again(
    project: Project, tmp_path: Path, then: dict[str, Any], now: dict[str, Any], looser: bool
) -> None:
    def under(rules: dict[str, Any]) -> Project:
        return project.model_copy(update={"settings": project.settings.model_copy(update=rules)})

    publish(under(then), tmp_path, "aa")
    mine = publish(under(now), tmp_path, "bb")
    space = workspace.Workspace(tmp_path, "bb")
    manifest = report(released(lottery())).manifest
    # Whether the two may be compared is settled before any row is read.
    found = since.previous(cast("Engine", None), project, space, manifest, mine)
    assert found is not None and not found.kept and found.studies == ()
    assert found.looser is record.records(space, "firm")[0].looser_than(mine) is looser
    assert ("looser" in changes.not_kept(found)) is looser
    assert ("looser" in changes.last_report(found)) is looser


def test_words_of_a_project_are_not_how_files_are_read(project: Project, tmp_path: Path) -> None:
    before = publish(project, tmp_path, "aa").reading
    renamed = project.settings.model_copy(update={"title": "The Firm", "min_group": 12})
    words = project.model_copy(update={"settings": renamed})
    assert publish(words, tmp_path, "bb").reading == before
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "exit_reasons.csv").write_text("reason,kind\n")
    assert publish(words, tmp_path, "cc").reading != before
