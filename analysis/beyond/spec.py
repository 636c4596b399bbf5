"""Keys of a study about others than those mentored: two branches, mentors, team mates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from analysis.errors import SpecError
from analysis.study_parts import AsText, Part

if TYPE_CHECKING:
    from analysis.study import StudySpec

# One figure a person, compared as a difference: what effects on groups add up in.
DIFFERENCES = ("continuous", "rating", "promotion")
TEAM_COLUMNS = (
    "department", "site", "manager_no", "level", "stratum", "invited_on", "eligible_on",
)  # fmt: skip
NOT_DRAWN = "not_drawn"  # people of a programme whom no lot was drawn for, as an arm
BRANCHES, MENTORS, MATES = "branches.", "mentors.", "team_mates."  # how names of results begin


class Branches(Part):
    """People were sent by lot into a branch where mentoring is drawn among all, or one to opt into.

    The study's programme is the mandatory branch. ``voluntary`` is the programme of the other one:
    everybody sent there is enrolled in it, opted in where ``applied_on`` or an arm is recorded, and
    mentoring was drawn among those who opted in, with the arms of the study.
    """

    voluntary: str


class Mentors(Part):
    """Who may mentor, month by month: levels, departments, sites, months of tenure."""

    level: AsText = ()
    department: AsText = ()
    site: AsText = ()
    tenure_from: int = Field(default=0, ge=0)

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Columns of the job that say who is eligible, with the values that are."""
        named = {"level": self.level, "department": self.department, "site": self.site}
        return {name: values for name, values in named.items() if values}


class Spillover(Part):
    """Teams in which the mentored may help or hinder the others.

    ``team``: columns that people of one team share; its members are the people of the programme.
    ``saturations``: the two shares of winners between which lots decided for each team.
    """

    team: AsText = Field(min_length=1)
    saturations: tuple[float, float] | None = None

    @model_validator(mode="before")
    @classmethod
    def _low_first(cls, data: Any) -> Any:
        """Two shares are two shares in either order."""
        if isinstance(data, dict) and isinstance(pair := data.get("saturations"), list):
            return {**data, "saturations": tuple(sorted(pair))}
        return data

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = [name for name in self.team if name not in TEAM_COLUMNS]
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)}: a team is told from {', '.join(TEAM_COLUMNS[:-1])} or "
                f"{TEAM_COLUMNS[-1]}"
            )
        if self.saturations:
            low, high = self.saturations
            if not 0 <= low < high <= 1:
                raise ValueError("`saturations` are two different shares of winners, from 0 to 1")
        return self


class Beyond(Part):
    """The keys of a study about others than those mentored."""

    branches: Branches | None = None
    mentors: Mentors | None = None
    spillover: Spillover | None = None


def check_beyond(spec: StudySpec) -> None:
    """Raises SpecError where design or outcome do not fit the keys about others."""
    kind = spec.outcome.kind
    for key, asked in (("branches", spec.branches), ("spillover", spec.spillover)):
        if not asked:
            continue
        if spec.design != "randomised":
            raise SpecError(key, f"needs lots, and this study is {spec.design}", f"Remove `{key}`.")
        if kind not in DIFFERENCES:
            raise SpecError(
                key,
                f"is about differences of one figure a person, and the outcome is of kind {kind}",
                f"Use one of: {', '.join(DIFFERENCES)}; or remove `{key}`.",
            )
        if len(spec.arms.treated) > 1:
            raise SpecError("arms.treated", f"`{key}` knows one treated arm", "Name one.")
    if spec.branches and spec.branches.voluntary == spec.programme:
        raise SpecError(
            "branches.voluntary",
            "is the study's own programme",
            "`programme` is the mandatory branch; name the programme of the voluntary one here.",
        )
    if spec.mentors and kind not in ("continuous", "exit"):
        raise SpecError(
            "mentors",
            f"is answered for a figure by month and for exits, not for kind {kind}",
            "Declare it in a study of kind continuous or exit.",
        )
