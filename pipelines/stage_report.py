"""The last stage of a run: the report, the published warehouse and the analysts' database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.disclosure import Release, restore
from analysis.money.price import price
from pipelines import catalog, durable, publish, record, results, since, site, workspace
from pipelines.calibrate import read_calibrations
from pipelines.engine import MEMORY, Engine
from pipelines.opened import stamp
from pipelines.studies import latest_delivery
from reports.build import ProjectNote, Report, findings_json, render_html
from reports.changes import changes
from reports.standing import Standing
from reports.workbook import workbook

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.money.value import Money
    from pipelines.run import Context
    from reports.previous import Previous


def report_stage(context: Context, say: Callable[[str], None]) -> None:
    """Write the report, publish the warehouse with its results, then the analysts' database."""
    space, manifest = context.space, context.manifest
    releases = released(context)
    temporary = publish.fresh(space.built.with_name("published.duckdb"))
    durable.copy(space.built, temporary)
    with Engine.open(temporary, memory=MEMORY) as engine:
        known_at = latest_delivery(engine)
        mine = record.make(space, context.project, manifest, releases, known_at)
        last = since.previous(engine, context.project, space, manifest, mine)
        report = assemble(context, releases, last)
        tables = results.tables(
            releases, manifest, report.calibrations, report.shelf, report.money,
            changes(report), last, report.reconciliation.get("freshness"), report.standings,
        )  # fmt: skip
        catalog.write_results(engine, tables)
        stamp(engine, "warehouse")
    analyst = durable.temporary_of(space.analyst)
    catalog.write_analyst_file(temporary, analyst, memory=MEMORY)
    analyst.chmod(0o600)
    staged = [
        analyst,
        durable.stage(space.workbook, workbook(report)),
        durable.stage(space.report, render_html(report)),
        durable.stage(space.findings, findings_json(report)),
    ]
    workspace.write_json(space.record, mine.as_dict())  # before the pointer leads here
    publish.publish(temporary, space, staged)
    site.write(space, mine)
    say(f"published warehouse {publish.path_of(space).name}")


def released(context: Context) -> tuple[Release, ...]:
    """The releases of the estimate stage, verified against their digests."""
    saved: list[dict[str, Any]] = workspace.read_json(context.space.releases)
    return tuple(restore(item["release"], item["digest"]) for item in saved)


def standings(context: Context) -> tuple[Standing, ...]:
    """The studies that the estimate stage could not answer anew beside what was shown before."""
    saved: list[dict[str, Any]] = workspace.read_json(context.space.releases)
    return tuple(
        Standing(
            **{**told, "groups": tuple(told["groups"])},
            study=item["release"]["study"],
            as_of=item["release"]["as_of"],
        )
        for item in saved
        if (told := item.get("standing"))
    )


def priced(context: Context, releases: tuple[Release, ...]) -> tuple[Money, ...]:
    """The money cases of the project, from what was released."""
    cases, studies = context.project.settings.money, context.project.studies
    return tuple(price(case, studies, releases) for case in cases)


def assemble(
    context: Context, releases: tuple[Release, ...], previous: Previous | None = None
) -> Report:
    """All that the report reads."""
    settings, space = context.project.settings, context.space
    reconciliation = workspace.read_json(space.reconciliation)
    reconciliation["checks"] = workspace.read_json(space.checks)
    return Report(
        releases=releases,
        manifest=replace(context.manifest, stages={}, key_id="", registered={}),
        reconciliation=reconciliation,
        project=ProjectNote(
            title=settings.title,
            purpose=settings.purpose,
            lawful_basis=settings.lawful_basis,
            retention=f"{settings.retention.months} months",
            disclosure=settings.disclosure,
            sources_note=settings.note,
        ),
        previous=previous,
        calibrations=read_calibrations(space.calibrations),
        shelf=context.project.shelf,
        money=priced(context, releases),
        standings=standings(context),
    )
