r"""The attacks of statements.txt.

A heading `== outcome: kind` stands above its statements, one a line. Outcomes: `refused` (the gate
says no), `held` (the gate lets it pass, and it finds nothing), `bomb` (it dies at its
limits), `heavy` (its text alone may bring a parser down: answered or not, it ends within them).
In a statement \n, \r, \0, \\, \uXXXX and \u{X} are the characters they name, {db}, {dir} and
{home} places with canaries, and «text×3» is the text three times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("statements.txt")
CONTROLS = {"n": "\n", "r": "\r", "0": "\0", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Attack:
    """One statement, what must become of it, and the line it stands on."""

    outcome: str
    kind: str
    line: int
    text: str  # places not yet named

    def sql(self, db: Path, home: Path) -> str:
        """The statement against this database."""
        text = self.text.replace("{db}", str(db)).replace("{dir}", str(db.parent))
        return text.replace("{home}", str(home))


def _written_out(line: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[2] or found[3]
        return chr(int(code, 16)) if code else CONTROLS[found[1]]

    line = re.sub(r"\\(n|r|0|\\|u(?:\{(\w+)\}|([0-9a-f]{4})))", character, line)
    return re.sub("«([^«»]*)×([0-9]+)»", lambda found: found[1] * int(found[2]), line)


def read() -> tuple[Attack, ...]:
    """Every attack, in the order of the file."""
    attacks, outcome, kind = [], "", ""
    for number, line in enumerate(FILE.read_text(encoding="utf-8").split("\n"), start=1):
        if line.startswith("== "):
            outcome, kind = line.removeprefix("== ").split(": ", 1)
        elif line:
            attacks.append(Attack(outcome, kind, number, _written_out(line)))
    return tuple(attacks)


def one_of_each(attacks: tuple[Attack, ...]) -> tuple[Attack, ...]:
    """The first attack of every kind."""
    first = {attack.kind: attack for attack in reversed(attacks)}
    return tuple(attack for attack in attacks if first[attack.kind] is attack)
