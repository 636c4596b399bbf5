"""Reports made of findings written by hand: every figure here is invented or published."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from analysis.balance import Balance, BalanceRow
from analysis.diagnostics import Diagnostic
from analysis.disclosure import Release, release, restore
from analysis.estimate import Estimate, NotEstimable, Target
from analysis.finding import ArmCount, Finding, Flow, Group, Step
from analysis.manifest import RunManifest
from analysis.rules import Rules
from analysis.study import StudySpec, parse_study
from reports.model import ProjectNote, Report
from tests.shelf_cases import SHELF

ITT = "intention to treat"
LATE = "effect on those who took part (LATE)"
CLUSTERED = "clustered by person, CR1, t with clusters − 1 degrees of freedom"
MONTHLY = {  # event month: mentee estimate and standard error, class estimate and standard error
    1: (311.75, 195.12, 290.85, 199.48),
    2: (83.18, 200.76, 6.29, 195.97),
    3: (269.41, 278.42, -54.67, 242.86),
    4: (959.02, 285.99, 299.15, 231.42),
    7: (882.62, 338.70, 161.54, 294.45),
    12: (-22.21, 223.89, -245.40, 198.08),
    17: (79.01, 272.26, 295.14, 281.19),
}


def check(name: str, status: str = "pass", **more: Any) -> Diagnostic:
    """A diagnostic with plain defaults."""
    words = {
        "sample_ratio": ("Sizes of the arms against the planned shares", "p = 0.81"),
        "balance": ("Arms alike before the start, all covariates together", "p = 0.29"),
        "differential_missing_outcome": ("Outcome recorded, mentee less control", "−1.2 points"),
        "contamination": ("People of control who took part", "0.0 %"),
    }
    label, display = words.get(name, (name.replace("_", " "), "0.5"))
    values = {"label": label, "display": display, "value": 0.5, "remedy": "", **more}
    threshold = values.pop("threshold", "warn below 0.01, fail below 0.001")
    return Diagnostic(name=name, status=status, threshold=threshold, **values)  # type: ignore[arg-type]


def required(**overrides: Diagnostic) -> tuple[Diagnostic, ...]:
    """The diagnostics a randomised finding cannot be without."""
    names = ("sample_ratio", "balance", "differential_missing_outcome", "contamination")
    named = check(
        "negative_controls", "note", label="No effect on outcomes that mentoring cannot change",
        value=None, display="none could be looked at", threshold="warn below p = 0.05",
    )  # fmt: skip
    roster = check("roster", label="Arms as drawn", display="as first delivered", threshold="")
    return (roster, *(overrides.get(n, check(n)) for n in names), named)


def estimate(name: str, value: float, error: float, **more: Any) -> Estimate:
    """An estimate with a 1.96 interval unless ``ci`` is given; other names go to target or it."""
    ci = more.pop("ci", (value - 1.96 * error, value + 1.96 * error))
    fields = {"p_value": 0.05, "df": 371.0, "n_treated": 124, "n_comparison": 119, "n_rows": 2211}
    numbers = {k: more.pop(k, v) for k, v in fields.items()}
    convention = more.pop("convention", CLUSTERED)
    return Estimate(
        target=target(name, **more),
        estimate=value,
        std_error=error,
        ci_low=ci[0],
        ci_high=ci[1],
        convention=convention,
        **numbers,
    )


def target(name: str, **more: Any) -> Target:
    """A target of the trial's first arm unless told otherwise."""
    usual: dict[str, Any] = {
        "role": "secondary",
        "estimand": ITT,
        "estimator": "ANCOVA",
        "arm": "mentee",
        "comparison": "control",
        "window": (1, 17),
        "unit": "KES a week",
    }
    return Target(name=name, **{**usual, **more})


