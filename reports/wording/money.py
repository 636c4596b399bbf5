"""The words about money: what comes back, when it pays, what counts as nothing, and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.money.assumptions import SHARES
from reports.names import lower_first
from reports.numbers import (
    MINUS,
    NBSP,
    THIN,
    decimals,
    measure,
    number,
    plain,
    signed,
    with_unit,
)
from reports.wording.money_base import benefit_of, outcome_of, titled
from reports.wording.vocabulary import INTERVAL_95

if TYPE_CHECKING:
    from analysis.money.value import Benefit, Money, Return, Swing
    from reports.wording.money_base import Releases

_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
CANNOT_TELL = "the data cannot tell whether it pays for itself"
# The verb follows the weakest grade counted; nothing below Credible is ever counted.
RETURNED = {"Randomised": "returned", "Credible": "probably returned"}
BY_DEFAULT = f"±25{THIN}%, by default"
HELD_FIXED = (
    "What an effect is worth and what the programme costs are assumptions of the project; the "
    "interval is that of the effects alone and holds them fixed"
)
WHY_NOTHING = {
    "grade": "it is graded {grade}, and money is counted from Credible on",
    "exploratory": "its question was changed after it was answered",
    "not_shown": "its answer is not shown",
    "not_answered": "this run has no answer to it",
    "no_end": "its interval has no end",
}
COST_LINES = {
    "mentors": "Time of mentors",
    "mentees": "Time of mentees",
    "coordination": "Coordination",
    "platform": "Platform",
    "training": "Training",
}
_ASSUMED = {
    "still_employed": "People still employed in the months measured",
    "kept": "Effect kept from each month to the next after that",
    "still_employed_after": "People still employed in these later months",
    "replacement_cost": "Replacing one person who leaves",
    "months": "Months that a pair meets",
    "mentor_hours": "Hours of the mentor, a pair and month",
    "mentor_rate": "An hour of a mentor",
    "mentee_hours": "Hours of the mentee, a pair and month",
    "mentee_rate": "An hour of a mentee",
    "coordination": "Coordination, a pair and month",
    "platform": "Platform, in all",
    "training": "Training, in all",
}
_PLAIN = frozenset({"months", "mentor_hours", "mentee_hours"})
_HUNDRED = 100


def in_currency(amount: float, currency: str, places: int = 0) -> str:
    """An amount as in "€1.23", "−€4,000" or "CHF 1,000"."""
    text = number(abs(amount), places)
    lead = _SYMBOLS.get(currency, f"{currency}{NBSP}")
    negative = amount < 0 and any(c in "123456789" for c in text)
    return f"{MINUS if negative else ''}{lead}{text}"


def back(returned: Return, currency: str) -> tuple[str, str]:
    """What comes back for 1 spent, and its interval."""
    value, low, high = (in_currency(v, currency, 2) for v in returned.back)
    return value, f"{low} to {high}"


def sentence(money: Money) -> tuple[str, str, str]:
    """The answer in three parts, the middle one to set in bold."""
    name, within = lower_first(money.title), f"within {money.horizon} months"
    if money.returned is None:
        return f"There is no figure for {name}: ", "no study of it may be counted", "."
    value, limits = back(money.returned, money.currency)
    one, around = in_currency(1, money.currency), f"({INTERVAL_95} {limits})"
    if not money.returned.direction:
        start = f"For each {one} spent on {name} the estimate is that "
        return start, value, f" comes back {within} {around}; {CANNOT_TELL}."
    return f"Each {one} spent on {name} {RETURNED[money.grade]} ", value, f" {within} {around}."


def hangs_on(money: Money, releases: Releases) -> str:
    """The title of the tornado: what moves the figure most."""
    return f"“{swing(money.tornado[0], money, releases)[0]}” moves the figure most"


def finding(money: Money) -> str:
    """The title of the case's figures."""
    if money.returned is None:
        return "no figure"
    value, limits = back(money.returned, money.currency)
    return f"{value} back for each {in_currency(1, money.currency)} ({limits})"


def pays_from(money: Money, releases: Releases) -> str:
    """The effects that would pay for the programme, and how many draws do."""
    ways, lines = [], []
    for benefit in money.benefits:
        outcome, needed = outcome_of(benefit.study, releases), needed_effect(benefit)
        if not needed:
            lines.append(f"No effect on {outcome} could pay for it alone.")
        elif len(money.benefits) == 1:
            does = (
                f"; {in_100(money.returned.p_positive)} draws of the estimate are"
                if money.returned
                else ""
            )
            lines.append(
                f"It pays for itself if the true effect on {outcome} is {needed} or better{does}."
            )
        else:
            ways.append(f"{needed} on {outcome}")
    if ways:
        lines.insert(0, f"Alone, {' or '.join(ways)} would pay for it.")
    if money.returned and len(money.benefits) > 1:
        share = in_100(money.returned.p_positive)
        lines.append(f"In {share} draws of the estimates more comes back than was spent.")
    return " ".join(lines)


def chart_text(money: Money) -> str:
    """The chart of page one as a sentence."""
    made = money.returned
    assert made is not None
    value, low, high = (signed(_HUNDRED * v, 0) for v in (made.ratio, made.low, made.high))
    return (
        f"Return on {lower_first(money.title)}: {value}{THIN}% of cost, {INTERVAL_95} {low} to "
        f"{high}. Zero is break-even."
    )


