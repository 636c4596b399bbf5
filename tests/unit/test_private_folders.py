"""Which folders belong together: of a project's reports, and of those of single studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.day import private_folders

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _project(folder: Path) -> Path:
    (folder / "project/studies").mkdir(parents=True)
    for study in ("mentoring", "sales-mentoring"):
        (folder / f"project/studies/{study}.yml").write_text(f"study: {study}\n")
    return folder / "project"


def test_the_folder_of_a_study_whose_name_ends_like_another_one_knows_the_whole(
    tmp_path: Path,
) -> None:
    project, whole = _project(tmp_path), tmp_path / "results"
    for out in (
        whole,
        *(tmp_path / f"results-{name}" for name in ("mentoring", "sales-mentoring")),
    ):
        found = private_folders(project, out)
        assert found[0] == out / "private"
        assert {whole / "private", project / "out/private"} <= {*found}
        assert tmp_path / "results-sales-mentoring/private" in found
        assert project / "out-mentoring/private" in found


def test_a_folder_may_be_the_one_that_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, whole = _project(tmp_path), tmp_path / "results"
    whole.mkdir()
    monkeypatch.chdir(whole)
    found = private_folders(project, whole.relative_to(whole))
    assert found[0].resolve() == whole / "private"
    assert tmp_path / "results-mentoring/private" in {f.resolve() for f in found}
    assert len({f.resolve() for f in found}) == len(found)
    own = (tmp_path / "project/out").relative_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert len(private_folders(project, own)) == 3


def test_reports_of_past_days_are_known_to_those_that_follow(tmp_path: Path) -> None:
    """`--as-known-at DAY` writes them beside the project's own."""
    project = _project(tmp_path)
    for name in ("out-2026-01-31", "out-2026-01-31-mentoring", "out-takes"):
        (project / name).mkdir()
    for out in (project / "out", tmp_path / "results"):
        found = private_folders(project, out)
        assert {project / f"out-2026-01-31{e}/private" for e in ("", "-mentoring")} <= {*found}
        assert project / "out-takes/private" not in found
