"""Start dates for people who have none: only days that fit, in the shares of the treated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.start_dates import draw_starts
from analysis.study import StudySpec, parse_study
from tests.unit.test_groups import people

NONE = pd.DataFrame(
    {"person_no": [], "attribute": [], "value": [], "known_from": [], "known_to": []}
).astype({"person_no": int})


def study(**more: Any) -> StudySpec:
    return parse_study(
        {
            "study": "drawn",
            "question": "What does joining do?",
            "as_of": "2024-12-31",
            "programme": "P",
            "design": "opt_in",
            "time_zero": "applied_on",
            "arms": {"treated": "joined", "comparison": "never_applied"},
            "start_dates": "matched",
            "outcome": {"metric": "sales"},
            "follow_up": {"months": 12, "primary": [6, 12]},
            **more,
        }
    )


TREATED = people("""
    time_zero  | site
    2024-01-10 | north
    2024-02-10 | north
    2024-02-10 | south
    2024-05-10 | south
""")
SPANS = people("""
    person_no | hired_on   | first_on   | last_on    | site  | department
    1         | 2020-01-01 | 2020-01-01 | 2024-12-31 | north | sales
    2         | 2024-02-01 | 2024-02-01 | 2024-02-28 | south | sales
    3         | 2024-05-11 | 2024-05-11 | 2024-12-31 | south | sales
    4         | 2020-01-01 | 2020-01-01 | 2024-01-31 | north | sales
    4         | 2020-01-01 | 2024-05-01 | 2024-05-31 | south | sales
    5         | 2020-01-01 | 2020-01-01 | 2024-12-31 | north | legal
""").astype({"person_no": int})


def drawn(spec: StudySpec, spans: pd.DataFrame = SPANS) -> dict[int, str]:
    made = draw_starts(spec, TREATED, spans, NONE)
    return dict(zip(made["person_no"], made["time_zero"].dt.strftime("%m-%d"), strict=True))


def possible(spec: StudySpec, person: int) -> set[str]:
    """The days a person gets over studies that differ in their question alone."""
    many = [spec.model_copy(update={"question": str(i)}) for i in range(60)]
    return {drawn(s)[person] for s in many}


def test_a_day_fits_where_the_person_was_employed() -> None:
    assert possible(study(), 1) == {"01-10", "02-10", "05-10"}
    assert possible(study(), 2) == {"02-10"}
    assert possible(study(), 4) == {"01-10", "05-10"}
    assert 3 not in drawn(study())  # hired a day after the last one


def test_a_day_fits_where_the_person_was_in_the_population() -> None:
    assert sorted(drawn(study(population={"department": "sales"}))) == [1, 2, 4]
    newcomers = study(population={"tenure_months": {"max": 3}})
    assert sorted(drawn(newcomers)) == [2]
    assert possible(study(population={"tenure_months": {"min": 52, "max": 60}}), 1) == {"05-10"}


def test_a_day_may_have_to_be_one_of_the_same_site() -> None:
    alike = study(start_dates_within="site")
    assert possible(alike, 1) == {"01-10", "02-10"}
    assert possible(alike, 4) == {"01-10", "05-10"}


def test_days_are_drawn_in_the_shares_of_the_treated() -> None:
    """Of 4,000 people half start in February, a quarter in January and in May."""
    spans = SPANS.iloc[np.zeros(4000, dtype=int)].assign(person_no=np.arange(4000))
    shares = pd.Series(drawn(study(), spans)).value_counts(normalize=True)
    tolerance = 4 * np.sqrt(0.25 / 4000)  # four standard errors of the largest share
    assert shares["02-10"] == pytest.approx(0.5, abs=tolerance)
    assert shares["01-10"] == pytest.approx(0.25, abs=tolerance)


def test_the_same_study_draws_the_same_days() -> None:
    assert drawn(study()) == drawn(study())
