"""Instruments as data: the shipped keys, what a project says of its own, and the scoring rule."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from analysis.errors import SpecError
from analysis.instruments import Anchors, is_turned, parse_instrument
from analysis.scoring import ScaleKey, scores
from pipelines.errors import UserError
from pipelines.instruments import InstrumentUse, read_instruments, scoring_keys

SHIPPED = read_instruments()
# Items and range of the published instruments, and how many run against their scale.
PUBLISHED = {
    "tis6": (6, (1, 5), 2, {"total": 6}),
    "moaq_turnover": (3, (1, 7), 0, {"total": 3}),
    "perceived_fit": (
        9, (1, 7), 0, {"value_congruence": 3, "needs_supplies": 3, "demands_abilities": 3},
    ),
    "socialisation": (
        34, (1, 5), 12,
        {"total": 34, "history": 5, "language": 5, "politics": 6, "people": 6, "goals": 7,
         "performance": 5},
    ),
    "mfq9": (9, (1, 5), 0, {"total": 9, "career": 3, "psychosocial": 3, "role_modelling": 3}),
    "mentorship_quality": (10, (1, 5), 0, {"quality": 5, "learning": 5}),
    "programme_structure": (6, (1, 5), 0, {"total": 6}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_shipped_instrument_has_the_items_of_its_paper(name):
    items, printed, against, scales = PUBLISHED[name]
    key = SHIPPED[name]
    assert (len(key.items), key.range) == (items, printed)
    assert sum(i.more == "low" for i in key.items) == against
    assert {s: len(key.items_of(s)) for s in key.scales} == scales
    assert key.source


def test_seven_instruments_are_shipped_and_no_wording():
    assert set(SHIPPED) == set(PUBLISHED)
    assert not [i for key in SHIPPED.values() for i in key.items if i.wording]


def test_only_the_formative_index_publishes_weights():
    assert [n for n, key in SHIPPED.items() if key.formative] == ["programme_structure"]
    assert [i.weight for i in SHIPPED["programme_structure"].items] == [1.0] * 6


def test_two_thirds_of_six_items_are_four_and_of_nine_six():
    assert SHIPPED["tis6"].needed("total") == 4
    assert SHIPPED["mfq9"].needed("total") == 6
    assert SHIPPED["mfq9"].needed("career") == 2
    assert SHIPPED["socialisation"].needed("total") == 23  # 22.67, rounded up
    assert SHIPPED["programme_structure"].needed("total") == 6


OWN = """
instrument: own
title: Own scale
source: the company
range: [1, 5]
minimum_answered: 0.5
anchors: {low: never, high: always}
items:
  - {item: a, about: something}
  - {item: b, more: low}
