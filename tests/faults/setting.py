"""What every round begins with and must end with, made once without any fault."""

from __future__ import annotations

import os
import pickle
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.publish import resolve
from pipelines.workspace import ARTIFACTS
from tests.faults import company, content, process
from tests.faults import publishing as company_of_three
from tests.faults.reader import Reader
from tests.flows.conftest import Firm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A company, what is done to it, and how that ends where nothing interrupts it.

    ``points`` are the fault points that it passes, in order, as MENTORLIFT_FAULT takes them;
    ``seconds`` is how long it takes.
    """

    name: str
    base: Firm
    act: Callable[..., process.Ended]
    code: int
    expected: dict[str, str]
    counts: dict[str, tuple[int, ...]]
    versions: dict[str, str]
    artifacts: dict[str, set[str]]
    points: tuple[str, ...]
    seconds: float


@dataclass
class Result:
    """What the rounds of one kind came to; ``died`` where a library ended the process itself."""

    rounds: int = 0
    faults: int = 0
    died: int = 0
    reads: Counter[str] = field(default_factory=Counter)
    torn: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    unplain: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """All that must not be."""
        return [*self.torn, *self.lost, *self.unequal, *self.unplain]


def asked(function: Callable[[], Any]) -> Any:
    """The answer of a function that opens databases, asked in a process of its own."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(answer)
        try:
            with os.fdopen(told, "wb") as stream:
                pickle.dump(function(), stream)
        finally:
            os._exit(0)
    os.close(told)
    with os.fdopen(answer, "rb") as stream:
        found = stream.read()
    os.waitpid(child, 0)
    return pickle.loads(found)


def erase(firm: Firm, **how: Any) -> process.Ended:
    """Erase a person; begun once, the erasure goes on without the name."""
    begun = (firm.out / "private" / "erasing.json").exists()
    return process.erase(firm, *([] if begun else [company.TO_ERASE]), **how)


def publishing(folder: Path) -> Setting:
    """A version published behind another one, without the run that makes it."""
    base = company_of_three.write(folder / "publish-base")
    return _setting("publish", base, company_of_three.publish, folder)


def running(folder: Path, *, small: bool = False) -> Setting:
    """A run with a new delivery, of the company of which one person was erased [unless small]."""
    base = company.write(folder / "base")
    ended = [process.run(base)]
    if not small:
        ended.append(process.erase(base, company.ERASED))
    if any(e.code for e in ended):
        raise RuntimeError("\n".join(e.said for e in ended))
    company.deliver(base)
    return _setting("run", base, process.run, folder)


def erasing(folder: Path) -> Setting:
    """An erasure, where the run of :func:`running` has ended."""
    return _setting("erase", Firm.below(folder / "run-whole"), erase, folder)


def _setting(name: str, base: Firm, act: Callable[..., process.Ended], folder: Path) -> Setting:
    whole = company.copy(base, folder / f"{name}-whole")
    log = folder / f"{name}-points.txt"
    start = time.monotonic()
    ended = act(whole, before=lambda: _record(log))
    seconds = time.monotonic() - start
    found, counts = asked(lambda: (content.of(whole), content.counts(whole)))
    both = [asked(lambda f=f: _in_force(f)) for f in (base, whole)]
    return Setting(
        name=name,
        base=base,
        act=act,
        code=ended.code,
        expected=found,
        counts=counts,
        versions=dict(both),
        artifacts={a: {content.digest(f.out / a) for f in (base, whole)} for a in ARTIFACTS},
        points=tuple(log.read_text().split()),
        seconds=seconds,
    )


def _in_force(firm: Firm) -> tuple[str, str]:
    path = resolve(firm.out / "warehouse")
    return path.name, content.tables(path)


def _record(log: Path) -> None:
    """Note each point that the process passes, with its file.

    Where a later stage passes it again, it stands there twice: a run that goes on passes each once.
    """
    from pipelines import durable, publish

    def note(point: str, path: Path | None = None) -> None:
        with log.open("a") as stream:
            stream.write(f"{point}:{path.name}\n" if path else f"{point}\n")

    durable.fault = publish.fault = note


@contextmanager
def round_of(setting: Setting, folder: Path, result: Result) -> Iterator[Firm]:
    """One round: the company in a folder of its own, read all the time while faults happen.

    Then the command runs to its end, and all must be as if nothing had been.
    """
    firm = company.copy(setting.base, folder)
    with Reader(firm.out, setting.versions, setting.artifacts) as reader:
        yield firm
        ended = setting.act(firm)
    result.rounds += 1
    result.reads += reader.seen
    result.torn += [f"{folder.name}: {line}" for line in dict.fromkeys(reader.torn)]
    if ended.code != setting.code:
        result.unequal.append(f"{folder.name}: ended with {ended.code}: {ended.said}")
        return
    found, counts = asked(lambda: (content.of(firm), content.counts(firm)))
    result.lost += _lost(folder.name, setting, counts)
    wrong = content.differences(found, setting.expected)
    result.unequal += [f"{folder.name}: {name}" for name in wrong]


def _lost(where: str, setting: Setting, counts: dict[str, tuple[int, ...]]) -> list[str]:
    delivered = company.rows_in(setting.base)
    found = []
    if counts != setting.counts or counts.keys() != delivered.keys():
        found.append(f"{where}: other counts of rows than the uninterrupted run's")
    for file, (rows_in, *kinds) in counts.items():
        if not rows_in == sum(kinds) == delivered.get(file):
            found.append(f"{where}: {file}: {rows_in} rows in are {kinds}")
    return found
