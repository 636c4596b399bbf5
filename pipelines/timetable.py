"""When files are due and when runs start, as the project file says it; no clock is read here."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, field_validator

from pipelines.parts import Part

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Every = Literal["month", "quarter", "week"]
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3}
_RULE = re.compile(
    r"(?P<every>monthly|quarterly) by day (?P<day>[1-9]|[12]\d|3[01])"
    rf"|weekly by (?P<weekday>{'|'.join(DAYS)})"
)
_CRON = re.compile(r"\S+( \S+){4}")


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery a month, quarter or week, by a day of it.

    ``by`` counts days of the week from Monday, or of the (first) month from 1; in a month with
    fewer days it is the last. A delivery belongs to the period that its date lies in.
    """

    every: Every
    by: int

    def begins(self, day: dt.date) -> dt.date:
        """The first day of the period that ``day`` lies in."""
        if self.every == "week":
            return day - dt.timedelta(days=day.weekday())
        months = _MONTHS[self.every]
        return day.replace(month=day.month - (day.month - 1) % months, day=1)

    def on(self, begins: dt.date) -> dt.date:
        """The last day on time of the period that begins so."""
        if self.every == "week":
            return begins + dt.timedelta(days=self.by - 1)
        return begins.replace(day=min(self.by, calendar.monthrange(begins.year, begins.month)[1]))

    def after(self, begins: dt.date) -> dt.date:
        """The first day of the next period."""
        if self.every == "week":
            return begins + dt.timedelta(weeks=1)
        month = begins.month - 1 + _MONTHS[self.every]
        return begins.replace(year=begins.year + month // 12, month=month % 12 + 1)

    def passed(self, day: dt.date) -> dt.date:
        """The last due day before ``day``: on the day itself the file may still come."""
        begins = self.begins(day)
        if self.on(begins) < day:
            return self.on(begins)
        return self.on(self.begins(begins - dt.timedelta(days=1)))


def due(text: str) -> Due:
    """The rule in words: `monthly by day 5`, `quarterly by day 10`, `weekly by monday`.

    Raises ValueError for other words.
    """
    found = _RULE.fullmatch(" ".join(text.lower().split()))
    if found is None:
        raise ValueError(
            "not understood; write it as `monthly by day 5`, `quarterly by day 10` or "
            "`weekly by monday`"
        )
    if found["weekday"]:
        return Due("week", DAYS.index(found["weekday"]) + 1)
    return Due("month" if found["every"] == "monthly" else "quarter", int(found["day"]))


class Schedule(Part):
    """When `mentorlift serve` starts runs; a study named here is run apart as well.

    Times are five fields as in crontab, in ``timezone``.
    """

    cron: str = ""
    timezone: str = "UTC"
    on_delivery: bool = False
    studies: dict[str, str] = Field(default_factory=dict)

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, cron: str) -> str:
        if cron and not _CRON.fullmatch(cron):
            raise ValueError('five fields are needed, such as "0 6 6 * *"')
        return cron

    @field_validator("studies")
    @classmethod
    def _each_five_fields(cls, studies: dict[str, str]) -> dict[str, str]:
        return {study: cls._five_fields(cron) for study, cron in studies.items()}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        zone_named(zone)
        return zone


def zone_named(name: str) -> dt.tzinfo:
    """The time zone of that name; ValueError where there is none."""
    from zoneinfo import ZoneInfo

    if name == "UTC":  # needs no database of zones
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError("no time zone of that name; write one such as Europe/Berlin") from None
