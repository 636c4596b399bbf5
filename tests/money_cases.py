"""Money cases written by hand: round numbers that can be followed on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.money.price import price
from analysis.money.spec import MoneyCase
from tests.report_cases import PROJECT, lottery, released, report, trial, withheld

if TYPE_CHECKING:
    from reports.model import Report

COSTS: dict[str, Any] = {
    "months": 6,
    "mentor_hours": 1.5,
    "mentor_rate": 40,
    "mentee_hours": 1.5,
    "mentee_rate": 20,
    "coordination": 10,
    "platform": 2000,
    "training": 1000,
}


def uplift(**changes: Any) -> dict[str, Any]:
    """100 % of output worth 3,000 a month; half of the effect kept for two further months."""
    return {
        "kind": "uplift",
        "study": "sales-mentoring",
        "monthly_value": 3000,
        "still_employed": 0.95,
        "persistence": {"months": 2, "kept": 0.5, "still_employed": 0.9},
        **changes,
    }


def exits(**changes: Any) -> dict[str, Any]:
    """9,000 for replacing a person."""
    return {
        "kind": "exits_avoided",
        "study": "sales-turnover",
        "replacement_cost": 9000,
        "includes_lost_output": False,
        **changes,
    }


def money_case(*benefits: dict[str, Any], **changes: Any) -> MoneyCase:
    """100 people, 80 pairs, a year; an uplift alone unless told."""
    data: dict[str, Any] = {
        "case": "sales",
        "title": "Sales mentoring",
        "programme": "MENTORS",
        "currency": "EUR",
        "horizon": 12,
        "people": 100,
        "pairs": 80,
        "benefits": list(benefits) or [uplift()],
        "costs": COSTS,
    }
    return MoneyCase.model_validate({**data, **changes})


def money_report(title: str = "Sales mentoring") -> Report:
    """A case that is counted, and one of a study that is withheld; ``title`` is also a note."""
    findings = (trial(), lottery(), withheld())
    made = released(*findings)
    desk = uplift(study="service-desk", monthly_value=50_000)
    cases = (
        money_case(
            uplift(
                monthly_value={"value": 3000, "note": "" if title.startswith("Sales") else title}
            ),
            title=title,
        ),
        money_case(desk, case="desk", title="The service desk", programme="DESK", horizon=24),
    )
    money = tuple(price(case, [f.spec for f in findings], made) for case in cases)
    project = replace(PROJECT, title="Ardenwick Group", disclosure="protected")
    return report(made, project=project, money=money)
