"""What commands print: sentences and tables, as wide as the terminal or, in a file, as needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

_WIDEST = 100_000  # columns of text where no terminal says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines, a table below them (none without rows), and lines below that."""

    head: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: Sequence[str] = ()


def wide_console() -> Console:
    """A console that breaks lines for a terminal alone: a file or a pipe gets every cell whole."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console.width = _WIDEST
    return console


def printed(blocks: Iterable[Block]) -> str:
    """The blocks as text; names are printed as they are, never as markup."""
    from rich.table import Table
    from rich.text import Text

    console = wide_console()
    with console.capture() as captured:
        for block in blocks:
            console.print(Text(plain("\n".join(block.head))), soft_wrap=True)
            if block.rows:
                table = Table()
                for name in block.columns:
                    table.add_column(Text(plain(name)), justify="right")
                for row in block.rows:
                    table.add_row(*(Text(plain(cell)) for cell in row))
                console.print(table)
            console.print(Text(plain("\n".join(block.foot))), soft_wrap=True)
    return captured.get()