def trial_spec(**changes: Any) -> StudySpec:
    """A three-arm trial of mentors for small firms."""
    data: dict[str, Any] = {
        "study": "mentors-for-firms",
        "title": "Mentors for small firms",
        "question": "Does being given a mentor raise the weekly profit of a small firm?",
        "as_of": "2018-10-01",
        "programme": "MENTORS",
        "design": "randomised",
        "arms": {"treated": ["mentee", "class"], "comparison": "control"},
        "outcome": {"metric": "weekly_profit", "label": "weekly profit", "unit": "KES a week"},
        "follow_up": {"months": 17, "primary": [1, 17], "windows": [[1, 4], [7, 17]]},
        "take_up": "met_mentor_once",
    }
    return parse_study({**data, **changes})


def trial() -> Finding:
    """Public data: two treated arms, seven months, all the other estimators."""
    steps = (
        Step(label="recorded in the programme", people=378),
        Step(label="entered the draw", people=372, left_out="closed before the draw"),
    )
    counts = [
        ArmCount(arm=arm, label=label, people=n)
        for arm, found in (
            ("mentee", (124, 117, 124)),
            ("class", (129, 0, 129)),
            ("control", (119, 0, 119)),
        )
        for label, n in zip(
            ("drawn", "met a mentor at least once", "with an outcome, in the answer"),
            found,
            strict=True,
        )
    ]
    return Finding(
        spec=trial_spec(),
        population="Owners of small firms in Dandora, Nairobi, under five years in business",
        flow=Flow(steps=steps, arms=tuple(counts)),
        estimates=(*_trial_headline(), *_trial_others(), *_by_month(), *_trial_take_up()),
        diagnostics=(*required(balance=_trial_balance()), *_trial_notes()),
    )


def _trial_headline() -> tuple[Estimate, ...]:
    return (
        estimate("primary", 368.74, 131.57, role="headline", p_value=0.0053),
        estimate("primary", 110.82, 143.28, arm="class", p_value=0.44, n_treated=129),
    )


def _trial_others() -> tuple[Estimate, ...]:
    published = {"name": "specification: as published", "window": (-2, 17)}
    published["estimator"] = "ANCOVA (as published)"
    permuted = {"estimator": "Randomisation inference beside ANCOVA", "p_value": 0.0065}
    permuted["convention"] = f"p-value: sharp null, 2,000 draws; interval: {CLUSTERED}"
    return (
        estimate("difference_in_means", 302.71, 131.71, estimator="Difference in means"),
        estimate("lin", 348.26, 124.69, estimator="Lin, fully interacted"),
        estimate("lin", 95.41, 141.57, estimator="Lin, fully interacted", arm="class"),
        estimate("window", 402.99, 139.33, window=(1, 4), p_value=0.0041),
        estimate("window", 307.24, 189.99, window=(7, 17), p_value=0.1067),
        estimate("randomisation_inference", 368.74, 131.57, **permuted),
        *(
            estimate(
                f"lee_bound_{end}",
                value,
                137.7,
                ci=(95.6, 641.2),
                p_value=None,
                estimator=f"Lee bound, {end}",
                estimand="effect on people whose outcome is recorded in either arm",
                convention="monotonicity assumed; interval: Imbens-Manski 2004",
            )
            for end, value in (("lower", 341.2), ("upper", 395.8))
        ),
        estimate(**published, value=371.83, error=133.02, p_value=0.0055),
        estimate(**published, value=124.51, error=144.90, arm="class", p_value=0.39),
    )


def _by_month() -> tuple[Estimate, ...]:
    text = "ANCOVA, arms by month"
    return tuple(
        estimate("by_month", row[i], row[i + 1], arm=arm, window=(month, month), estimator=text)
        for i, arm in ((0, "mentee"), (2, "class"))
        for month, row in MONTHLY.items()
    )


