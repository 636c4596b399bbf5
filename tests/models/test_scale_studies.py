"""What a study of a survey scale may rest on: linked waves, and items that measure one thing."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from analysis.diagnostics.reliability import items_query, scale_reliability
from analysis.diagnostics.thresholds import DEFAULT
from analysis.errors import SpecError
from analysis.study import parse_study
from analysis.survey_linking import check_linked, waves_query
from pipelines.errors import UserError
from pipelines.studies import answer

KEYS = """
    questionnaire | item | wave | instrument | scale | key_item | wording     | low | high | is_reversed | weight | items_total | items_needed | is_formative
    pulse         | q1   | -    | tis        | total | t1       | -           | 1   | 5    | false       | 1      | 4           | 2            | false
    pulse         | q2   | -    | tis        | total | t2       | -           | 1   | 5    | true        | 1      | 4           | 2            | false
    pulse         | q3   | -    | tis        | total | t3       | Would you?  | 1   | 5    | false       | 1      | 4           | 2            | false
    pulse         | q4   | -    | tis        | total | t4       | -           | 1   | 5    | false       | 1      | 4           | 2            | false
    pulse         | q3   | -    | index      | total | x1       | -           | 1   | 5    | false       | 1      | 1           | 1            | true
    other         | z1   | -    | index2     | total | z1       | -           | 1   | 5    | false       | 1      | 1           | 1            | true
