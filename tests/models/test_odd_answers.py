"""What looks odd in surveys, ratings and jobs is loaded, and named with its count."""

from __future__ import annotations

import math

ANSWERS = "person_id | instrument | wave | item | value | answered_on | delivered"
RESULTS = "person_id | metric | period | value | delivered"


def answers(*rows: tuple[int, str, str, float]) -> str:
    """Answers of numbered people: (person, wave, item, value)."""
    lines = [f"p{n} | pulse | {w} | {i} | {v} | 2024-01-15 | 2024-02-01" for n, w, i, v in rows]
    return "\n".join([ANSWERS, *lines])


def warned(built) -> dict[str, int]:
    return {warning.check: warning.rows for warning in built.report.warnings}


def test_a_response_with_few_answers_is_named_and_questions_of_a_branch_are_not_missed(warehouse):
    """Twenty people, three questions for all; five of them are asked three more."""
    rows = [(n, "1", f"q_{i}", (n * i) % 5) for n in range(20) for i in (1, 2, 3)]
    branch = [(n, "1", f"mentor_{i}", 3) for n in range(5) for i in (1, 2, 3)]
    assert warned(warehouse(surveys=answers(*rows, *branch))) == {}
    two = [row for row in rows if row[0] != 7 or row[2] != "q_1"]  # two of three are enough
    assert warned(warehouse(surveys=answers(*two, *branch))) == {}
    one = [row for row in rows if row[0] != 7 or row[2] == "q_1"]
    assert warned(warehouse(surveys=answers(*one, *branch))) == {"survey_few_items": 1}


def scale(wave: str, turned: str = "", people: int = 100) -> list[tuple[int, str, str, float]]:
    """Three questions that people answer alike, a little apart by chance; one may be turned."""
    rows = []
    for n in range(people):
        for k, item in enumerate(("tis_1", "tis_2", "tis_3")):
            value = round(3 + 2 * math.sin(n) + math.sin(7 * n + 3 * k), 2)
            rows.append((n, wave, item, 6 - value if item == turned else value))
    return rows


def test_a_question_printed_the_wrong_way_round_in_one_wave_is_named(warehouse):
    usual = scale("1") + scale("2")
    assert warned(warehouse(surveys=answers(*usual, *scale("3")))) == {}
    built = warehouse(surveys=answers(*usual, *scale("3", turned="tis_2")))
    assert warned(built) == {"survey_item_turned": 1}


def test_a_question_that_always_runs_against_its_scale_is_meant_to(warehouse):
    waves = [row for wave in "123" for row in scale(wave, turned="tis_2")]
    assert warned(warehouse(surveys=answers(*waves))) == {}


def test_of_fewer_than_a_hundred_people_nothing_is_said_about_the_direction(warehouse):
    few = scale("1", people=99) + scale("2", people=99) + scale("3", "tis_2", people=99)
    assert warned(warehouse(surveys=answers(*few))) == {}


def ratings(*values: float) -> str:
    lines = [f"p{n} | rating | 2024-01-01 | {v} | 2024-02-01" for n, v in enumerate(values)]
    return "\n".join([RESULTS, *lines])


def test_half_points_are_named_where_points_are_the_rule(warehouse):
    assert warned(warehouse(performance=ratings(*[2, 3, 4, 5] * 5, 3.5))) == {
        "value_between_points": 1
    }
    assert warned(warehouse(performance=ratings(*[2, 3, 4, 5.5] * 5))) == {}  # not the rule


def test_people_missing_where_a_month_is_delivered_again_are_counted(warehouse):
    first = [f"{p} | rating | 2023-12-01 | {n} | 2024-02-28" for n, p in enumerate("abcd", 1)]
    again = [f"{p} | rating | 2023-12-01 | {n} | 2025-06-30" for n, p in enumerate("abc", 1)]
    one = ["b | rating | 2023-12-01 | 5 | 2025-06-30"]  # a correction
    assert warned(warehouse(performance="\n".join([RESULTS, *first, *again]))) == {
        "left_out_of_redelivery": 1
    }
    assert warned(warehouse(performance="\n".join([RESULTS, *first, *one]))) == {}


def site(name: str, since: float) -> tuple[list[str], list[str], list[str]]:
    """Six people at a site for two years; figures from the second year on are ``since`` times."""
    people = [f"{name}{n}" for n in range(6)]
    spells = [f"{p} | 2022-01-01 | 2025-01-31" for p in people]
    jobs = [f"{p} | 2022-01-01 | {name} | 2025-01-31" for p in people]
    months = [f"{2023 + m // 12}-{m % 12 + 1:02d}-01" for m in range(24)]
    figures = [
        f"{p} | orders | {month} | {(10 + (n + m) % 3) * (since if m > 11 else 1)} | 2025-01-31"
        for n, p in enumerate(people)
        for m, month in enumerate(months)
    ]
    return spells, jobs, figures


def test_a_site_whose_figures_come_in_another_unit_is_named(warehouse):
    def built(since: float):
        spells, jobs, figures = (
            one + other for one, other in zip(site("X", 1), site("Y", since), strict=True)
        )
        return warehouse(
            employment="\n".join(["person_id | hired_on | delivered", *spells]),
            jobs="\n".join(["person_id | valid_from | site | delivered", *jobs]),
            performance="\n".join([RESULTS, *figures]),
        )

    assert warned(built(1.5)) == {}
    assert warned(built(8)) == {"level_shift_at_site": 1}


def test_an_assignment_that_ends_after_the_next_has_begun_is_named(warehouse):
    head = "person_id | valid_from | valid_to | department | delivered"
    rows = [
        "a | 2023-01-01 | 2023-07-01 | Sales | 2024-01-31",  # the day after the last one
        "a | 2023-07-01 | - | Care | 2024-01-31",
        "b | 2023-01-01 | 2023-07-31 | Sales | 2024-01-31",  # a month too long
        "b | 2023-07-01 | - | Care | 2024-01-31",
    ]
    built = warehouse(jobs="\n".join([head, *rows]))
    assert warned(built) == {"overlapping_assignments": 1}