def net(money: Money) -> tuple[str, list[str]]:
    """What is left after all costs, and the ends of its interval; none where nothing is counted."""
    made = money.returned
    if made is None:
        return "–", []
    ends = [in_currency(v, money.currency) for v in (made.net_low, made.net_high)]
    return in_currency(made.net, money.currency), ends


def needed_effect(benefit: Benefit) -> str:
    """The effect that pays all costs by itself; empty where none could.

    Rounded to more of an effect, never to less: what is printed does pay.
    """
    if benefit.break_even is None:
        return ""
    scale = measure(benefit.unit)
    value = scale.factor * benefit.break_even
    places = decimals(None, None, value)
    enough = math.ceil(round(abs(value) * 10**places, 6)) / 10**places
    return with_unit(signed(math.copysign(enough, value), places), scale.short)


def in_100(share: float) -> str:
    """A share of draws as in "83 of 100", never all or none."""
    count = round(_HUNDRED * share)
    if count == 0:
        return "fewer than 1 of 100"
    return "more than 99 of 100" if count == _HUNDRED else f"{count} of 100"


def counts_as_nothing(benefit: Benefit, releases: Releases) -> str:
    """Why a benefit is not counted, as a sentence."""
    why = WHY_NOTHING[str(benefit.refused)].format(grade=benefit.grade)
    return f"{titled(benefit, releases)} counts as nothing: {why}."


def lower_bound(money: Money) -> str:
    """What is left if each effect is at the worse end of its interval."""
    made = money.returned
    assert made is not None
    value, net = in_currency(1 + made.low, money.currency, 2), made.net_low
    verdict = "more than" if net > 0 else "less than"
    own = "the effect" if len(money.counted) == 1 else "all effects"
    return (
        f"If only the lower bound is true: were {own} at the worse end of the 95{THIN}% interval, "
        f"{value} would come back for each {in_currency(1, money.currency)}, "
        f"{in_currency(abs(net), money.currency)} {verdict} it cost."
    )


def together(money: Money) -> str:
    """How errors of several estimates are taken together; empty of one."""
    made = money.returned
    if made is None or made.apart_low is None or made.apart_high is None:
        return ""
    low, high = (in_currency(1 + v, money.currency, 2) for v in (made.apart_low, made.apart_high))
    return (
        "The studies may share people, so their errors may go together. The interval "
        "takes them to move as one, the worst that can be; had they nothing to do with each other "
        f"it would be {low} to {high}."
    )


def assumption(name: str, benefit: Benefit | None) -> str:
    """The name of an assumption, of a benefit or of the costs."""
    if benefit and name == "monthly_value":
        one = f"one unit more ({plain(benefit.unit)})"
        what = f"100{THIN}% of output" if benefit.per_cent else one
        return f"Worth of {what}, a person and month"
    return _ASSUMED[name]


def swing(item: Swing, money: Money, releases: Releases) -> tuple[str, str]:
    """The name of a line of the tornado, and between what it is moved."""
    benefit = benefit_of(money, item.study)
    if item.name == "effect" and benefit:
        scale = measure(benefit.unit)
        ends = [scale.factor * v for v in (item.low, item.high)]
        places = decimals(min(ends), max(ends))
        limits = with_unit(" to ".join(signed(v, places) for v in ends), scale.short)
        return f"Effect on {outcome_of(benefit.study, releases)}", f"{limits}, {INTERVAL_95}"
    ends_ = " to ".join(assumed(item.name, v, money.currency) for v in (item.low, item.high))
    return assumption(item.name, benefit), ends_


def cost_made_up(name: str, money: Money) -> str:
    """What a line of the costs is the product of."""
    values = {a.name: assumed(a.name, a.value, money.currency) for a in money.assumptions}
    pairs = f"{money.pairs:,} pairs × {values['months']} months"
    if name in ("mentors", "mentees"):
        who = name.removesuffix("s")
        return f"{pairs} × {values[f'{who}_hours']} hours × {values[f'{who}_rate']}"
    return f"{pairs} × {values[name]}" if name == "coordination" else "in all"


def assumed(name: str, value: float, currency: str) -> str:
    """The value of an assumption as printed."""
    if name in SHARES:
        return f"{_short(_HUNDRED * value)}{THIN}%"
    if name in _PLAIN:
        return _short(value)
    places = 0 if value == round(value) else 2
    return in_currency(value, currency, places)


def made_up(benefit: Benefit, value: float, currency: str) -> str:
    """What a benefit is the product of; ``value`` is that of an exit, or of output in a month."""
    scale = measure(benefit.unit)
    effect, people = scale.factor * (benefit.effect or 0.0), f"{benefit.people:,} people"
    shown = with_unit(signed(effect, decimals(None, None, effect) + 1), scale.short)
    if benefit.person_months is None:
        return f"{shown} × {people} × {in_currency(value, currency)} each"
    months = f"{number(benefit.person_months, 2)} months each"
    return f"{shown} × {people} × {months} × {in_currency(value, currency)} a month"


def benefit_name(benefit: Benefit, releases: Releases) -> str:
    """The name of a benefit's line."""
    lead = "Exits avoided" if benefit.kind == "exits_avoided" else "More output"
    return f"{lead}: {outcome_of(benefit.study, releases)}"


def _short(value: float) -> str:
    """A number without idle zeros."""
    return number(value, 3).rstrip("0").rstrip(".") if value != round(value) else number(value, 0)
