"""Which curves are released: both arms or neither, none beside a number that is not shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.disclosure import Release, release, restore
from analysis.rules import Rules
from tests.exit_cases import curves, differences, turnover
from tests.report_cases import check

if TYPE_CHECKING:
    from analysis.finding import Finding


def _released(finding: Finding, mode: str = "protected") -> Release:
    return release([finding], Rules(mode=mode))[0][0]  # type: ignore[arg-type]


def test_a_release_with_curves_is_restored_and_its_digest_covers_them() -> None:
    made = _released(turnover())
    saved = made.as_dict()
    assert restore(saved, made.digest()) == made
    saved["curves"][0]["points"][1]["share"] += 0.01
    with pytest.raises(ValueError, match="altered"):
        restore(saved, made.digest())


def test_a_withheld_study_has_no_curve() -> None:
    failed = check("placebo", "fail", remedy="Look.")
    finding = turnover()
    others = tuple(d for d in finding.diagnostics if d.name != "placebo")
    made = _released(replace(finding, diagnostics=(*others, failed)))
    assert made.grade == "Withheld"
    assert made.curves == ()


def test_no_curve_stands_beside_a_headline_that_may_not_be_shown() -> None:
    few = tuple(replace(e, n_treated=7) for e in differences())
    made = _released(turnover(estimates=few))
    assert made.headline.status == "suppressed"
    assert made.curves == ()


def test_a_small_arm_takes_the_other_arm_with_it() -> None:
    made = _released(turnover(curves=curves(joined=9)))
    assert {c.status for c in made.curves} == {"suppressed"}
    assert all(c.points == () and c.n_people is None for c in made.curves)
    assert made.curves[0].reason == "A group or its exits are fewer than 10 people."


def test_public_curves_are_exact() -> None:
    made = _released(turnover(), "public")
    for shown, exact in zip(made.curves, curves(), strict=True):
        assert [(p.day, p.share, p.at_risk, p.events) for p in shown.points] == [
            (p.day, p.share, p.at_risk, p.events) for p in exact.points
        ]
        assert shown.n_people == exact.n_people


@pytest.mark.parametrize("joined", [331, 977, 980, 983])
def test_one_count_of_people_is_rounded_one_way(joined: int) -> None:
    """Rounded to five and to the middle of six, a count would have fewer candidates left."""
    shown = _released(turnover(curves=curves(joined))).curves[0]
    assert shown.n_people == shown.points[0].at_risk
    assert shown.n_people is not None and shown.n_people % 6 == 3
