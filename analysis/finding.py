"""A finding: a question, its estimates and its diagnostics, with a computed claim grade."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from analysis.diagnostics.limits import used_limits
from analysis.diagnostics.registered_study import registered_study
from analysis.estimate import NotEstimable, Result

if TYPE_CHECKING:
    from analysis.balance import Balance
    from analysis.benefits.interaction import Interaction
    from analysis.curve import Curve
    from analysis.diagnostics import Diagnostic
    from analysis.diagnostics.limits import UsedLimit
    from analysis.membership import Part
    from analysis.registry import Registration
    from analysis.study import StudySpec

Role = Literal["treated", "used", "available", "other"]
Grade = Literal["Randomised", "Credible", "Suggestive", "Descriptive only", "Withheld"]

LADDER: tuple[Grade, ...] = ("Randomised", "Credible", "Suggestive", "Descriptive only")

# The best grade a design can earn, before its diagnostics are read (methods: claim grades).
BEST: dict[str, Grade] = {
    "randomised": "Randomised",
    "opt_in": "Credible",
    "rollout": "Credible",
    "descriptive": "Descriptive only",
}

# How a design is called in a sentence.
DESIGN_WORDS = {"opt_in": "opt-in", "rollout": "roll-out"}

# Without these a finding cannot be built: a claim nobody checked is not a claim.
REQUIRED: dict[str, frozenset[str]] = {
    "randomised": frozenset(
        {
            "roster",
            "sample_ratio",
            "balance",
            "negative_controls",
            "differential_missing_outcome",
            "contamination",
        }
    ),
    "rollout": frozenset(
        {
            "pre_trend",
            "clusters",
            "negative_controls",
            "differential_missing_outcome",
            "contamination",
        }
    ),
    "opt_in": frozenset(
        {
            "adjusted_balance",
            "comparability",
            "equipoise",
            "effective_sample_size",
            "placebo",
            "negative_controls",
            "differential_missing_outcome",
            "contamination",
        }
    ),
}

# Studies of exits are checked in their own way: who is gone is the outcome, nobody is missing.
REQUIRED_OF_EXITS: dict[str, frozenset[str]] = {
    "randomised": frozenset(
        {"events_per_parameter", "negative_controls", "sample_ratio", "balance", "roster"}
    ),
    **dict.fromkeys(
        ("opt_in", "rollout"),
        frozenset(
            {
                "events_per_parameter",
                "negative_controls",
                "comparability",
                "equipoise",
                "adjusted_balance",
                "effective_sample_size",
                "start_weights",
            }
        ),
    ),
}

# The same, by what is measured.
REQUIRED_BY_KIND: dict[str, frozenset[str]] = {
    "exit": frozenset({"exit_dates", "exit_kinds", "restatement_lag", "contamination"}),
    "rating": frozenset({"who_rates"}),
    "team": frozenset({"mentored_mates"}),
    "scale": frozenset(
        {"scale_reliability", "invariance", "response_bounds", "intent_predicts_exit"}
    ),
}


# Those of a study's own arms that carry what they looked at.
BALANCE_CHECKS = ("balance", "adjusted_balance", "clusters")


def required_checks(spec: StudySpec) -> frozenset[str]:
    """Names of the diagnostics without which a finding of this study cannot be built."""
    kind = spec.outcome.kind
    by_design = REQUIRED_OF_EXITS if kind == "exit" else REQUIRED
    by_kind = REQUIRED_BY_KIND.get(kind, frozenset())
    if kind == "scale" and spec.outcome.cut is not None:  # who left counts, and others stand in
        by_kind |= {"enough_answers", "exit_kinds"}
    return by_design.get(spec.design, frozenset()) | by_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """People left after one step towards the study population, and why the others are not."""

    label: str
    people: int
    left_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCount:
    """People of one arm with a property ("drawn", "met a mentor at least once")."""

    arm: str
    label: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People of one group of the programme's funnel; ``rank`` 1 is the best comparison.

    ``role``: treated or used (the study's comparison), available, or other (no comparison group).
    """

    arm: str
    what: str
    people: int
    rank: int | None
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Attrition table: everybody at each step, then each arm from the draw to the answer.

    ``groups`` are those found in the programme, the best comparison first; their sizes add up to
    the people of the population who are recorded in it.
    """

    steps: tuple[Step, ...]
    arms: tuple[ArmCount, ...]
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a study found. Raises ValueError when a required diagnostic is missing.

    ``registration``: how the study stands to the one registered; None outside of a project.
    ``rests_on``: the people behind the figures, for the memory of what was shown.
    """

    spec: StudySpec
    population: str
    flow: Flow
    estimates: tuple[Result, ...]
    diagnostics: tuple[Diagnostic, ...]
    curves: tuple[Curve, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    registration: Registration | None = None
    rests_on: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        missing = required_checks(self.spec) - {d.name for d in self.diagnostics}
        if missing:
            raise ValueError(f"finding without required diagnostics: {', '.join(sorted(missing))}")
        if sum(e.target.role == "headline" for e in self.estimates) != 1:
            raise ValueError("a finding has exactly one headline")

    @property
    def headline(self) -> Result:
        """The one primary estimate, or the reason why there is none."""
        return next(e for e in self.estimates if e.target.role == "headline")

    @property
    def grade(self) -> Grade:
        """The claim grade: the design's best, one step down a warning, Withheld at a failure.

        A warning that caps holds the grade at its cap and takes no step of its own.
        """
        failed = any(d.status == "fail" for d in self.diagnostics)
        if failed or isinstance(self.headline, NotEstimable):
            return "Withheld"
        warned = [d for d in self.diagnostics if d.status == "warn"]
        caps = [LADDER.index(d.capped_at) for d in warned if d.capped_at]
        steps = LADDER.index(BEST[self.spec.design]) + len(warned) - len(caps)
        return LADDER[min(max([steps, *caps]), len(LADDER) - 1)]

    @property
    def balances(self) -> tuple[Balance, ...]:
        """How alike the groups were, from the check of each treated arm that looked at it."""
        return tuple(b for d in self.diagnostics if d.name in BALANCE_CHECKS for b in d.balances)

    @property
    def limits(self) -> tuple[UsedLimit, ...]:
        """The limits that the checks of this finding read."""
        return used_limits(self.spec.thresholds, (d.name for d in self.diagnostics))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the grade is what it is, in plain words, design first."""
        best = BEST[self.spec.design]
        design = DESIGN_WORDS.get(self.spec.design, self.spec.design)
        lines = [f"The design ({design}) can earn {best}."]
        # Figures stay out of these lines: they are printed before disclosure has seen them.
        failed = [d for d in self.diagnostics if d.status == "fail"]
        lines += [f"Failed: {d.label} ({d.threshold})." for d in failed]
        if isinstance(self.headline, NotEstimable):
            lines.append(f"The headline could not be estimated: {self.headline.reason}.")
        warned = [d for d in self.diagnostics if d.status == "warn"]
        for d in warned:
            what = f"Capped at {d.capped_at}" if d.capped_at else "One step down"
            lines.append(f"Warning: {d.label} ({d.threshold}). {what}.")
        if len(lines) == 1:
            lines.append("No check warned or failed.")
        lines += [f"Looser than the default: {x.sentence}." for x in self.limits if x.looser]
        return tuple(lines)


def registered(finding: Finding, registration: Registration) -> Finding:
    """The finding with the check of its registration, which comes before all others."""
    checks = (registered_study(registration), *finding.diagnostics)
    return replace(finding, diagnostics=checks, registration=registration)
