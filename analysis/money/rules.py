"""Refused before anything is priced: benefits counted twice, and effects without a price."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from analysis.errors import SpecError
from analysis.money.assumptions import assumptions_of, costs
from analysis.money.spec import ExitsAvoided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.money.spec import BenefitSpec, MoneyCase, Uplift
    from analysis.study import StudySpec

    Specs = Mapping[str, StudySpec]

PRICED_EXITS = ("voluntary", "any")
# Why an uplift of such an outcome has no price, and what to do instead, by kind of outcome.
NO_PRICE: dict[str, tuple[str, str]] = {
    "scale": (
        "what people answer has no price, an intention to leave as little as any other",
        "Study the exits themselves (`kind: exit`) and count them as `exits_avoided`.",
    ),
    "rating": (
        "points of a rating have no price",
        "Study the measured output that the rating is about.",
    ),
    "promotion": ("a promotion has no price: it costs pay as well", "Leave the benefit out."),
    "team": (
        "the mean of a team is of people who count in several teams' answers",
        "Study the output of the persons themselves.",
    ),
    "exit": ("fewer exits are no output", "Write `kind: exits_avoided`."),
}


def check_money(cases: Sequence[MoneyCase], studies: Sequence[StudySpec]) -> None:
    """Raises SpecError naming the case and key where something would be counted twice, or cannot.

    A programme has one case and a case one programme: so nobody is counted in two of them.
    """
    specs = {s.study: s for s in studies}
    for name, values in (
        ("case", [c.case for c in cases]), ("programme", [c.programme for c in cases]),
    ):  # fmt: skip
        for place, value in enumerate(values):
            if value in values[:place]:
                raise SpecError(
                    f"money.{cases[place].case}.{name}",
                    f"another case has the same {name}, so its benefits would be counted twice",
                    "Put all benefits of a programme into one case.",
                )
    for case in cases:
        for place, benefit in enumerate(case.benefits):
            _check_benefit(case, benefit, specs, f"money.{case.case}.benefits.{place}")
        _check_overlaps(case, specs)
        _check_people(case)
        _check_costs(case)


def _check_benefit(case: MoneyCase, benefit: BenefitSpec, specs: Specs, key: str) -> None:
    spec = specs.get(benefit.study)
    if spec is None:
        fix = f"Studies of the project: {', '.join(sorted(specs)) or 'none'}."
        raise SpecError(f"{key}.study", "there is no such study", fix)
    if spec.programme != case.programme:
        raise SpecError(
            f"{key}.study",
            f"is about the programme {spec.programme}, the case about {case.programme}",
            "Give each programme a case of its own.",
        )
    if case.people_of(benefit) > case.people:
        fix = "Raise `people` of the case, or lower that of the benefit."
        raise SpecError(f"{key}.people", "are more than those of the case", fix)
    ends = spec.follow_up.primary[1]
    if isinstance(benefit, ExitsAvoided):
        _check_exits(spec, key)
    else:
        _check_uplift(spec, benefit, key)
        ends += benefit.persistence.months if benefit.persistence else 0
    if ends > case.horizon:
        raise SpecError(
            key, f"goes on to month {ends}, beyond the horizon of {case.horizon}",
            "Raise `horizon`, or let the effect persist for fewer months.",
        )  # fmt: skip


def _check_exits(spec: StudySpec, key: str) -> None:
    if spec.outcome.kind == "scale":
        raise SpecError(f"{key}.study", *NO_PRICE["scale"])
    if spec.outcome.kind != "exit" or spec.outcome.metric not in PRICED_EXITS:
        raise SpecError(
            f"{key}.study",
            f"is no study of {' or '.join(PRICED_EXITS)} exits; others are not avoided by keeping "
            "people content",
            "Name a study with `outcome: {kind: exit, metric: voluntary}`.",
        )
    if spec.outcome.higher_is == "better":
        raise SpecError(
            f"{key}.study",
            "takes more exits for better, so each further exit would count as one avoided",
            "Remove `higher_is: better` from the study.",
        )


def _check_uplift(spec: StudySpec, benefit: Uplift, key: str) -> None:
    if spec.outcome.kind in NO_PRICE:
        raise SpecError(f"{key}.study", *NO_PRICE[spec.outcome.kind])
    if spec.outcome.after_exit == "zero" and benefit.still_employed:
        raise SpecError(
            f"{key}.still_employed",
            "output after an exit is zero in the study already: exits would count twice",
            "Remove `still_employed` here (under `persistence` it stays).",
        )
    if spec.outcome.after_exit == "missing" and benefit.still_employed is None:
        raise SpecError(
            f"{key}.still_employed",
            "is missing: the study's output is that of people still there, and nothing counts "
            "after an exit",
            "Add the share of the window's months in which these people are employed, such as .96.",
        )


def _check_overlaps(case: MoneyCase, specs: Specs) -> None:
    """No two benefits count the same thing for the same people."""
    for (i, one), (j, other) in combinations(enumerate(case.benefits), 2):
        key = f"money.{case.case}.benefits.{j}"
        if one.study == other.study:
            fix = "Name each study once."
            raise SpecError(f"{key}.study", "stands in the case twice", fix)
        if _apart(specs[one.study], specs[other.study]):
            continue
        if one.kind == other.kind:
            raise SpecError(
                f"{key}.study",
                f"counts {one.kind} of people whom benefit {i} counts already",
                "Keep one of the two, or studies whose `population` names other departments.",
            )
        uplift, exits = (other, one) if isinstance(one, ExitsAvoided) else (one, other)
        assert isinstance(exits, ExitsAvoided)
        _check_uplift_and_exits(specs[uplift.study], exits, key)


def _check_people(case: MoneyCase) -> None:
    """Benefits of one kind reach different people, so together no more than there are."""
    for kind in sorted({b.kind for b in case.benefits}):
        people = sum(case.people_of(b) for b in case.benefits if b.kind == kind)
        if people > case.people:
            raise SpecError(
                f"money.{case.case}.benefits",
                f"of kind {kind} reach {people} people together, more than the case's "
                f"{case.people}: some would count twice",
                "Give each benefit its own `people`.",
            )


def _check_uplift_and_exits(uplift: StudySpec, exits: ExitsAvoided, key: str) -> None:
    if uplift.outcome.after_exit == "zero":
        raise SpecError(
            key,
            f"{uplift.study} has output per person assigned, zero after an exit, which counts "
            f"exits already; {exits.study} would count them again",
            "Keep one of the two benefits.",
        )
    if exits.includes_lost_output:
        raise SpecError(
            key,
            "the cost of replacing people includes lost output, and output is counted beside it",
            "Give `replacement_cost` without lost output and say `includes_lost_output: false`, "
            "or keep one of the two benefits.",
        )


def _apart(one: StudySpec, other: StudySpec) -> bool:
    """Whether a column both populations are chosen by has no value in common."""
    for name in one.population.keys() & other.population.keys():
        first, second = one.population[name], other.population[name]
        if isinstance(first, tuple) and isinstance(second, tuple) and not {*first} & {*second}:
            return True
    return False


def _check_costs(case: MoneyCase) -> None:
    lowest = {a.key: a.low for a in assumptions_of(case)}
    if sum(costs(case, lowest).values()) <= 0:
        raise SpecError(
            f"money.{case.case}.costs", "may be nothing, and nothing can be divided by it",
            "Write down what the programme costs; hours of work count.",
        )  # fmt: skip
