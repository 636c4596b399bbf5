"""The marts of a drawn company as arrays: what the product's queries would return, without files.

Follows the clean exports and the project of data/examples/demo; a test holds findings equal to
those of a run on files. The survey is here, people and programmes in the modules it builds on.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analysis.synthetic.calendar import month_start
from analysis.synthetic.items import TIS, answers_to, item_uniforms
from analysis.synthetic.streams import normal
from analysis.synthetic.surveys import (
    WAVES,
    answers,
    draw_noise,
    feelings,
    has_informal_mentor,
    on_roll,
)
from tests.scenarios.enrolled import Enrolled
from tests.scenarios.staff import dates, words

if TYPE_CHECKING:
    from analysis.synthetic.blocks import Block
    from analysis.synthetic.streams import Bools, Dates, Floats, Ints
    from analysis.synthetic.surveys import Feelings

_TIS_KEYS = ("tis6_1", "tis6_2", "tis6_3", "tis6_6", "tis6_5", "tis6_4")  # of tis_1 to tis_6


class Ticked(NamedTuple):
    """A row a response to the survey: row of people, place of the wave, day, items (n, 6)."""

    row: Ints
    wave: Ints
    day: Dates
    items: Floats


class Marts(Enrolled):
    """Staff and programmes with the answers to the survey."""

    def ticked(self, programme: str = "") -> Ticked:
        """Answers to TIS-6 of a programme's people, or of everybody; high means much of it."""
        if programme not in self._ticked:
            self._ticked[programme] = self._tick(programme)
        return self._ticked[programme]

    @cached_property
    def _ticked(self) -> dict[str, Ticked]:
        return {}

    def _tick(self, programme: str) -> Ticked:
        firm, parts = self.company, []
        for block in self.blocks:
            survey, asked = self._answered(block)
            rows = block.first + np.arange(len(asked))
            asked &= self._kept(rows, programme)[:, None]
            row, wave = np.nonzero(asked)
            noise = normal(item_uniforms(firm.streams, block.first, len(asked))[row, wave])
            items = answers_to(TIS, survey.standardised()[0][row, wave], noise).astype(float)
            lag = np.floor(firm.streams.monthly("survey.day", block.first, len(block.site)) * 14)
            lag = lag[row, WAVES[wave]].astype("timedelta64[D]")
            parts.append((block.first + row, wave, month_start(WAVES[wave]) + lag, items))
        row, wave, day, items = (np.concatenate(p) for p in zip(*parts, strict=True))
        order = np.lexsort((wave, day, self.number[row]))
        return Ticked(row[order], wave[order], day[order], items[order])

    def _answered(self, block: Block) -> tuple[Feelings, Bools]:
        """What people of a block feel, and who answers, by wave; as blocks.block_survey."""
        firm, first, n = self.company, block.first, len(block.site)
        people = firm.people.take(slice(first, first + n))
        mentored = block.mentored[:, WAVES]
        informal = has_informal_mentor(firm.streams, people, first)
        noise = draw_noise(firm.streams, first, n, firm.scenario)
        felt = feelings(people, noise, mentored, informal, firm.scenario)
        invited = on_roll(people, firm.exit_month[first : first + n])
        return felt, invited & answers(firm.streams, first, felt, mentored, firm.scenario)

    def scores(self, programme: str = "") -> pd.DataFrame:
        """Scores of TIS-6 of the people of a programme, or of everybody."""
        row, wave, day, items = self.ticked(programme)
        left = self.exits[0][row]
        there = (self.company.people.hired_on[row] <= day) & (np.isnat(left) | (left >= day))
        return pd.DataFrame(
            {
                "person_no": self.number[row],
                "wave": words([str(w + 1) for w in range(len(WAVES))], wave),
                "answered_on": dates(day),
                "value": items.mean(axis=1),
                "employed": there,
            }
        )

    def _kept(self, row: Ints, programme: str) -> Bools:
        if not programme:
            return np.ones(len(row), dtype=bool)
        return np.isin(self.number[row], self.of_programme(programme))

    def items(self, programme: str) -> pd.DataFrame:
        """Answers to the items of TIS-6 as scored, of the people of a programme."""
        row, wave, day, items = self.ticked(programme)
        kept = np.lexsort((wave, self.number[row]))
        place = np.argsort(_TIS_KEYS)
        n, k = len(kept), TIS.items
        again = np.repeat(kept, k)
        return pd.DataFrame(
            {
                "person_no": self.number[row[again]],
                "wave": words([str(w + 1) for w in range(len(WAVES))], wave[again]),
                "answered_on": dates(day[again]),
                "item": words(sorted(_TIS_KEYS), np.tile(np.arange(k), n)),
                "wording": pd.array([""] * (n * k), dtype="str"),
                "value": items[kept][:, place].ravel(),
                "is_formative": False,
            }
        )