def _trial_take_up() -> tuple[Estimate | NotEstimable, ...]:
    two_stage = {"estimand": LATE, "estimator": "Two-stage least squares"}
    set_of_ar = {"estimand": LATE, "ci": (74.6, float("inf"))}
    set_of_ar["estimator"] = "Two-stage least squares, Anderson-Rubin interval"
    share = {"estimand": "difference in the share that took part", "estimator": "First stage"}
    raw = {"estimand": "as treated: not an effect", "role": "naive"}
    raw["estimator"] = "Took part against did not, unadjusted"
    return (
        estimate("first_stage", 0.944, 0.021, unit="share", p_value=0.0, **share),
        estimate("two_stage_least_squares", 390.52, 139.11, **two_stage),
        estimate("anderson_rubin", 390.52, 139.11, **set_of_ar),
        NotEstimable(
            target=target("two_stage_least_squares", arm="class", **two_stage),
            reason="nobody took part",
        ),
        estimate("as_treated", 225.78, 132.38, **raw),
    )


def _trial_balance() -> Diagnostic:
    gaps = {
        "log age": -0.07,
        "sector=food": -0.06,
        "sector=retail": -0.22,
        "sector=manufacturing": 0.14,
        "secondary education": -0.01,
        "employees": -0.14,
        "profit": -0.08,
    }
    rows = tuple(
        BalanceRow(
            covariate=name.split("=")[0], level=name.partition("=")[2], before=gap, after=None,
            groups=((31, 30),) if "=" in name else (),
        )
        for name, gap in gaps.items()
    )  # fmt: skip
    alike = Balance(arm="mentee", comparison="control", people=(124, 119), rows=rows)
    return check("balance", balances=(alike,))


def _trial_notes() -> tuple[Diagnostic, ...]:
    return (
        check(
            "minimum_detectable_effect",
            "note",
            display="367 KES a week",
            label="Smallest effect the study can see, mentee (80 % power)",
            threshold="no effect of interest declared",
        ),
        check(
            "fading_equality",
            "note",
            display="p = 0.058",
            threshold="not gated",
            label="mentee: same effect in every month (7 months)",
            reveals_effect=True,
        ),
        check(
            "fading_trend",
            "note",
            display="p = 0.21",
            threshold="not gated",
            label="mentee: no linear trend in the effect (7 months)",
            reveals_effect=True,
        ),
    )


def lottery() -> Finding:
    """Protected: one arm, a log outcome in per cent, one month, one warning."""
    spec = trial_spec(
        study="sales-mentoring",
        title="Sales mentoring",
        question="Does the sales mentoring programme raise monthly revenue per call?",
        arms={"treated": "mentee", "comparison": "lottery_lost"},
        outcome={"metric": "revenue_per_call", "label": "Revenue per call", "transform": "log"},
        follow_up={"months": 6, "primary": [1, 6]},
    )
    same: dict[str, Any] = {
        "comparison": "lottery_lost",
        "window": (1, 6),
        "unit": "%",
        "df": 300.0,
        "n_treated": 152,
        "n_comparison": 147,
        "n_rows": 1794,
    }
    raw = {"estimand": "as treated: not an effect", "role": "naive"}
    warned = check(
        "contamination",
        "warn",
        label="People of lottery_lost who took part",
        display="6.8 %",
        threshold="warn above 5 %, fail above 20 %",
        remedy="Find out how people who lost the draw met a mentor.",
    )
    return Finding(
        spec=spec,
        population="Applicants in Sales with at most three months of tenure",
        flow=Flow(
            steps=(
                Step(label="recorded in the programme", people=645),
                Step(label="applied", people=331, left_out="did not apply"),
            ),
            arms=(
                ArmCount(arm="mentee", label="drawn", people=163),
                ArmCount(arm="mentee", label="met a mentor at least once", people=142),
                ArmCount(arm="lottery_lost", label="drawn", people=160),
                ArmCount(arm="lottery_lost", label="met a mentor at least once", people=7),
            ),
            groups=tuple(
                Group(arm=arm, what=what, people=n, rank=rank, role=role)
                for arm, what, n, rank, role in (
                    ("lottery_lost", "lost the draw: chance alone decided", 160, 1, "used"),
                    ("never_applied", "could have asked and had not", 314, 5, "available"),
                    ("mentee", "as recorded by the programme", 163, None, "treated"),
                    ("too_recent", "applied too recently to be told apart", 8, None, "other"),
                )
            ),
        ),
        estimates=(
            estimate("primary", 4.12, 1.5, role="headline", **same),
            estimate("by_month", 4.12, 2.5, **{**same, "window": (3, 3)}),
            estimate(
                "two_stage_least_squares",
                5.1,
                1.9,
                estimand=LATE,
                estimator="Two-stage least squares",
                **same,
            ),
            estimate("as_treated", 8.87, 1.6, **raw, **same),
        ),
        diagnostics=(*required(contamination=warned, balance=_drawn_balance()), _best_group()),
    )


