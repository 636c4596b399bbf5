"""Commands for the time before a study: what it could see, and the draw of lots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_options import AsJson, OutFolder, ProjectFolder, note, tell
from pipelines.errors import Exit, UserError

if TYPE_CHECKING:
    from pipelines.lottery import Audit

commands = typer.Typer()


@commands.command()
def plan(
    project: ProjectFolder,
    out: OutFolder = None,
    study: Annotated[
        str | None,
        typer.Option("--study", help="One study, or the file of a study [all of the project]."),
    ] = None,
    people: Annotated[
        int | None,
        typer.Option("--people", min=4, help="People of both arms [as recorded, or everybody]."),
    ] = None,
    intake: Annotated[
        int | None,
        typer.Option("--intake", min=0, max=60, help="Months people come in [as recorded, or 0]."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what studies could see, and how many people and months it takes, from past records.

    Example: mentorlift plan my-project --study plans/next-year.yml
    """
    from pipelines.plan import as_json as in_json
    from pipelines.plan import as_text, plan_all

    plans = plan_all(project, out or project / "out", study, people, intake)
    typer.echo(in_json(plans) if as_json else as_text(plans).rstrip("\n"))
    if not all(made.rows for made in plans):
        raise typer.Exit(Exit.NO_NUMBER)


@commands.command()
def calibrate(
    project: ProjectFolder,
    out: OutFolder = None,
    study: Annotated[
        str | None, typer.Option("--study", help="One study [all of the project].")
    ] = None,
    programmes: Annotated[
        int, typer.Option("--programmes", min=1, max=2_000, help="Placebo programmes a study.")
    ] = 200,
    as_json: AsJson = False,
) -> None:
    """Answer programmes that did not exist, from the last run's data: how many are claimed?

    To have it in the report, write `calibrate: 200` in the project file and run.

    Example: mentorlift calibrate my-project --programmes 400
    """
    from pipelines.calibrate import as_json as in_json
    from pipelines.calibrate import as_text, calibrate_all

    found = calibrate_all(project, out or project / "out", study, programmes, note)
    typer.echo(in_json(found) if as_json else as_text(found).rstrip("\n"))
    if not all(item.lines for item in found):
        raise typer.Exit(Exit.NO_NUMBER)


Applicants = Annotated[
    Path | None, typer.Argument(help="File with a row an applicant.", show_default=False)
]
IdColumn = Annotated[str, typer.Option("--id", help="Column of the personnel number.")]
Strata = Annotated[
    list[str] | None, typer.Option("--strata", help="Column to draw within; may be repeated.")
]
Places = Annotated[int, typer.Option("--places", min=0, help="Places to give.")]
Seed = Annotated[str, typer.Option("--seed", help="What decides the lots.")]
SeedSource = Annotated[
    str, typer.Option("--seed-source", help="How the seed came about, for the audit file.")
]
DrawFolder = Annotated[Path | None, typer.Option("--out", help="Folder for the draw.")]
Recorded = Annotated[
    Path | None, typer.Option("--verify", help="Audit file of a draw to make again.")
]


@commands.command()
def lottery(
    applicants: Applicants = None,
    id_column: IdColumn = "",
    strata: Strata = None,
    places: Places = 0,
    seed: Seed = "",
    seed_source: SeedSource = "",
    out: DrawFolder = None,
    verify: Recorded = None,
) -> None:
    """Draw lots among applicants within strata; roster and audit file let anybody draw again.

    Example: mentorlift lottery applicants.csv --id employee_id --strata department --places 30
    --seed 20250310 --seed-source "date of the works council meeting" --out project/draw

    Example: mentorlift lottery --verify project/draw/audit.json
    """
    if verify is not None:
        _verify(verify, applicants)
        return
    from pipelines.lottery import make_draw, read_applicants

    given = {
        "APPLICANTS": applicants, "--id": id_column, "--places": places, "--seed": seed,
        "--seed-source": seed_source, "--out": out,
    }  # fmt: skip
    missing = [name for name, value in given.items() if not value]
    if applicants is None or out is None or missing:
        fix = "mentorlift lottery --help shows an example; or --verify AUDIT alone."
        raise UserError(f"a draw also needs {', '.join(missing)}", fix, Exit.USAGE)
    if not (seed + seed_source).isprintable():
        raise UserError("--seed: holds control characters", "Write it in one line.", Exit.USAGE)
    listed = read_applicants(applicants, id_column, strata or [])
    _tell(make_draw(applicants, listed, places, seed, seed_source, out), out)


def _tell(audit: Audit, out: Path) -> None:
    for stratum in audit.strata:
        name = ", ".join(stratum["stratum"]) or "all"
        tell(f"{name}: {stratum['places']:,} of {stratum['applicants']:,}")
        if stratum["places"] in (0, stratum["applicants"]):
            note(f"{name}: nobody there is compared with anybody; join it with another stratum")
    tell(f"roster: {out / audit.roster}")
    tell(f"audit: {out / 'audit.json'}")


def _verify(audit_file: Path, applicants: Path | None) -> None:
    from pipelines.lottery import read_applicants
    from pipelines.lottery_audit import read_audit, verify

    audit = read_audit(audit_file)
    listed = None
    if applicants is not None:
        listed = read_applicants(applicants, audit.id_column, audit.strata_columns)
    verify(audit_file, listed)
    tell(f"as drawn: {audit.places:,} places among {audit.applicants:,} applicants")
