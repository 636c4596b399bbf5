"""What page one says of the report before, from releases and facts written by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reports.build import findings_json, render_html
from reports.previous import Cause, Earlier, Previous, earlier, earlier_from
from reports.since import since
from tests.exit_cases import leaving_report
from tests.report_cases import company_report, lottery, released, report, withheld
from tests.since_cases import RUN

if TYPE_CHECKING:
    from reports.model import Report

MONTHS, FILES = Cause(kind="months", months=2), Cause(kind="new_files")


def after(made: Report, *changed: Earlier, causes: tuple[Cause, ...] = (), **more: Any) -> Report:
    """The report after one that released the same, but for ``changed``."""
    then = {r.study: earlier(r) for r in made.releases} | {e.study: e for e in changed}
    studies = tuple(then.values())
    last = Previous(
        run=RUN,
        as_known_at="2018-07-31",
        studies=studies,
        causes=dict.fromkeys(then, causes),
    )
    return replace(made, previous=replace(last, **more))


def was(study: Earlier, estimate: float, low: float, high: float, **more: Any) -> Earlier:
    """The study with another headline."""
    head = replace(study.headline, estimate=estimate, ci_low=low, ci_high=high)
    return replace(study, headline=head, **more)


def entries(made: Report) -> list[str]:
    """The list under the headline as text."""
    found = since(made)
    if found is None:
        return []
    lines = []
    for line in found.lines:
        said = f"{line.title} {line.moved}: {line.why}" if line.title else line.why
        lines.append(f"{said} {line.command}".strip(": "))
    return [line.replace("\u00a0", " ") for line in (found.head, *lines)]


SALES = earlier(released(lottery())[0])  # +4.1 %, 1.2 to 7.1
LEAVING = earlier(leaving_report().releases[0])


def test_a_number_goes_from_old_to_new_with_its_causes() -> None:
    made = after(report(released(lottery())), was(SALES, 3.6, 0.5, 6.8), causes=(MONTHS, FILES))
    assert entries(made) == [
        "Since 31 Jul 2018",
        "Sales mentoring +3.6 → +4.1\u202f%: 2 more months, new files",
        f"mentorlift diff {RUN[:8]} 4f7a9c21",
    ]


def test_causes_of_all_studies_are_said_once() -> None:
    made = company_report()
    trial = next(earlier(r) for r in made.releases if r.study == "mentors-for-firms")
    late = Cause(kind="corrected")
    changed = after(made, was(SALES, 3.6, 0.5, 6.8), was(trial, 300.0, 100.0, 500.0),
                    causes=(MONTHS, FILES))  # fmt: skip
    assert changed.previous
    changed.previous.causes["mentors-for-firms"] += (late,)
    _, sales, firms, others, shared = entries(changed)
    assert "months" not in sales + firms and firms.endswith(
        "earlier figures corrected or told late"
    )
    assert others == "2 other studies are unchanged"
    assert shared == f"For all: 2 more months, new files mentorlift diff {RUN[:8]} 4f7a9c21"


@pytest.mark.parametrize("low", [1.18, 1.21])  # both print as 1.2
def test_what_prints_alike_is_unchanged_and_said_once(low: float) -> None:
    made = after(report(released(lottery())), was(SALES, 4.1, low, 7.06), causes=(FILES,))
    assert entries(made)[1:] == ["Unchanged: no grade and no printed number moved"]


def test_an_interval_alone_may_move() -> None:
    made = after(report(released(lottery())), was(SALES, 4.12, 0.2, 8.0), causes=(FILES,))
    assert entries(made)[1] == "Sales mentoring interval 0.2 to 8.0 → 1.2 to 7.1: new files"


def test_the_decimals_are_those_of_the_coarser_number() -> None:
    wide = was(SALES, 4.0, -20.0, 28.0)  # printed as +4
    assert "interval −20 to 28 → 1 to 7" in entries(after(report(released(lottery())), wide))[1]


def test_exits_move_in_points() -> None:
    head = LEAVING.headline
    assert head.estimate is not None and head.ci_low is not None and head.ci_high is not None
    then = was(LEAVING, head.estimate - 0.01, head.ci_low - 0.01, head.ci_high - 0.01)
    line = entries(after(leaving_report(), then, causes=(Cause(kind="late_exits"),)))[1]
    assert "→" in line and line.endswith("points: exits told late")


def test_a_withheld_number_is_neither_shown_nor_repeated() -> None:
    made = report(released(withheld()))
    then = was(earlier(made.releases[0]), 0.4321, 0.4, 0.5, grade="Suggestive", objections=())
    shown = replace(then, headline=replace(then.headline, status="released"))
    changed = after(made, shown, causes=(FILES,))
    _, line = entries(changed)
    assert line == (
        "Service desk buddies Suggestive → Withheld: new files, checks now objecting: "
        "sizes of the arms against the planned shares"
    )
    assert "43.2" not in render_html(changed) and "0.4321" not in findings_json(changed)


def test_a_number_that_is_shown_again_does_not_bring_the_old_one() -> None:
    then = replace(SALES, grade="Withheld", headline=replace(SALES.headline, status="withheld"))
    made = after(report(released(lottery())), then, causes=(FILES,))
    assert entries(made)[1].startswith("Sales mentoring Withheld → Credible: new files")


def test_studies_come_and_go() -> None:
    gone = replace(SALES, study="onboarding", title="Onboarding buddies")
    made = report(released(lottery()))
    last = Previous(run=RUN, as_known_at="2018-07-31", studies=(gone,))
    assert entries(replace(made, previous=last))[1:] == [
        "Sales mentoring new",
        "Onboarding buddies no longer asked",
    ]


def test_a_report_that_is_gone_is_named() -> None:
    made = replace(company_report(), previous=Previous(run=RUN, kept=False))
    assert entries(made) == [
        f"The last report (run {RUN[:8]}) is no longer kept here: no comparison with it"
    ]
    assert f"run {RUN}; what it released is no longer kept here" in render_html(made)


def test_findings_have_what_the_report_before_released() -> None:
    made = after(report(released(lottery())), was(SALES, 3.6, 0.5, 6.8), causes=(FILES,))
    (finding,) = json.loads(findings_json(made))
    assert finding["previous"] == {
        "run": RUN, "as_known_at": "2018-07-31", "change": "moved", "grade": "Credible",
        "exploratory": False, "estimate": 3.6, "ci_low": 0.5, "ci_high": 6.8, "unit": "%",
        "as_of": "2018-10-01", "causes": ["new_files"],
    }  # fmt: skip


def test_what_is_kept_holds_no_count_of_people() -> None:
    saved = json.loads(json.dumps(SALES.as_dict()))
    assert earlier_from(saved) == SALES
    assert saved["headline"]["n_people"] is saved["headline"]["n_rows"] is None