def _drawn_balance() -> Diagnostic:
    """Levels 2 and 3 are many people each; a level of seven is nobody's business."""
    rows = (
        BalanceRow(covariate="tenure_months", level="", before=-0.0812, after=None),
        BalanceRow(
            covariate="level", level="2", before=0.093, after=None, groups=((61, 54), (102, 106))
        ),
        BalanceRow(
            covariate="level", level="board", before=0.31, after=None, groups=((7, 2), (156, 158))
        ),
    )
    found = Balance(
        arm="mentee", comparison="lottery_lost", people=(152, 147), rows=rows,
        rest=(("level", (84, 91)),),
    )  # fmt: skip
    return check("balance", balances=(found,))


def _best_group() -> Diagnostic:
    return check(
        "comparison_group",
        "pass",
        label="The comparison group",
        display="lottery lost (lost the draw: chance alone decided); there is no better one",
        threshold="best first; not gated",
    )


def withheld() -> Finding:
    """A failed check: no number anywhere, the raw gap included."""
    failed = check(
        "sample_ratio",
        "fail",
        value=0.00004,
        display="p = 0.00004",
        threshold="warn below p = 0.01, fail below p = 0.001",
        remedy="Ask who kept the list: people added, removed or moved after the draw.",
    )
    bounds = check("lee", "note", label="Bounds", display="1234 to 5678", reveals_effect=True)
    spec = trial_spec(
        study="service-desk",
        title="Service desk buddies",
        outcome={"metric": "calls", "label": "calls solved first time", "unit": "share"},
        arms={"treated": "buddy", "comparison": "none"},
    )
    same: dict[str, Any] = {"arm": "buddy", "comparison": "none", "unit": "share"}
    return Finding(
        spec=spec,
        population="Everybody at the service desk",
        flow=Flow(steps=(Step(label="recorded in the programme", people=410),), arms=()),
        estimates=(
            estimate("primary", 0.1234, 0.02, role="headline", **same),
            estimate("by_month", 0.1234, 0.02, **{**same, "window": (1, 1)}),
            estimate("as_treated", 0.5678, 0.02, **{**same, "role": "naive"}),
        ),
        diagnostics=(*required(sample_ratio=failed), bounds),
    )


def suppressed() -> Finding:
    """Every estimate rests on a group too small to show."""
    few: dict[str, Any] = {"n_treated": 7, "window": (1, 6)}
    return Finding(
        spec=trial_spec(
            study="trainee-mentors",
            title="Trainee mentors",
            arms={"treated": "mentee", "comparison": "control"},
            follow_up={"months": 6, "primary": [1, 6]},
        ),
        population="Trainees of one intake",
        flow=Flow(
            steps=(Step(label="recorded in the programme", people=31),),
            arms=(ArmCount(arm="mentee", label="drawn", people=7),),
        ),
        estimates=(
            estimate("primary", 777.77, 88.88, role="headline", **few),
            estimate("by_month", 777.77, 88.88, **{**few, "window": (1, 1)}),
        ),
        diagnostics=required(),
    )


def released(*findings: Finding, mode: str = "protected") -> tuple[Release, ...]:
    """What of the findings may be shown."""
    return release(findings, Rules(mode=mode))[0]  # type: ignore[arg-type]


