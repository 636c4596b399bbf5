"""The headline of page one: a clause a study, outcomes by verb, or how many by verb."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.registry import Registration
from reports.sections.answer import view
from reports.wording.headline import TWO_LINES, TWO_SMALL_LINES, is_long, page_headline
from tests.report_cases import company_report, report
from tests.unit.test_report_wording import CAUSAL, made

if TYPE_CHECKING:
    from analysis.disclosure import Release


def _about(outcome: str, value: float = 6.1, **more: object) -> Release:
    """A study of an outcome; its title is "Sales mentoring"."""
    return replace(made(value, 1.9, **more), outcome=outcome)  # type: ignore[arg-type]


def test_without_a_study_it_says_so() -> None:
    assert page_headline(()) == "No study has been answered yet."


def test_few_studies_have_a_clause_each() -> None:
    both = (_about("Calls"), _about("Absence", 1.0))
    assert page_headline(both) == (
        "Sales mentoring raised calls. Whether sales mentoring changed absence is not settled."
    )


def test_more_studies_stand_under_their_verbs_the_firmest_first() -> None:
    studies = (
        _about("Orders", warnings=2),
        _about("Calls"),
        _about("Absence", -6.1, warnings=1),
        _about("Sick days", 1.0),
        _about("Late days", 1.0),
    )
    assert page_headline(studies) == (
        "Mentoring raised calls, probably lowered absence and may have raised orders. "
        "Not settled: sick days and late days."
    )


def test_names_that_hold_a_list_are_kept_apart() -> None:
    studies = [_about(name, 1.0) for name in ("Sales or orders", "Calls", "Absence")]
    assert page_headline(tuple(studies)) == "Not settled: sales or orders; calls; absence."


def test_two_studies_of_one_outcome_are_told_apart_by_their_titles() -> None:
    studies = (*(_about("Calls") for _ in range(2)), *(_about("Absence", 1.0) for _ in range(2)))
    named = [replace(r, title=f"Round {i}") for i, r in enumerate(studies, start=1)]
    said = page_headline(tuple(named))
    assert said.startswith("Mentoring raised calls (Round 1) and calls (Round 2).")


def test_what_is_withheld_or_not_shown_is_not_a_claim() -> None:
    said = page_headline(company_report().releases)
    assert "We cannot say: calls solved first time." in said
    assert "Not shown: weekly profit (Trainee mentors)." in said


def test_claims_keep_their_names_when_what_is_open_is_counted() -> None:
    open_ = [_about(f"Number {i} of the cases that were solved and written down", 1.0)
             for i in range(4)]  # fmt: skip
    said = page_headline((_about("Calls"), *open_))
    assert said == "Mentoring raised calls. Not settled: 4 outcomes."


def test_many_studies_are_counted() -> None:
    ten = tuple(_about(f"Outcome of a long name, number {i}") for i in range(10))
    said = page_headline(ten)
    assert said == "Mentoring raised 10 outcomes."
    assert len(said) <= TWO_SMALL_LINES


def test_an_exploratory_answer_is_marked() -> None:
    known = Registration(
        state="changed", question_hash="", registered_as="", registered_hash="",
        registered_question="", registered_on="", registered_as_of="", first_run="", first_code="",
    )  # fmt: skip
    studies = [_about(f"Outcome {i} of a name that is long") for i in range(4)]
    said = page_headline((replace(studies[0], registration=known), *studies[1:]))
    assert said.startswith("Mentoring raised outcome 0 of a name that is long (exploratory), ")
    assert said.count("(exploratory)") == 1


def test_no_claim_below_randomised_is_unhedged() -> None:
    studies = [_about(f"Outcome {i}", design="opt_in", warnings=i % 2) for i in range(5)]
    said = page_headline(tuple(studies))
    assert "probably raised outcome 0" in said and "may have raised outcome 1" in said
    assert not CAUSAL.search(said)


def test_a_long_headline_is_set_smaller() -> None:
    studies = (_about("Calls"),) * 3
    seen = view(report(studies))
    assert seen["long"] == (len(seen["headline"]) > TWO_LINES) == is_long(seen["headline"])
