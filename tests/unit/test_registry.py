"""The registry of studies: what is the same question, what is a changed one, and the file."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from analysis.diagnostics.registered_study import registered_study
from analysis.diagnostics.thresholds import Thresholds
from analysis.disclosure import restore
from analysis.errors import SpecError
from analysis.finding import registered
from analysis.registry import ENTRY_FIELDS, Entry, judge, meaning
from analysis.study import parse_study
from pipelines import registry
from pipelines.errors import UserError
from reports.wording.answers import answer
from tests.report_cases import released, trial, trial_spec

if TYPE_CHECKING:
    from pathlib import Path

WHY = "The programme was extended by a month."


def entry(run: str = "first", known_at: str = "2018-10-01", **changes: Any) -> Entry:
    """The trial of the report cases as a run would register it."""
    spec = trial_spec(**changes)
    return Entry(
        project="firms", study=spec.study, question=spec.question, meaning=meaning(spec),
        as_of=spec.as_of.isoformat(), known_at=known_at, run=run, code_version="0.1.0",
        code_hash="c0", inputs_hash="1a", amended=spec.amended,
    )  # fmt: skip


FIRST = entry()

SAME = {
    "nothing": {},
    "a title": {"title": "Mentors"},
    "the wording": {"question": "Do mentors raise profits?"},
    "a label": {
        "outcome": {"metric": "weekly_profit", "label": "profit", "unit": "KES a week"},
    },
    "new data on schedule": {"as_of": "2018-11-01"},
    "a default written out": {"cluster": "person", "covariance": "HC2"},
    "the estimator it has anyway": {"estimator": "difference_in_means"},
}

CHANGED: dict[str, tuple[dict[str, Any], set[str]]] = {
    "population": ({"population": {"sector": ["food"]}}, {"population.sector"}),
    "treated arms": ({"arms": {"treated": ["mentee"], "comparison": "control"}}, {"arms.treated"}),
    "window": (
        {"follow_up": {"months": 17, "primary": [1, 12], "windows": [[1, 4], [7, 17]]}},
        {"follow_up.primary"},
    ),
    "further window": (
        {"follow_up": {"months": 17, "primary": [1, 17], "windows": [[1, 4]]}},
        {"follow_up.windows"},
    ),
    "outcome": ({"outcome": {"metric": "sales", "unit": "KES a week"}}, {"outcome.metric"}),
    "transform": (
        {"outcome": {"metric": "weekly_profit", "unit": "KES a week", "transform": "log"}},
        {"outcome.transform"},
    ),
    "direction": (
        {"outcome": {"metric": "weekly_profit", "unit": "KES a week", "higher_is": "worse"}},
        {"outcome.higher_is"},
    ),
    "estimator": ({"estimator": "lin"}, {"estimator"}),
    "covariance": ({"covariance": "HC3"}, {"covariance"}),
    "adjustment": ({"adjust_for": ["age"]}, {"adjust_for"}),
    "missing covariates": ({"missing_covariates": "drop"}, {"missing_covariates"}),
    "effect of interest": ({"effect_of_interest": 50}, {"effect_of_interest"}),
    "subgroups": ({"subgroups": [{"name": "age", "cuts": [40]}, "sector"]}, {"subgroups"}),
    "taking part": ({"take_up": "matched"}, {"take_up"}),
    "cluster": ({"cluster": "site"}, {"cluster"}),
    "programme": ({"programme": "OTHER"}, {"programme"}),
    "design": ({"design": "opt_in", "time_zero": "applied_on"}, {"design", "time_zero"}),
    "an earlier day": ({"as_of": "2018-09-01"}, {"as_of"}),
    "the name": ({"study": "mentors-again"}, {"study"}),
    "name and window": (
        {"study": "again", "follow_up": {"months": 17, "primary": [1, 12]}},
        {"study", "follow_up.primary", "follow_up.windows"},
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_wording_and_new_data_are_no_new_question(name: str) -> None:
    verdict = judge(entry("later", "2018-12-01", **SAME[name]), [FIRST])
    found = verdict.registration
    assert (found.state, found.changes, verdict.new) == ("registered", (), False)
    assert (found.registered_on, found.first_run) == ("2018-10-01", "first")
    assert registered_study(found).status == "pass"


@pytest.mark.parametrize("name", CHANGED)
def test_what_decides_the_number_is_a_change(name: str) -> None:
    values, keys = CHANGED[name]
    verdict = judge(entry("later", **values), [FIRST])
    found = verdict.registration
    assert found.state == "changed" and verdict.new
    assert {c.key for c in found.changes} == keys
    check = registered_study(found)
    assert check.status == "fail" and "amended" in check.remedy
    for key in keys:
        assert key in check.display and key.replace("_", " ") in check.label


@pytest.mark.parametrize("name", CHANGED)
def test_a_declared_change_is_held_at_suggestive(name: str) -> None:
    found = judge(entry("later", **CHANGED[name][0], amended=WHY), [FIRST]).registration
    check = registered_study(found)
    assert (found.state, check.status, check.capped_at) == ("amended", "warn", "Suggestive")
    assert WHY.rstrip(".") in check.display and found.exploratory


def test_old_and_new_values_are_told() -> None:
    (change,) = judge(entry("later", covariance="HC3"), [FIRST]).registration.changes
    assert (change.key, change.registered, change.now) == ("covariance", "not set", "HC3")
    values = CHANGED["window"][0]
    (change,) = judge(entry("later", **values), [FIRST]).registration.changes
    assert (change.registered, change.now) == ("[1, 17]", "[1, 12]")


def test_other_limits_of_checks_are_a_change() -> None:
    spec = trial_spec().model_copy(update={"thresholds": Thresholds(balance_fail_p=0.01)})
    loose = Entry(**{**{k: getattr(FIRST, k) for k in ENTRY_FIELDS}, "meaning": meaning(spec)})
    (change,) = judge(loose, [FIRST]).registration.changes
    assert (change.key, change.now) == ("thresholds.balance_fail_p", "0.01")


def test_the_order_of_covariates_says_nothing() -> None:
    first = entry(adjust_for=["age", "site"])
    assert judge(entry("later", adjust_for=["site", "age"]), [first]).registration.changes == ()


def test_an_amendment_is_measured_against_the_first_version_for_ever() -> None:
    amended = judge(entry("second", covariance="HC3", amended=WHY), [FIRST]).entry
    assert amended.departs_from == FIRST.id
    ledger = [FIRST, amended]
    again = judge(entry("third", covariance="HC3", amended=WHY), ledger)
    assert (again.registration.state, again.new) == ("amended", False)
    silent = judge(entry("third", covariance="HC3"), ledger)
    assert (silent.registration.state, silent.new) == ("changed", True)
    assert judge(entry("fourth"), ledger).registration.state == "registered"


def test_a_new_name_never_becomes_a_clean_start() -> None:
    renamed = judge(entry("second", study="again"), [FIRST]).entry
    later = judge(entry("third", study="again"), [FIRST, renamed]).registration
    assert later.state == "changed" and later.registered_as == "mentors-for-firms"


@pytest.mark.parametrize(
    "other", [{"programme": "B"}, {"outcome": {"metric": "m"}}, {"take_up": None, "arms": {
        "treated": ["class"], "comparison": "control"}}],
)  # fmt: skip
def test_another_question_of_the_same_data_is_a_new_study(other: dict[str, Any]) -> None:
    verdict = judge(entry("second", study="other", **other), [FIRST])
    assert verdict.registration.state == "registered" and verdict.new


ARMS = {"treated": "mentored", "comparison": "not_yet"}
RENAMED = {"treated": "begun", "comparison": "later"}
STARTERS = {
    "design": "opt_in", "time_zero": "invited_on", "take_up": None,
    "outcome": {"metric": "voluntary", "kind": "exit"},
    "follow_up": {"months": 12, "primary": [1, 12]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {"outcome": {"metric": "weekly_profit", "unit": "KES a week", "kind": "count"}}),
        (
            {"arms": {"treated": ["mentee"], "comparison": "control"}},
            {"arms": {"treated": ["control"], "comparison": "mentee"}},
        ),
        (
            {"design": "rollout", "time_zero": "eligible_on", "arms": ARMS, "take_up": None},
            {"design": "rollout", "time_zero": "eligible_on", "arms": RENAMED, "take_up": None},
        ),
        ({**STARTERS, "arms": ARMS}, {**STARTERS, "arms": RENAMED}),
    ],
    ids=["as a count", "arms exchanged", "words for sites", "words for starters"],
)
def test_the_same_figure_of_the_same_people_is_no_new_question(
    before: dict[str, Any], now: dict[str, Any]
) -> None:
    first = entry(**before)
    found = judge(entry("second", study="other", **now), [first]).registration
    assert found.state == "changed" and found.registered_as == first.study


def test_studies_registered_together_are_no_renamed_ones() -> None:
    assert judge(entry("first", study="twin", covariance="HC3"), [FIRST]).new
    found = judge(entry("first", study="twin", covariance="HC3"), [FIRST]).registration
    assert found.state == "registered"


def test_another_name_for_the_project_is_no_clean_start() -> None:
    before = Entry(**{**{k: getattr(FIRST, k) for k in ENTRY_FIELDS}, "project": "other"})
    assert judge(entry("second", covariance="HC3"), [before]).registration.state == "changed"
    assert judge(entry("second"), [before]).registration.state == "registered"


@pytest.mark.parametrize("said", [True, "yes", "", "          "])
def test_an_amendment_says_why(said: object) -> None:
    with pytest.raises(SpecError, match="amended"):
        parse_study({**trial_spec().model_dump(mode="json", exclude_unset=True), "amended": said})


def test_declaring_a_change_is_no_part_of_the_question() -> None:
    assert trial_spec(amended=WHY).digest() == trial_spec().digest()


def _write(folder: Path, *entries: Entry) -> Path:
    for one in entries:
        registry.register(folder, [one], [])
    return folder / registry.FILE


def test_lines_are_chained_and_written_once(tmp_path: Path) -> None:
    second = entry("second", covariance="HC3", amended=WHY)
    path = _write(tmp_path, FIRST, second, FIRST, second)
    lines = [json.loads(text) for text in path.read_text().splitlines()]
    assert [x["entry"]["run"] for x in lines] == ["first", "second"]
    assert lines[0]["previous"] == "" and len(lines[1]["previous"]) == 64
    assert registry.read(tmp_path).broken == ()


def test_a_line_that_a_killed_run_did_not_finish_counts_for_nothing(tmp_path: Path) -> None:
    path = _write(tmp_path, FIRST)
    whole = path.read_bytes()
    second = entry("second", covariance="HC3")
    longer = _write(tmp_path, second).read_bytes()
    for length in range(len(whole), len(longer), 97):
        path.write_bytes(longer[:length])
        (verdict,) = registry.register(tmp_path, [second], [])
        assert verdict.new and path.read_bytes() == longer


@pytest.mark.parametrize("spoiled", ["edited", "first gone", "middle gone", "nonsense", "bytes"])
def test_an_altered_registry_is_told_and_never_a_crash(tmp_path: Path, spoiled: str) -> None:
    third = entry("third", study="other", programme="B")
    path = _write(tmp_path, FIRST, entry("second", covariance="HC3"), third)
    lines = path.read_bytes().splitlines(keepends=True)
    made = {
        "edited": [lines[0].replace(b"KES a week", b"KES a day"), *lines[1:]],
        "first gone": lines[1:],
        "middle gone": [lines[0], lines[2]],
        "nonsense": [*lines, b"[1, 2]\n", b'{"entry": {}}\n', b"null\n"],
        "bytes": [b"\xff\x00\n", *lines],
    }[spoiled]
    path.write_bytes(b"".join(made))
    (verdict,) = registry.register(tmp_path, [third], [])
    check = registered_study(verdict.registration)
    assert check.status == "fail"
    assert "was altered: line" in check.display and "backup" in check.remedy
    (verdict,) = registry.register(tmp_path, [third], [third])  # a run remembers it
    assert registered_study(verdict.registration).status == "pass"
    (verdict,) = registry.register(tmp_path, [third], [])
    assert registry.named(tmp_path, [verdict]) == {}


@pytest.mark.parametrize("lost", ["all", "last", "first edited"])
def test_what_is_gone_is_put_back_from_what_runs_remember(tmp_path: Path, lost: str) -> None:
    path = _write(tmp_path, FIRST)
    changed = entry("second", covariance="HC3")
    if lost == "first edited":  # so that the changed study looks like the one registered
        path.write_text(path.read_text().replace('"unit": "KES', '"unit": "USD'))
        changed = entry("second", outcome={"metric": "weekly_profit", "label": "weekly profit",
                                           "unit": "USD a week"})  # fmt: skip
    else:
        path.write_bytes(b"" if lost == "last" else path.read_bytes())
        path.unlink() if lost == "all" else None
    (verdict,) = registry.register(tmp_path, [changed], [FIRST])
    assert verdict.registration.state == "changed"
    assert "put back" in registered_study(verdict.registration).display
    (verdict,) = registry.register(tmp_path, [changed], [])
    assert verdict.registration.state == "changed" and not verdict.new


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    with pytest.raises(UserError, match="cannot be written") as error:
        registry.register(folder, [FIRST], [])
    assert "registered" in error.value.fix


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write(tmp_path, FIRST)
    before, write = path.read_bytes(), os.pwrite

    def half(handle: int, data: bytes, at: int) -> int:
        if len(data) < 400:
            raise OSError(28, "No space left on device")
        return write(handle, data[: len(data) // 2], at)

    monkeypatch.setattr(os, "pwrite", half)
    with pytest.raises(OSError, match="No space"):
        registry.register(tmp_path, [entry("second", covariance="HC3")], [])
    assert path.read_bytes() == before


def test_every_sentence_of_an_exploratory_answer_says_so() -> None:
    changed = entry("later", covariance="HC3", amended=WHY)
    finding = registered(trial(), judge(changed, [FIRST]).registration)
    assert finding.grade == "Suggestive"
    (made,) = released(finding, mode="public")
    said = answer(made)
    assert said.headline.endswith("(exploratory).")
    assert said.sentence.startswith("In an exploratory analysis, being assigned")
    assert said.may_say.startswith("In an exploratory analysis, among people")
    assert "[Suggestive, exploratory]" in said.one_line
    assert restore(made.as_dict(), made.digest()) == made


def test_a_changed_answer_says_that_it_was_changed() -> None:
    finding = registered(trial(), judge(entry("later", covariance="HC3"), [FIRST]).registration)
    said = answer(released(finding, mode="public")[0])
    assert said.may_say == (
        "The question was changed after it was answered, so no answer to it is shown."
    )
    assert "[Withheld, exploratory]" in said.one_line and "changed after" in said.sentence


def test_a_registered_study_keeps_its_grade_and_words() -> None:
    finding = registered(trial(), judge(entry("later"), [FIRST]).registration)
    (made,) = released(finding, mode="public")
    (plain,) = released(trial(), mode="public")
    assert finding.grade == trial().grade
    assert answer(made) == answer(plain)