RECONCILIATION: dict[str, Any] = {
    "files": [
        {
            "source": "owners",
            "file": "owners.csv",
            "sha256": "ab" * 32,
            "delivered_on": "2018-10-01",
            "rows_in": 378,
            "loads": [
                {
                    "table": "people",
                    "loaded": 372,
                    "quarantined": 4,
                    "duplicates": 2,
                    "excluded": {},
                    "quarantine_rules": {"person_id is missing": 4},
                }
            ],
            "columns_not_loaded": ["name", "telephone"],
        },
        {
            "source": "profits",
            "file": "profits.csv",
            "sha256": "cd" * 32,
            "delivered_on": "2018-10-01",
            "rows_in": 2625,
            "loads": [
                {
                    "table": "performance",
                    "loaded": 2612,
                    "quarantined": 3,
                    "duplicates": 0,
                    "excluded": {"wave is 9": 10},
                    "quarantine_rules": {"value: no number": 3},
                }
            ],
            "columns_not_loaded": [],
        },
    ],
    "skipped": [{"file": "old.xls", "why": "no source of the project reads this file"}],
    "checks": [
        {
            "name": "exits_before_hire",
            "level": "fail",
            "rows": 0,
            "description": "nobody leaves before being hired",
        },
        {
            "name": "late_exits",
            "level": "warn",
            "rows": 12,
            "description": "exits recorded more than two months late",
        },
    ],
}

PROJECT = ProjectNote(
    title="Dandora firms",
    purpose="evaluation of the mentoring programme",
    lawful_basis="published research data",
    retention="24 months",
    disclosure="public",
    sources_note="Brooks, Donovan and Johnson 2018, replication data",
)


def report(releases: tuple[Release, ...], **changes: Any) -> Report:
    """A report of the releases with a fixed manifest."""
    studies = {r.study: r.spec_hash for r in releases}
    manifest = RunManifest(
        run="4f7a9c21" + "0" * 56,
        project="dandora-firms",
        title="Dandora firms",
        code_version="0.1.0",
        code_hash="9d31c7e4" * 8,
        project_hash="e5502b88" * 8,
        as_known_at="2018-10-01",
        inputs={"owners.csv": "ab" * 32, "profits.csv": "cd" * 32},
        studies=studies,
        packages={"statsmodels": "0.15.0", "duckdb": "2.0.0"},
    )
    made = Report(
        releases=releases, manifest=manifest, reconciliation=RECONCILIATION, project=PROJECT
    )
    return replace(made, **changes)


def public_report() -> Report:
    """The trial alone, as published data."""
    return report(released(trial(), mode="public"))


def resealed(saved: dict[str, Any]) -> Release:
    """The release of these values; only tests may alter one."""
    text = json.dumps(saved, sort_keys=True, ensure_ascii=False)
    return restore(saved, hashlib.sha256(text.encode()).hexdigest())


def hostile_report(bad: str, made: Report | None = None) -> Report:
    """The first study with every text of it, of the project and of the files replaced."""
    made = made or public_report()
    saved = made.releases[0].as_dict()
    for key in ("title", "question", "population", "outcome", "programme"):
        saved[key] = bad
    texts = ("label", "estimator", "display", "remedy", "left_out", "arm", "estimand", "reason")
    for part in ("estimates", "diagnostics", "steps", "curves"):
        for row in saved[part]:
            row.update({key: bad for key in texts if row.get(key)})
    project = replace(made.project, title=bad, purpose=bad, retention=bad)
    skipped = {"files": [], "skipped": [{"file": bad, "why": bad}], "checks": []}
    return replace(
        made,
        releases=(resealed(saved),),
        project=project,
        reconciliation=skipped,
    )


def company_report() -> Report:
    """Four studies under protection: shown, withheld, suppressed, and the trial."""
    project = replace(
        PROJECT,
        title="Ardenwick Group",
        disclosure="protected",
        lawful_basis="legitimate interest, assessed",
        sources_note="",
    )
    shown = released(lottery(), trial(), withheld(), suppressed())
    return report(shown, project=project, shelf=SHELF)
