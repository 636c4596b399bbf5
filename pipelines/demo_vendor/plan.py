"""Everything planted in one company, drawn before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.demo_vendor.defects import Chooser
from pipelines.demo_vendor.glint import GlintPlan, plan_glint
from pipelines.demo_vendor.mentorloop import MentorloopPlan, plan_mentorloop
from pipelines.demo_vendor.qualtrics import QualtricsPlan, plan_qualtrics
from pipelines.demo_vendor.ratings import RatingsPlan, plan_ratings
from pipelines.demo_vendor.successfactors import SuccessFactorsPlan, plan_successfactors
from pipelines.demo_vendor.warehouse import WarehousePlan, plan_warehouse
from pipelines.demo_vendor.workday_defects import WorkdayPlan, plan_workday

if TYPE_CHECKING:
    import datetime as dt

    from pipelines.demo_vendor.canonical import Canon


@dataclass(frozen=True, slots=True)
class Plan:
    """What each delivery gets."""

    workday: WorkdayPlan
    successfactors: SuccessFactorsPlan
    glint: GlintPlan
    mentorloop: MentorloopPlan
    ratings: RatingsPlan
    warehouse: WarehousePlan
    qualtrics: QualtricsPlan

    def owner(self, canon: Canon, person: str, day: dt.date) -> str:
        """Under whom a record of a day is found: two people where nothing joins two numbers."""
        number = canon.number(person, day)
        split = person in self.successfactors.unlinked and number == canon.legacy(person)
        return number if split else person


def plan_all(canon: Canon, *, planted: bool) -> tuple[Canon, Plan]:
    """The plan, and the company with the numbers and names that defects need."""
    chooser = Chooser(canon.streams, canon.total, canon.size, planted=planted)
    workday = plan_workday(canon, chooser)
    successfactors = plan_successfactors(canon, chooser)
    workday.unlinked = successfactors.unlinked
    plan = Plan(
        workday, successfactors, plan_glint(canon, chooser), plan_mentorloop(canon, chooser),
        plan_ratings(canon, chooser), plan_warehouse(canon, chooser),
        plan_qualtrics(canon, chooser),
    )  # fmt: skip
    if workday.twins:
        one, two = workday.twins
        names = {two: canon.names[one]}
        canon = replace(canon, renumbered=workday.renumbered, renamed=names)
    return canon, plan
