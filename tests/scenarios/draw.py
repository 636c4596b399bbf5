"""One drawn company, its studies answered by the product, and a line for each."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.estimate import Estimate
from analysis.synthetic.company import draw_company
from pipelines.errors import UserError
from pipelines.studies import answer
from tests.scenarios.engine import Memory
from tests.scenarios.marts import Marts
from tests.scenarios.questions import INTENTION, SALES, STARTERS, spec_of
from tests.scenarios.truth import LATE, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.finding import Finding

MIN_GROUP = 10
ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("analysis", "pipelines", "data/examples/demo", "data/instruments")
_OURS = ("draw", "engine", "enrolled", "marts", "questions", "quick", "shared", "staff", "truth")
# Figures kept beside the headline and the naive answer, where the study has them.
BESIDE = {SALES: (LATE,), INTENTION: ("score",), STARTERS: ("lee_bound_lower", "lee_bound_upper")}
_WORST = ("pass", "warn", "fail")

Line = dict[str, Any]


def code_hash() -> str:
    """A hash of all code and data that a line rests on."""
    paths = [p for folder in _FOLDERS for p in (ROOT / folder).rglob("*")]
    paths += [Path(__file__).with_name(f"{name}.py") for name in _OURS]
    paths.append(ROOT / "tests" / "synthetic_careers.py")
    found = hashlib.sha256()
    for path in sorted(paths):
        if path.suffix in (".py", ".yml", ".sql"):
            found.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
            found.update(path.read_bytes() + b"\0")
    return found.hexdigest()[:12]


def findings_of(
    scenario: str, studies: Iterable[str], *, size: int, seed: int
) -> Iterator[tuple[str, Finding | UserError, dict[str, float]]]:
    """Study, its finding (or why the product refuses it) and its truths."""
    company = draw_company(scenario, size=size, seed=seed)
    marts = Marts(company)
    for study in studies:
        spec = spec_of(study)
        found: Finding | UserError
        try:
            found = answer(Memory(marts, spec), spec, MIN_GROUP)
        except UserError as error:
            found = error
        yield study, found, {} if isinstance(found, UserError) else truth_of(company, study)


def lines(scenario: str, studies: Iterable[str], *, size: int, seed: int) -> Iterator[Line]:
    """A line for each study of one company: figures with their truths, grade and checks."""
    for study, found, truth in findings_of(scenario, studies, size=size, seed=seed):
        line: Line = {"scenario": scenario, "study": study, "size": size, "seed": seed}
        if isinstance(found, UserError):
            yield {**line, "grade": "Refused", "reason": found.problem}
        else:
            yield {**line, **of_finding(found, truth)}


def of_finding(found: Finding, truth: dict[str, float]) -> Line:
    """What is kept of a finding."""
    kept = ("primary", *BESIDE.get(found.spec.study, ()))
    figures: dict[str, Any] = {}
    for result in found.estimates:
        name = result.target.name
        naive = result.target.role == "naive" and "naive" not in figures
        if name not in kept and not naive:
            continue
        if isinstance(result, Estimate):
            figures["naive" if naive else name] = {
                "estimate": result.estimate, "std_error": result.std_error,
                "low": result.ci_low, "high": result.ci_high, "p": result.p_value,
                "df": result.t_df, "truth": truth.get(name),
            }  # fmt: skip
        else:
            figures["naive" if naive else name] = {"reason": result.reason}
    status: dict[str, str] = {}
    value: dict[str, float | None] = {}
    for check in found.diagnostics:
        if check.status == "note":
            continue
        status[check.name] = max(status.get(check.name, "pass"), check.status, key=_WORST.index)
        value.setdefault(check.name, check.value)
    head = found.headline
    people = [head.n_treated, head.n_comparison] if isinstance(head, Estimate) else None
    return {
        "grade": found.grade, "people": people, "figures": figures, "checks": status,
        "values": value,
    }  # fmt: skip
