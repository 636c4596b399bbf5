"""Disclosure control: ``release()`` is the only maker of what a report may show.

Protected projects: nothing about fewer than ``min_group`` people, counts rounded to 5, no
coefficient with under 10 residual degrees of freedom, withheld numbers absent altogether.
Public projects (published data) keep exact counts; every other rule about withholding holds.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis.canonical import sha256_of
from analysis.diagnostics.limits import UsedLimit
from analysis.estimate import OBJECTIVE, Estimate, Result
from analysis.figures import shown_figures
from analysis.registry import registration_from
from analysis.released_balance import ReleasedBalance, balances_from, released_balances
from analysis.released_curves import ReleasedCurve, curves_from, released_curves
from analysis.released_flow import ReleasedGroup, ReleasedStep, released_flow
from analysis.released_interactions import (
    ReleasedInteraction,
    released_interactions,
    without_remainders,
)
from analysis.rules import MIN_RESIDUAL_DF
from analysis.too_few import few_people, tells_of_few, without_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.diagnostics import Diagnostic, Status
    from analysis.estimate import Target
    from analysis.finding import Finding, Grade
    from analysis.registry import Registration
    from analysis.rules import Mode, Rules
    from analysis.study import StudySpec

Shown = Literal["released", "not_estimable", "suppressed", "withheld"]

NOT_SHOWN = "The answer of the study is not shown."
_MINT = object()  # only release() and restore() hold it


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedEstimate:
    """One estimate as it may be shown; figures are None unless status is "released"."""

    name: str
    role: str
    estimand: str
    estimator: str
    arm: str
    comparison: str
    subgroup: str | None
    window: tuple[int, int]
    unit: str
    status: Shown
    reason: str = ""
    estimate: float | None = None
    std_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    n_people: int | None = None
    n_rows: int | None = None
    convention: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedDiagnostic:
    """One check as it may be shown."""

    name: str
    label: str
    value: float | None
    display: str
    threshold: str
    status: Status
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """All that may be shown of one study. Made by :func:`release`, never by hand.

    ``drawn``: chance decided who is treated, or which site starts when.
    """

    study: str
    title: str
    question: str
    programme: str
    design: str
    drawn: bool
    population: str
    as_of: str
    outcome: str
    outcome_unit: str
    outcome_note: str
    outcome_kind: str
    outcome_metric: str
    unit: str
    higher_is: str
    treated: tuple[str, ...]
    comparison: str
    window: tuple[int, int]
    effect_of_interest: float | None
    grade: Grade
    reasons: tuple[str, ...]
    estimates: tuple[ReleasedEstimate, ...]
    diagnostics: tuple[ReleasedDiagnostic, ...]
    limits: tuple[UsedLimit, ...]
    steps: tuple[ReleasedStep, ...]
    groups: tuple[ReleasedGroup, ...]
    balances: tuple[ReleasedBalance, ...]
    curves: tuple[ReleasedCurve, ...]
    interactions: tuple[ReleasedInteraction, ...]
    notes: tuple[str, ...]
    mode: Mode
    min_group: int
    spec_hash: str
    registration: Registration | None = None
    _mint: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._mint is not _MINT:
            raise TypeError("a Release is made by analysis.disclosure.release() alone")

    @property
    def headline(self) -> ReleasedEstimate:
        """The primary estimate, shown or not."""
        return next(e for e in self.estimates if e.role == "headline")

    @property
    def exploratory(self) -> bool:
        """Whether the question is not the one that was registered."""
        return self.registration is not None and self.registration.exploratory

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, in a fixed order."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "_mint"}

    def digest(self) -> str:
        """SHA-256 of everything shown."""
        return sha256_of(self.as_dict())


Ledger = tuple[str, ...]  # digests of what was released, oldest first


def release(
    findings: Sequence[Finding], rules: Rules, ledger: Ledger = ()
) -> tuple[tuple[Release, ...], Ledger]:
    """The findings as they may be shown, and the ledger with these releases added."""
    made = tuple(_release_one(f, rules) for f in findings)
    return made, ledger + tuple(r.digest() for r in made)


def restore(saved: dict[str, Any], digest: str) -> Release:
    """A release written earlier by this product; ValueError when its digest does not match."""
    values = dict(saved)
    for name in ("treated", "window", "reasons", "notes"):
        values[name] = tuple(values[name])
    values["estimates"] = tuple(
        ReleasedEstimate(**{**e, "window": tuple(e["window"])}) for e in values["estimates"]
    )
    values["diagnostics"] = tuple(ReleasedDiagnostic(**d) for d in values["diagnostics"])
    values["limits"] = tuple(UsedLimit(**x) for x in values["limits"])
    values["groups"] = tuple(ReleasedGroup(**g) for g in values["groups"])
    values["steps"] = tuple(ReleasedStep(**s) for s in values["steps"])
    values["balances"] = balances_from(values["balances"])
    values["curves"] = curves_from(values["curves"])
    values["interactions"] = tuple(
        ReleasedInteraction(**{**i, "levels": tuple(i["levels"])}) for i in values["interactions"]
    )
    values["registration"] = registration_from(values["registration"])
    made = Release(**values, _mint=_MINT)
    if made.digest() != digest:
        raise ValueError("the saved release was altered")
    return made


def _release_one(finding: Finding, rules: Rules) -> Release:
    spec, grade = finding.spec, finding.grade
    why = finding.reasons[1] if grade == "Withheld" else ""
    estimates = _estimates(finding, why, rules)
    shown = any(e.role == "headline" and e.status == "released" for e in estimates)
    hidden = "" if shown else why or NOT_SHOWN
    groups, steps = released_flow(finding.flow, finding.curves if shown else (), rules)
    return Release(
        **_of_question(spec),
        population=finding.population,
        grade=grade,
        reasons=without_sizes(finding.reasons, finding.estimates, rules),
        estimates=estimates,
        diagnostics=tuple(_diagnostic(d, shown, rules) for d in finding.diagnostics),
        limits=finding.limits,
        steps=steps,
        groups=groups,
        balances=released_balances(finding, rules),
        curves=released_curves(finding, estimates, rules) if shown else (),
        interactions=released_interactions(finding.interactions, estimates, hidden, rules),
        notes=tuple(f"{s.name}: {s.note.strip()}" for s in spec.specifications if s.note),
        mode=rules.mode,
        min_group=rules.min_group,
        spec_hash=spec.digest(),
        registration=finding.registration,
        _mint=_MINT,
    )


def _of_question(spec: StudySpec) -> dict[str, Any]:
    """The fields of a release that stand in the study itself."""
    return {
        "study": spec.study,
        "title": spec.title or spec.study,
        "question": spec.question,
        "programme": spec.programme,
        "design": spec.design,
        "drawn": spec.design == "randomised" or spec.rollout.drawn,
        "as_of": spec.as_of.isoformat(),
        "outcome": spec.outcome.name,
        "outcome_unit": spec.outcome.unit,
        "outcome_note": spec.outcome.note,
        "outcome_kind": spec.outcome.kind,
        "outcome_metric": spec.outcome.metric,
        "unit": spec.unit,
        "higher_is": spec.outcome.higher_is,
        "treated": spec.arms.treated,
        "comparison": spec.arms.comparison,
        "window": spec.follow_up.primary,
        "effect_of_interest": spec.effect_of_interest,
    }


def _estimates(finding: Finding, why: str, rules: Rules) -> tuple[ReleasedEstimate, ...]:
    spec, found = finding.spec, finding.estimates
    made = tuple(_estimate(e, why, rules, _is_ratio(e.target, spec)) for e in found)
    return without_remainders(made, found, rules)


def _is_ratio(target: Target, spec: StudySpec) -> bool:
    """Whether the figure was a log before it was shown in per cent: so is its interval made."""
    objective = target.name == OBJECTIVE and spec.outcome.objective
    return (objective or spec.outcome).per_cent and target.unit.startswith("%")


def _estimate(result: Result, why_withheld: str, rules: Rules, log: bool) -> ReleasedEstimate:
    target = asdict(result.target)
    if why_withheld:
        return ReleasedEstimate(**target, status="withheld", reason=why_withheld)
    few = f"A group has {few_people(rules)}."
    if not isinstance(result, Estimate):
        if tells_of_few(result, rules):
            return ReleasedEstimate(**target, status="suppressed", reason=few)
        return ReleasedEstimate(**target, status="not_estimable", reason=result.reason)
    if rules.hides_estimate(result.n_treated, result.n_comparison, result.n_smallest):
        return ReleasedEstimate(**target, status="suppressed", reason=few)
    if result.df < MIN_RESIDUAL_DF:
        why = f"Fewer than {MIN_RESIDUAL_DF} residual degrees of freedom."
        return ReleasedEstimate(**target, status="suppressed", reason=why)
    return ReleasedEstimate(
        **target,
        status="released",
        **shown_figures(result, rules, log=log),
        n_people=rules.count(result.n_people),
        n_rows=rules.count(result.n_rows),
        convention=result.convention,
    )


def _diagnostic(check: Diagnostic, shown: bool, rules: Rules) -> ReleasedDiagnostic:
    value, display = check.value, check.display
    if rules.mode == "protected" and check.shares:
        value, display = None, rules.rates(check.shares)
    elif rules.mode == "protected" and check.coarse:
        value, display = check.coarse
    if check.reveals_effect and not shown:
        value, display = None, "withheld with the effect"
    elif rules.hides(check.n_smallest):
        value, display = None, f"rests on fewer than {rules.min_group} people"
    return ReleasedDiagnostic(
        name=check.name,
        label=check.label,
        value=value,
        display=display,
        threshold=check.threshold,
        status=check.status,
        remedy=check.remedy,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value
