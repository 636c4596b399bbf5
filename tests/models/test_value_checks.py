"""Values that land but deserve a look: checks that warn by name and count."""

from __future__ import annotations

import pytest

HEAD = "person_id | metric | period | value | scale | delivered"


def results(*rows: str) -> str:
    return "\n".join([HEAD, *(f"{row} | 2024-06-01" for row in rows)])


def of_ten(month: str, value: float) -> list[str]:
    """Values of ten people in one month, about ``value``."""
    return [
        f"{who} | kpi | 2024-{month}-01 | {value * (1 + i / 100)} | -"
        for i, who in enumerate("abcdefghij")
    ]


def months(count: int):
    return [f"20{20 + m // 12}-{m % 12 + 1:02d}-01" for m in range(count)]


@pytest.mark.parametrize(
    ("rows", "check"),
    [
        ([f"a | kpi | {m} | 7 | -" for m in months(20)], {"metric_constant": 1}),
        ([f"a | kpi | {m} | 7 | -" for m in months(19)], {}),
        (["a | kpi | 2024-01-01 | 3 | -", "a | kpi | 2024-02-01 | 4 | -"], {}),
        (
            [
                f"{who} | kpi | 2024-01-01 | {v} | -"
                for who, v in (("a", 3), ("b", 4), ("c", 1e308))
            ],
            {"metric_outlier": 1},
        ),
        (
            ["a | rating | 2024-01-01 | 3 | 1-5", "a | rating | 2024-07-01 | 3 | 1-4"],
            {"metric_scales": 1},
        ),
        ([*of_ten("01", 45), *of_ten("02", 0.45)], {"metric_jump": 1}),
        ([*of_ten("01", 3), *of_ten("02", 13)], {}),
        ([*of_ten("01", 45)[:9], *of_ten("02", 0.45)], {}),
    ],
    ids=[
        "constant",
        "too-few-to-say",
        "differing",
        "outlier",
        "two-scales",
        "percent-and-share",
        "a-good-month",
        "nine-people-do-not-say",
    ],
)
def test_odd_metrics_are_named(warehouse, rows, check):
    built = warehouse(performance=results(*rows))
    assert {w.check: w.rows for w in built.report.warnings} == check