scales: {total: all}
"""


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"range": [5, 1]}, "(file)", "the lowest number comes first"),
        ({"minimum_answered": "most"}, "minimum_answered", "write 2/3 or 0.8"),
        ({"minimum_answered": "3/2"}, "minimum_answered", "less than or equal to 1"),
        ({"anchors": None}, "(file)", "a has no anchors; add low and high"),
        ({"anchors": {"low": "x", "high": "X "}}, "anchors", "the two anchors are the same"),
        ({"scales": {"total": ["a", "c"]}}, "(file)", "total names"),
        ({"scales": {"total": ["a"]}}, "(file)", "b is in no scale"),
        ({"formative": True}, "(file)", "has a published weight"),
        ({"reverse": ["b"]}, "reverse", "is not a key of this file"),
        ({"source": ""}, "source", "at least 1 character"),
        ({"items": [{"item": "a"}, {"item": "a"}]}, "(file)", "a stands twice"),
    ],
)
def test_what_is_wrong_with_an_instrument_is_named_by_key(change, key, says):
    with pytest.raises(SpecError) as caught:
        parse_instrument(yaml.safe_load(OWN) | change)
    assert caught.value.key == key
    assert says in caught.value.problem


def test_a_project_adds_instruments_and_mistakes_name_the_file(tmp_path):
    (tmp_path / "instruments").mkdir()
    (tmp_path / "instruments" / "own.yml").write_text(OWN)
    assert "own" in read_instruments(tmp_path)
    (tmp_path / "instruments" / "own.yml").write_text(OWN.replace("range", "rnage"))
    with pytest.raises(UserError) as caught:
        read_instruments(tmp_path)
    assert "own.yml: range: is missing" in caught.value.problem
    (tmp_path / "instruments" / "own.yml").write_text(OWN.replace(": own", ": tis6"))
    with pytest.raises(UserError, match="there is one of the name 'tis6'"):
        read_instruments(tmp_path)


def test_printed_anchors_decide_about_the_direction():
    key = Anchors(low="never", high="always")
    assert not is_turned(key, Anchors(low="Never ", high="ALWAYS"))
    assert is_turned(key, Anchors(low="always", high="never"))
    with pytest.raises(ValueError, match="another item"):
        is_turned(key, Anchors(low="never", high="daily"))


NEVER = {"low": "never", "high": "always"}


def directions(*uses: dict) -> dict[tuple[str, str | None], bool]:
    rows = scoring_keys(SHIPPED, [InstrumentUse.model_validate(u) for u in uses])
    return {(r.item, r.wave): r.is_reversed for r in rows if r.instrument == "tis6"}


def test_an_item_printed_with_its_anchors_turned_is_no_longer_reversed():
    assert directions()["tis6_6", None]
    turned = {"item": "tis6_6", "low": "always", "high": "never"}
    assert not directions({"use": "tis6", "printed": [turned]})["tis6_6", None]
    fifth = {"item": "tis6_5", "waves": [5], "low": "highly likely", "high": "highly unlikely"}
    found = directions({"use": "tis6", "printed": [fifth]})
    assert (found["tis6_5", None], found["tis6_5", "5"]) == (False, True)
    again = {"item": "tis6_6", "waves": [2], "low": "never", "high": "always"}  # back to the key
    found = directions({"use": "tis6", "printed": [turned, again]})
    assert (found["tis6_6", None], found["tis6_6", "2"]) == (False, True)


def test_own_names_of_questionnaire_and_items_lead_to_the_key():
    use = InstrumentUse(use="tis6", called="intent", asked_in="pulse", items={"tis6_1": "q17"})
    [row] = [r for r in scoring_keys(SHIPPED, [use]) if r.instrument == "intent"]
    assert (row.questionnaire, row.item, row.key_item) == ("pulse", "q17", "tis6_1")
    assert (row.items_total, row.items_needed) == (6, 4)
    assert not [r for r in scoring_keys(SHIPPED, [use]) if r.instrument == "tis6"]


@pytest.mark.parametrize(
    ("uses", "says"),
    [
        ([{"use": "tis7"}], "tis7: there is no such instrument"),
        ([{"use": "tis6", "items": {"tis_1": "q1"}}], "items: 'tis_1' is no item of tis6"),
        ([{"use": "tis6", "items": {"tis6_1": "q", "tis6_2": "q"}}], "items: 'q' stands twice"),
        ([{"use": "tis6", "wording": {"x": "?"}}], "wording: 'x' is no item of tis6"),
        ([{"use": "tis6"}, {"use": "tis6"}], "tis6 is used twice"),
        (
            [{"use": "tis6", "printed": [{"item": "tis6_1", "low": "no", "high": "yes"}]}],
            "printed: tis6_1: its anchors are 'never' and 'always'",
        ),
        (
            [{"use": "tis6", "printed": [{"item": "tis6_1", "low": "no", "high": "no"}]}],
            "the two anchors are the same",
        ),
        (
            [{"use": "tis6", "printed": [{"item": "tis6_1", **NEVER}] * 2}],
            "wave (all) twice",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_project_file_is_named(uses, says):
    with pytest.raises(UserError) as caught:
        scoring_keys(SHIPPED, [InstrumentUse.model_validate(u) for u in uses])
    assert caught.value.problem.startswith("mentorlift.yml: instruments: ")
    assert says in caught.value.problem
    assert caught.value.fix


KEY = ScaleKey(
    low=np.full(3, 1.0), high=np.full(3, 5.0), reversed_items=np.array([False, True, False]),
    weights=np.ones(3), needed=2,
)  # fmt: skip


def test_scores_by_hand():
    nan = np.nan
    answers = [[4, 2, 5], [4, nan, nan], [4, 2, 11], [nan, nan, nan], [1, 5, nan]]
    found, answered = scores(answers, KEY)
    np.testing.assert_allclose(found, [13 / 3, nan, 4, nan, 1], rtol=1e-15)
    assert answered.tolist() == [3, 1, 2, 0, 2]


def test_weights_are_those_of_the_items_answered():
    key = ScaleKey(KEY.low, KEY.high, np.zeros(3, bool), np.array([3.0, 1.0, 1.0]), 1)
    found, _ = scores([[5, 1, np.nan], [np.nan, 2, 4]], key)
    assert found.tolist() == [4.0, 3.0]
