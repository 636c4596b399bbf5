"""Tables of words: claim grades, estimands, estimators, and the assumptions they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.numbers import THIN

if TYPE_CHECKING:
    from analysis.disclosure import Release, ReleasedEstimate

NOT_TOLD = "the data cannot tell this from no effect"
INTERVAL_95 = f"95{THIN}% interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeWords:
    """The words one claim grade allows.

    ``up`` and ``down`` are verbs of the answer sentence; ``clause_*`` those of the page's
    headline; ``caveat`` ends the sentence that may be said; ``step`` is the mark in the meter.
    """

    step: int
    up: str
    down: str
    clause_up: str
    clause_down: str
    caveat: str
    needs: str


# One row a grade. Below Credible no verb claims an effect without hedging.
GRADES: dict[str, GradeWords] = {
    "Randomised": GradeWords(
        step=4,
        up="raised",
        down="lowered",
        clause_up="raised",
        clause_down="lowered",
        caveat="",
        needs="assignment by chance, no warning",
    ),
    "Credible": GradeWords(
        step=3,
        up="probably raised",
        down="probably lowered",
        clause_up="probably raised",
        clause_down="probably lowered",
        caveat="most of that is probably the programme",
        needs="a strong design, no warning; or randomised with one warning",
    ),
    "Suggestive": GradeWords(
        step=2,
        up="may have raised",
        down="may have lowered",
        clause_up="may have raised",
        clause_down="may have lowered",
        caveat="it may be the programme, and it may be something else",
        needs="a strong design with one warning, or randomised with two",
    ),
    "Descriptive only": GradeWords(
        step=1,
        up="is associated with higher",
        down="is associated with lower",
        clause_up="went with higher",
        clause_down="went with lower",
        caveat="this is not an effect",
        needs="more warnings, or no design that isolates mentoring",
    ),
    "Withheld": GradeWords(
        step=0,
        up="cannot say",
        down="cannot say",
        clause_up="cannot say",
        clause_down="cannot say",
        caveat="",
        needs="any failed check: reason and remedy are printed, no number",
    ),
}

# What a raw gap compares, by design.
RAW_GAP: dict[str, str] = {
    "randomised": "after a draw, people who took part against everybody else",
    "opt_in": "where people chose, those who joined against those who did not",
    "rollout": "in a roll-out, two-way fixed effects, partly against sites that started before",
    "descriptive": "in a description, people with mentoring against those without",
    "exit": "of exits, people ever mentored against people never mentored; people had to stay to "
    "be mentored",
}


def raw_gap_key(release: Release) -> str:
    """Where a table of raw gaps has its words for this study."""
    return "exit" if release.outcome_kind == "exit" else release.design


# What a figure is called in titles and heads. Below Credible none is called an effect: it may be
# one, or the outcome just differs.
_TITLED: dict[str, tuple[str, str]] = {
    "Suggestive": ("Possible effect", "on"),
    "Descriptive only": ("Difference", "in"),
}


def noun(release: Release) -> str:
    """What the grade lets a title call the figures of a study."""
    return _TITLED.get(release.grade, ("Effect", "on"))[0]


def effect_on(release: Release) -> str:
    """The same before the name of the outcome: "Effect on", "Possible effect on"."""
    return " ".join(_TITLED.get(release.grade, ("Effect", "on")))


# How each design says who was studied and what was done to them.
SUBJECT: dict[str, str] = {
    "randomised": "Being assigned to the {arm} arm",
    "opt_in": "Being in the {arm} group",
    "rollout": "The start of {arm}",
    "descriptive": "Being in the {arm} group",
}
GROUP: dict[str, str] = {
    "randomised": "the {arm} arm",
    "opt_in": "the {arm} group",
    "rollout": "{arm}",
    "descriptive": "the {arm} group",
}
AMONG: dict[str, str] = {
    "randomised": "Among people assigned by chance, those in the {arm} arm",
    "opt_in": "Compared with similar people, those in the {arm} group",
    "rollout": "After the start, those under {arm}",
    "descriptive": "People in the {arm} group",
}

# What an estimand means, found by a word of it; the first that fits.
ESTIMANDS: tuple[tuple[str, str], ...] = (
    (
        "those who started, against not starting",
        "The average difference made to people who started, against what would have been had they "
        "not started within the follow-up.",
    ),
    (
        "intention to treat",
        "The average difference made by being assigned to the arm, whether or not the person "
        "then took part.",
    ),
    (
        "those who joined",
        "The average difference made to people who joined, against what would have been had they "
        "not.",
    ),
    (
        "(late)",
        "The average effect on people who take part if assigned and would not otherwise.",
    ),
    (
        "as treated",
        "People who took part against people who did not, whatever the draw said.",
    ),
    (
        "at sites that started",
        "The average difference made to people at sites that started, whether or not they took "
        "part, over the months of the window.",
    ),
)

ITT_ASSUMES = (
    "Effect of being assigned: assumes that the draw was made as recorded and that one person's "
    "place does not change another person's outcome."
)
LATE_ASSUMES = (
    "Effect on those who took part (LATE): assumes that losing the draw neither discourages people "
    "nor sends them to a substitute, and that assignment works through taking part alone."
)
LEE_ASSUMES = (
    "Bounds where outcomes are missing (Lee): assume that assignment moves everybody's chance of "
    "being observed in one direction only (monotonicity)."
)
TIMING_ASSUMES = (
    "Efficient estimator for drawn starts: assumes that lots decided which site starts when, and "
    "that nobody changed behaviour before the start beyond the months of anticipation."
)
TREND_ASSUMES = (
    "Comparison of sites that start with others (ATT): assumes that without the start their "
    "outcomes would have developed alike, that nobody changed behaviour before it beyond the "
    "months of anticipation, and that sites do not change each other's outcomes."
)
MEDIATION_ASSUMES = (
    "What goes through a mediator: assumes that nothing unmeasured moves mediator and outcome "
    "alike, for nobody drew the mediators (nor, where people chose, arm and either of them), and "
    "that effects are straight lines (sequential ignorability; Imai, Keele and Yamamoto 2010). The "
    "error correlation that would undo it stands among the checks."
)
INTERVENTIONAL_ASSUMES = (
    "Several mediators: which moves which is not known, so what goes through one alone is what "
    "shifting that one would do (interventional effect; Vansteelandt and Daniel 2017); the joint "
    "effect does not depend on it."
)
SERIAL_ASSUMES = (
    "Paths through mediators in an order: assume that the order is as the study says and that "
    "nothing unmeasured moves one mediator and the next alike."
)
INSTRUMENTED_ASSUMES = (
    "Meetings instrumented by the offer: assumes that the offer acts through the number of "
    "meetings alone; an average over people whose meetings the offer moves (Angrist and Imbens "
    "1995)."
)
JOINERS_ASSUME = (
    "People who joined against people alike who did not (opt-in): assumes that what drove people "
    "to join, as far as it also moves the outcome, is among what was adjusted for (no unmeasured "
    "confounding), that people like them did both, and that one person's joining does not change "
    "another person's outcome."
)
TRIALS_ASSUME = (
    "Starting now against not within the follow-up (sequential target trials): assumes that what "
    "makes people start, as far as it also changes who leaves, is among what was adjusted for, and "
    "that nobody started who had already resolved to leave."
)
COMPETING_ASSUMES = (
    "Exits of several kinds: the share that leaves in one way depends on the others too, since "
    "who has left in another way cannot; fewer dismissals alone would raise it."
)
TWO_BRANCHES_ASSUME = (
    "Volunteers and everybody else (two branches): assumes that lots sent people into the "
    "branches, that the programme is the same in both, and that voluntariness itself has no "
    "effect: being told to come and asking to come change nothing by themselves."
)
MENTORS_ASSUME = (
    "Months with a mentee: an effect only if nothing else changed for mentors, and not for others, "
    "when they got a mentee. Mentors are chosen, so nobody knows."
)
MATES_ASSUME = (
    "Team mates: assumes that lots decided who won, that people are changed by mentored members of "
    "their own team alone, and that this grows in a straight line with their share."
)
SATURATION_ASSUMES = (
    "Teams with many and with few winners: assumes that lots decided between the two shares for "
    "each team, and that teams do not change each other."
)
# An assumption is printed as soon as one estimate of the study needs it.
ASSUMPTIONS: tuple[tuple[str, str], ...] = (
    ("intention to treat", ITT_ASSUMES),
    ("(late)", LATE_ASSUMES),
    ("lee bound", LEE_ASSUMES),
    ("goes through", MEDIATION_ASSUMES),
    ("interventional", INTERVENTIONAL_ASSUMES),
    ("path-specific", SERIAL_ASSUMES),
    ("instrumented by the offer", INSTRUMENTED_ASSUMES),
    ("att(g,t)", TREND_ASSUMES),
    ("effect on those who joined", JOINERS_ASSUME),
    ("efficient estimator for drawn starts", TIMING_ASSUMES),
    ("those who started, against not starting", TRIALS_ASSUME),
    ("cumulative incidence", COMPETING_ASSUMES),
    ("two branches", TWO_BRANCHES_ASSUME),
    ("fixed effects of people and months", MENTORS_ASSUME),
    ("share of mates", MATES_ASSUME),
    ("two-stage saturation", SATURATION_ASSUMES),
)


def estimand_sentence(estimand: str) -> str:
    """One sentence that says what the estimand means, or nothing."""
    text = estimand.lower()
    return next((said for word, said in ESTIMANDS if word in text), "")


def assumptions(estimates: tuple[ReleasedEstimate, ...]) -> tuple[str, ...]:
    """The assumptions that the estimates of a study rest on, each once."""
    texts = [f"{e.estimand} {e.estimator}".lower() for e in estimates]
    return tuple(said for word, said in ASSUMPTIONS if any(word in t for t in texts))
