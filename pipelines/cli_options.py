"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from reports.numbers import escaped, plain

ProjectFolder = Annotated[
    Path, typer.Argument(help="Folder with mentorlift.yml and studies/.", show_default=False)
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder with the delivered files [PROJECT/data].")
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder for the results [PROJECT/out].")
]
KnownAt = Annotated[
    datetime | None,
    typer.Option(
        "--as-known-at",
        formats=["%Y-%m-%d"],
        help="As if on that day: later deliveries do not exist [out: PROJECT/out-DATE].",
        show_default=False,
    ),
]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        formats=["%Y-%m-%d"],
        help="The day of the run: files dated later wait, others may be due by it.",
        show_default=False,
    ),
]
Study = Annotated[
    str | None,
    typer.Option(
        "--study",
        help="Answer this study alone, into a folder beside the others: OUT-STUDY.",
        show_default=False,
    ),
]
ExactRows = Annotated[
    bool,
    typer.Option("--exact-rows", help="Estimate from every row, without compression: for audit."),
]
RunFolder = Annotated[Path, typer.Option("--out", help="Folder of a run.")]
RunId = Annotated[
    str | None, typer.Option("--run", help="Id of a run, or how it begins [the last one].")
]
DEMO_RUN = Path("data/demo/out")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def note(text: str) -> None:
    """Say something on standard error, so that standard output is data alone."""
    typer.echo(plain(text), err=True)


def tell(text: str) -> None:
    """Print a line of the answer; words of files and projects cannot steer the terminal."""
    typer.echo(plain(text))


def tell_fields(made: Any) -> None:
    """Print a dataclass with slots as one JSON document; paths are written as text."""
    import json

    names = {name: getattr(made, name) for name in made.__slots__}
    told = {n: [str(p) for p in v] if isinstance(v, tuple) else v for n, v in names.items()}
    typer.echo(escaped(json.dumps({"schema_version": 1, **told}, indent=1, default=str)))


def folders(project: Path, data: Path | None, out: Path | None) -> tuple[Path, Path]:
    """The folders of deliveries and of results: as given, else the project's own."""
    return data or project / "data", out or project / "out"
