"""Drift: each way a delivery can differ from the one before is named by file and column."""

from __future__ import annotations

import pytest

from pipelines.errors import UserError
from pipelines.ingest.drift import stability
from tests.unit.delivered import Landing, settings

HEAD = ["id", "since", "left", "dept", "level"]
LOADS = [
    {
        "table": "employment",
        "columns": {"person_id": "id", "hired_on": "since"},
        "aliases": {"exited_on": ["left", "exit"], "exit_reason": ["why"]},
        "formats": {"hired_on": ["iso", "%d.%m.%Y"]},
    },
    {
        "table": "jobs",
        "columns": {"person_id": "id", "valid_from": "since", "department": "dept"},
        "formats": {"valid_from": ["iso", "%d.%m.%Y"]},
    },
]
DATED = {"from_name": r"(\d{4}-\d{2}-\d{2})"}


def lines(head=HEAD, n=200, **cells) -> str:
    """A file of n people; a cell is a text or a function of the person's number."""
    told = {"id": str, "since": "2020-01-01", "left": "", "dept": "Sales", "level": "3"} | cells
    rows = [
        ",".join(cell(i) if callable(cell := told.get(name, "x")) else cell for name in head)
        for i in range(n)
    ]
    return "\n".join([",".join(head), *rows]) + "\n"


@pytest.fixture
def differ(tmp_path):
    """Lands two deliveries of one source; kind and detail of each drift by column."""

    def run(before: str, after: str, loads=LOADS, **source) -> dict[tuple[str, str], str]:
        (tmp_path / "w_2024-01-31.csv").write_text(before)
        (tmp_path / "w_2024-02-29.csv").write_text(after)
        declared = {"file": "w_*.csv", "delivered_on": DATED, "loads": loads, **source}
        report = Landing(tmp_path, settings(declared)).report
        drifts = [drift for file in report.files for drift in file.drift]
        assert {(d.file, d.before) for d in drifts} <= {("w_2024-02-29.csv", "w_2024-01-31.csv")}
        assert [d.as_dict() for d in drifts] == report.as_dict()["files"][1]["drift"]
        return {(d.column, d.kind): d.detail for d in drifts}

    return run


def test_a_delivery_like_the_one_before_has_none(differ):
    assert differ(lines(), lines(n=210)) == {}


def test_new_and_reordered_columns_are_named(differ):
    head = ["since", "id", "left", "dept", "level", "shoe size"]
    assert differ(lines(), lines(head)) == {
        ("shoe size", "new"): "is new",
        ("since", "reordered"): "stands in another place; columns are read by name",
    }


def test_a_column_nobody_reads_may_go(differ):
    assert differ(lines(), lines(HEAD[:4])) == {("level", "missing"): "is missing"}


def test_a_column_that_was_read_and_is_gone_stops_until_the_owner_decides(differ):
    head = ["id", "since", "dept", "level", "gone on"]
    with pytest.raises(UserError) as caught:
        differ(lines(), lines(head))
    assert "w_2024-02-29.csv: 'left' is missing (before: w_2024-01-31.csv)." in caught.value.problem
    assert '"left": ignore' in caught.value.fix
    ignored = differ(lines(), lines(head), on_drift={"left": "ignore"})
    assert ("left", "missing") in ignored
    mapped = differ(
        lines(),
        lines(head, **{"gone on": "2024-01-31"}),
        on_drift={"gone on": {"map": "exited_on"}},
    )
    assert mapped[("left", "missing")] == "is missing"


def test_a_renamed_column_is_named_with_what_it_may_be_called_now(differ):
    loads = [LOADS[0] | {"aliases": {"exited_on": ["left on", "left_on"]}}]
    before = lines(["id", "since", "left on", "dept"], **{"left on": ""})
    after = lines(["id", "since", "left_on", "dept"], left_on="")
    assert differ(before, after, loads) == {("left on", "renamed"): "may now be called 'left_on'"}


def test_a_new_column_stops_where_the_owner_says_so(differ):
    with pytest.raises(UserError, match="'bonus' is new"):
        differ(lines(), lines([*HEAD, "bonus"]), on_drift={"bonus": "stop"})


def test_a_column_of_another_type_is_named(differ):
    after = lines(dept=lambda i: str(100 + i % 3))
    found = differ(lines(dept=lambda i: ("Sales", "Tax")[i % 2]), after)
    assert found[("dept", "retyped")] == "holds 100% numbers, 0% before"


def test_a_column_that_is_suddenly_empty_is_named(differ):
    after = lines(dept=lambda i: "" if i % 4 else "Sales")
    assert differ(lines(), after) == {("dept", "empty"): "is empty in 75% of rows, 0% before"}


def test_new_words_are_shown_when_ten_rows_hold_them_and_the_shift_is_named(differ):
    words = lambda i: "Tax" if i < 40 else "Only one" if i == 40 else "Sales"  # noqa: E731
    found = differ(lines(), lines(dept=words))
    assert found[("dept", "categories")] == "holds words that are new in 20% of rows: 'Tax'"
    assert "stability index" in found[("dept", "shifted")]
    assert "Only one" not in str(found)


def test_figures_of_another_unit_are_named_as_a_ratio_alone(differ):
    loads = [
        {
            "table": "performance",
            "columns": {"person_id": "id", "period": "month", "value": "pay"},
            "constants": {"metric": "pay"},
        }
    ]
    head = ["id", "month", "pay"]
    before = lines(head, month="2024-01-01", pay=lambda i: str(3000 + i))
    after = lines(head, month="2024-02-01", pay=lambda i: str(12 * (3000 + i)))
    assert differ(before, after, loads) == {
        ("pay", "shifted"): "has a middle value 12 times the one before"
    }


def test_few_rows_say_nothing_of_a_distribution(differ):
    assert differ(lines(n=99), lines(n=99, dept="Tax")) == {}


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (10, {("left", "empty"): "is empty in 0% of rows, 100% before"}),
        (9, {}),
    ],
)
def test_ten_rows_say_when_a_whole_column_changes(differ, n, told):
    assert differ(lines(n=n), lines(n=n, left="2024-01-31")) == told


def test_the_stability_index_is_the_published_one():
    """Half and half becoming three to one: (.25)(ln 1.5) + (-.25)(ln .5) = .2747."""
    assert stability({"a": 50, "b": 50}, {"a": 75, "b": 25}) == pytest.approx(0.2747, abs=1e-4)
    assert stability({"a": 5}, {"a": 7}) == 0


def test_a_refused_file_is_not_what_later_ones_are_compared_with(tmp_path):
    """A new department arrives behind a file that was too short to be right: it is named."""
    merged = {"dept": lambda i: "Care" if i % 2 else "Sales"}
    for day, text in (("01-31", lines()), ("02-29", lines(n=90)), ("03-31", lines(**merged))):
        (tmp_path / f"w_2024-{day}.csv").write_text(text)
    declared = {"file": "w_*.csv", "delivered_on": DATED, "loads": LOADS, "contents": "full"}
    report = Landing(tmp_path, settings(declared | {"on_refused": "continue"})).report
    assert [refused.file for refused in report.refused] == ["w_2024-02-29.csv"]
    found = {(d.column, d.kind, d.before) for file in report.files for d in file.drift}
    assert found == {("dept", kind, "w_2024-01-31.csv") for kind in ("categories", "shifted")}
