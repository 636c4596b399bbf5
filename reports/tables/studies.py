"""What was asked and answered: one row a study, the people counted, and the groups found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.finding import DESIGN_WORDS
from reports.names import arm_words, outcome_words, study_title
from reports.numbers import plain, words
from reports.sections.compared import USE
from reports.shown import shown
from reports.standing import standing_of
from reports.tables.estimates import FIGURES, on_scale, people, status, with_interval
from reports.tables.table import (
    STUDY,
    WHOLE,
    Column,
    Table,
    Value,
    counted,
    day,
    figure,
    figures,
    texts,
)
from reports.wording.answers import answer, headline_figures, other_arms, raw_gap
from reports.wording.exploratory import graded
from reports.wording.standing import mark
from reports.wording.tables import EVERYBODY, HIDDEN, NONE

if TYPE_CHECKING:
    from analysis.disclosure import Release
    from reports.model import Report
    from reports.standing import Standing


def answers(report: Report) -> Table:
    """One row a study: grade, sentences, estimate with interval, the raw gap beside."""
    return Table(
        name="Answer",
        about="One row a study: grade, answer, estimate with interval, raw gap, what may and may "
        "not be said, and what would raise the grade.",
        columns=(
            STUDY, *texts(Title=24, Grade=16, Status=12, Answer=44), *FIGURES,
            *figures("Raw gap, not an effect", "People", width=12),
            *texts(You_may_say=44, Do_not_say=30, Why_not=34, To_raise_the_grade=40,
                   Also_in_this_study=30),
        ),
        rows=tuple(_answer(r, standing_of(report, r.study)) for r in report.releases),
    )  # fmt: skip


def _answer(release: Release, standing: Standing | None) -> tuple[Value, ...]:
    said, head = answer(release), release.headline
    known, gap = headline_figures(release), raw_gap(release)
    raw: Value = HIDDEN.get(head.status, NONE)
    if gap is not None and head.status == "released":
        raw = on_scale(known, shown(gap).value, NONE)
    return (
        release.study, study_title(release), graded(release),
        (mark(standing).lower() if standing else "") or status(head)[0], said.sentence,
        *with_interval(head, known), raw, people(head), said.may_say, said.do_not_say,
        said.why_not, said.to_raise, " ".join(other_arms(release)),
    )  # fmt: skip


def studies(report: Report) -> Table:
    """What each study asked, of whom, and why it has its grade."""
    return Table(
        name="Studies",
        about="What each study asked, of whom, over which months, and why it has its grade.",
        columns=(
            STUDY, *texts(Question=40, Design=14, Population=36, Outcome=26, Arm=18,
                          Compared_with=18),
            *figures("First month", "Last month", width=8),
            *texts(Data_as_known_at=12, Estimand=36, Estimator=36, Why_this_grade=50),
        ),
        rows=tuple(_study(r) for r in report.releases),
    )  # fmt: skip


def _study(release: Release) -> tuple[Value, ...]:
    head = release.headline
    return (
        release.study, plain(release.question),
        DESIGN_WORDS.get(release.design, words(release.design)), plain(release.population),
        outcome_words(release), arm_words(head.arm), arm_words(head.comparison),
        *(figure(m, NONE, WHOLE) for m in head.window), day(plain(release.as_of)),
        plain(head.estimand), plain(head.estimator), " ".join(map(plain, release.reasons)),
    )  # fmt: skip


def funnel(report: Report) -> Table:
    """People at each step, first of everybody, then of each arm."""
    return Table(
        name="Funnel",
        about="People at each step from the records to the answer, with what was left out.",
        columns=(
            STUDY, *texts(Arm=20, Step=44), *figures("People", width=10),
            Column("Unit", width=10), *texts(Left_out=44),
        ),
        rows=tuple(
            (r.study, arm_words(s.arm) or EVERYBODY, plain(s.label), counted(s.people), "people",
             plain(s.left_out))
            for r in report.releases
            for s in r.steps
        ),
    )  # fmt: skip


def groups(report: Report) -> Table:
    """The groups found in each programme, the best comparison first."""
    return Table(
        name="Groups",
        about="Groups found in each programme, ranked as comparison groups: 1 is the best.",
        columns=(
            STUDY, *texts(Group=24, What_it_is=50), *figures("People", width=10),
            Column("Unit", width=10), *figures("Rank", width=8), *texts(Use=30),
        ),
        rows=tuple(
            (r.study, arm_words(g.arm), plain(g.what), counted(g.people), "people",
             figure(g.rank, NONE, WHOLE), USE[g.role].strip(" ()") or "not used")
            for r in report.releases
            for g in r.groups
        ),
    )  # fmt: skip