"""  # noqa: E501
HEAD = "person_id | instrument | wave | item | value | answered_on | suppressed | delivered"
PEOPLE = 150
STAFF = "\n".join(
    [
        "person_id | hired_on | delivered",
        *(f"p{n} | 2020-01-01 | 2023-01-01" for n in range(PEOPLE)),
    ]
)


def spec(metric: str = "tis", as_of: str = "2024-12-31"):
    return parse_study(
        {
            "study": "s", "question": "q", "as_of": dt.date.fromisoformat(as_of), "programme": "P",
            "design": "randomised", "arms": {"treated": "mentee", "comparison": "lost"},
            "outcome": {"metric": metric, "kind": "scale"},
            "follow_up": {"months": 6, "primary": [1, 6]},
        }
    )  # fmt: skip


def lines(wave: str, day: str, turned: str = "", people: int = PEOPLE, who: str = "p") -> list[str]:
    """Answers to four questions that go together; the second is worded the other way round."""
    rng = np.random.default_rng(int(wave))
    rows = []
    for n in range(people):
        trait = rng.normal()
        for item in ("q1", "q2", "q3", "q4"):
            value = int(np.clip(np.rint(3 + 1.2 * trait + 0.7 * rng.normal()), 1, 5))
            value = 6 - value if (item == "q2") != (item == turned) else value
            rows.append(f"{who}{n} | pulse | {wave} | {item} | {value} | {day} | no | {day}")
    return rows


def surveys(*waves: list[str]) -> str:
    return "\n".join([HEAD, *(row for wave in waves for row in wave)])


@pytest.fixture
def build(warehouse):
    def made(*waves: list[str]):
        return warehouse(scoring_keys=KEYS, employment=STAFF, surveys=surveys(*waves)).engine

    return made


def checks(engine, metric: str = "tis", as_of: str = "2024-12-31"):
    query = items_query(spec(metric, as_of))
    answers = engine.frame(query.sql, query.params)
    people = engine.frame("select person_no from marts.employees")["person_no"]
    return {c.label: c for c in scale_reliability(answers, people, metric, DEFAULT)}


def test_a_study_of_averages_of_groups_is_refused_with_what_to_ask_for(build):
    engine = build(lines("1", "2024-03-05", who="unit", people=20))
    with pytest.raises(UserError) as caught:
        answer(engine, spec(), 10)
    assert caught.value.problem == (
        "study s: outcome.metric: the answers to tis.total cannot be linked to people: in every "
        "wave they are anonymous, averages of groups, or hidden"
    )
    assert "confidential, not anonymous" in caught.value.fix
    assert "reporting threshold" in caught.value.fix


def test_a_study_of_a_wave_that_hides_every_answer_is_refused(build):
    cells = (row.split(" | ") for row in lines("1", "2024-03-05"))
    hidden = [" | ".join([*c[:4], "-", c[5], "yes", c[7]]) for c in cells]
    with pytest.raises(UserError, match="cannot be linked to people"):
        answer(build(hidden), spec(), 10)


def test_a_scale_that_was_not_asked_is_named_with_those_that_were(build):
    engine = build(lines("1", "2024-03-05"))
    for metric in ("tis.part", "index2", "unheard"):
        with pytest.raises(UserError) as caught:
            answer(engine, spec(metric), 10)
        assert "no answers of single people" in caught.value.problem
        assert "Scales with answers: index.total, tis.total." in caught.value.fix


def test_a_wave_of_groups_among_linked_ones_is_left_out_by_name_and_counted(build):
    engine = build(
        lines("1", "2024-03-05"), lines("2", "2024-06-05", who="unit", people=20),
        lines("3", "2024-09-05"),
    )  # fmt: skip
    query = waves_query()
    [note] = check_linked(spec(), engine.frame(query.sql, query.params))
    assert (note.status, note.display) == ("note", "1 of 3 left out: 2")
    assert engine.rows("select distinct wave from marts.survey_scores order by wave") == [
        ("1",),
        ("3",),
    ]
    assert [c for c in checks(engine) if "wave 2" in c] == []


def test_reliability_is_told_by_wave_and_its_lowest_is_judged(build):
    found = checks(build(lines("2", "2024-09-05"), lines("10", "2024-03-05")))
    lowest = found["Lowest reliability of tis in any wave"]
    assert (lowest.status, lowest.n_smallest) == ("pass", PEOPLE)
    assert lowest.value > 0.8
    assert found["Items of tis that run against the rest"].status == "pass"
    waves = [label for label in found if ", wave " in label]
    assert waves == ["Reliability of tis, wave 10", "Reliability of tis, wave 2"]  # by day
    assert found[waves[0]].status == "note"
    assert found[waves[0]].display.startswith("alpha 0.9")
    assert ", omega 0." in found[waves[0]].display


def test_an_item_printed_the_wrong_way_round_warns_and_names_item_and_wave(build):
    found = checks(build(lines("1", "2024-03-05"), lines("2", "2024-06-05", turned="q3")))
    against = found["Items of tis that run against the rest"]
    assert (against.status, against.value) == ("warn", 1.0)
    assert against.display.startswith("t3 (wave 2, r = -0.")
    assert against.remedy.endswith("Asked was t3: Would you?.")
    assert found["Lowest reliability of tis in any wave"].status == "warn"


def test_answers_delivered_later_than_the_study_are_not_known(build):
    engine = build(lines("1", "2024-03-05"), lines("2", "2024-06-05", turned="q3"))
    assert "Reliability of tis, wave 2" not in checks(engine, as_of="2024-04-01")


def test_an_index_has_no_reliability(build):
    found = checks(build(lines("1", "2024-03-05")), "index")
    [note] = found.values()
    assert (note.status, note.display) == ("note", "none exists")


def test_waves_of_few_people_are_counted_and_not_judged(build):
    found = checks(build(lines("1", "2024-03-05", people=29, turned="q1")))
    [note] = found.values()
    assert (note.status, note.display) == ("note", "fewer than 30 people answered in wave 1")


def test_nobody_of_the_study_answered(build):
    engine = build(lines("1", "2024-03-05"))
    query = items_query(spec())
    answers = engine.frame(query.sql, query.params)
    assert scale_reliability(answers, answers["person_no"] + 10_000, "tis", DEFAULT) == ()


def test_no_survey_at_all_is_said():
    import pandas as pd

    empty = pd.DataFrame({"instrument": [], "scale": [], "wave": [], "is_linked": []})
    with pytest.raises(SpecError) as caught:
        check_linked(spec(), empty)
    assert "Scales with answers: none." in caught.value.fix


def test_a_single_item_of_an_instrument_without_a_total_is_named_with_its_scale():
    import pandas as pd

    waves = pd.DataFrame(
        {"instrument": ["fit"], "scale": ["values"], "wave": ["1"], "is_linked": [True]}
    )
    with pytest.raises(SpecError) as caught:
        check_linked(spec(), waves, "fit/fit_1")
    assert "has no total" in caught.value.problem
    assert caught.value.fix == "Write fit.values/fit_1, with the scale it belongs to: values."
    assert check_linked(spec(), waves, "fit.values/fit_1") == ()
