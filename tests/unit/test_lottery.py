"""The draw of lots: by hand, by strata, in any order; made again, and caught when it is altered."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from scipy import stats

from analysis.errors import SpecError
from analysis.lottery import allocate, draw, lot
from tests.flows.conftest import command

if TYPE_CHECKING:
    from pathlib import Path

OPS, SALES = ("ops",), ("sales",)
PEOPLE = {f"E{i}": SALES if i < 7 else OPS for i in range(1, 12)}
SEED = "7"
LIST = "emp,dep\n" + "".join(f"{p},{s[0]}\n" for p, s in PEOPLE.items())


def test_a_lot_is_what_sha256sum_says() -> None:
    """`(echo mentorlift-lottery-1; echo 7; echo -n E11) | sha256sum` in a shell."""
    told = "067515f953d1f34d686d2318c5e70e147bdc2d866d90b0031a1924443fc460b9"
    assert lot(SEED, "E11") == told


def test_the_lowest_lots_of_each_stratum_win_and_the_others_wait_in_order() -> None:
    """Lots as sha256sum gives them, sorted by hand: E11 E8 E7 E10 E9, and E6 E4 E2 E1 E5 E3."""
    drawn = [(d.person, d.arm, d.waiting) for d in draw(PEOPLE, 5, SEED)]
    assert drawn == [
        ("E11", "won", None), ("E8", "won", None),
        ("E7", "lost", 1), ("E10", "lost", 2), ("E9", "lost", 3),
        ("E6", "won", None), ("E4", "won", None), ("E2", "won", None),
        ("E1", "lost", 1), ("E5", "lost", 2), ("E3", "lost", 3),
    ]  # fmt: skip


def test_the_order_of_the_list_and_who_else_is_in_it_do_not_matter() -> None:
    turned = dict(reversed(PEOPLE.items()))
    assert draw(turned, 5, SEED) == draw(PEOPLE, 5, SEED)
    assert draw(PEOPLE, 5, "8") != draw(PEOPLE, 5, SEED)
    alone = {p: s for p, s in PEOPLE.items() if s == OPS}
    assert draw(alone, 2, SEED) == draw(PEOPLE, 5, SEED)[:5]


@pytest.mark.parametrize(
    ("sizes", "places", "given"),
    [
        # 4.7, 1.6, 1.58, 1.2, .6 and .32 of 10: a textbook case of Hamilton's method
        ((470, 160, 158, 120, 60, 32), 10, (5, 2, 1, 1, 1, 0)),
        ((6, 5), 5, (3, 2)),  # 2.73 and 2.27
        ((3, 2), 4, (2, 2)),  # 2.4 and 1.6: a stratum of which everybody wins
    ],
)
def test_places_go_by_largest_remainder(
    sizes: tuple[int, ...], places: int, given: tuple[int, ...]
) -> None:
    strata = {(str(i),): size for i, size in enumerate(sizes)}
    assert tuple(allocate(strata, places, "1").values()) == given


def test_equal_remainders_are_decided_by_lot() -> None:
    """1 and 1 of 1 place: either stratum, each in about half of 400 seeds (99.9 % bounds)."""
    first = sum(allocate({OPS: 1, SALES: 1}, 1, str(seed))[OPS] for seed in range(400))
    low, high = stats.binom.interval(0.999, 400, 0.5)
    assert low <= first <= high


@pytest.mark.parametrize("places", [0, 11, 12])
def test_nothing_to_draw_is_refused(places: int) -> None:
    with pytest.raises(SpecError, match="nothing to draw"):
        draw(PEOPLE, places, SEED)


def test_everybody_wins_as_often_as_the_others_and_apart_from_them() -> None:
    """2,000 seeds, 2 of 5 places: each wins 40 %, each pair 10 % (99.9 % bounds over 15 checks)."""
    people = {p: s for p, s in PEOPLE.items() if s == OPS}
    single, pairs = Counter[str](), Counter[tuple[str, ...]]()
    for seed in range(2_000):
        won = sorted(d.person for d in draw(people, 2, str(seed)) if d.arm == "won")
        single.update(won)
        pairs[tuple(won)] += 1
    for counts, chance, cases in ((single, 0.4, 5), (pairs, 0.1, 10)):
        low, high = stats.binom.interval(1 - 0.001 / 15, 2_000, chance)
        assert len(counts) == cases
        assert all(low <= n <= high for n in counts.values())


def told(*arguments: object) -> tuple[int, str, str]:
    """Exit code and both outputs of a command."""
    return command("lottery", *map(str, arguments))


def make(folder: Path, text: str = LIST, **options: object) -> tuple[int, str, str]:
    """A draw of the list in a folder of its own."""
    (folder / "list.csv").write_text(text)
    named = {
        "id": "emp", "strata": "dep", "places": 5, "seed": SEED, "seed-source": "as announced",
        "out": folder / "draw", **options,
    }  # fmt: skip
    return told(folder / "list.csv", *(x for k, v in named.items() for x in (f"--{k}", v)))


def test_the_command_writes_roster_and_audit_for_their_owner_alone(tmp_path: Path) -> None:
    code, out, err = make(tmp_path)
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == ["ops: 2 of 5", "sales: 3 of 6"]
    roster, audit = tmp_path / "draw" / "roster.csv", tmp_path / "draw" / "audit.json"
    lines = roster.read_text().splitlines()
    assert lines[:3] == ["emp,dep,arm,waiting_rank", "E11,ops,won,", "E8,ops,won,"]
    kept = json.loads(audit.read_text())
    assert kept["roster_sha256"] == hashlib.sha256(roster.read_bytes()).hexdigest()
    assert kept["applicants_file_sha256"] == hashlib.sha256(LIST.encode()).hexdigest()
    assert (kept["seed"], kept["seed_source"]) == (SEED, "as announced")
    assert kept["strata"][0] == {"stratum": ["ops"], "applicants": 5, "places": 2, "share": 0.4}
    assert '"E1' not in audit.read_text()
    assert {p.stat().st_mode & 0o777 for p in (roster, audit)} == {0o600}


def test_a_draw_is_never_overwritten(tmp_path: Path) -> None:
    make(tmp_path)
    before = (tmp_path / "draw" / "roster.csv").read_bytes()
    code, _, err = make(tmp_path, seed="8")
    assert code == 2 and "there is a draw already" in err and "fix: " in err
    assert (tmp_path / "draw" / "roster.csv").read_bytes() == before


def test_a_draw_that_was_cut_off_is_ended_by_the_same_one_alone(tmp_path: Path) -> None:
    make(tmp_path)
    roster, audit = tmp_path / "draw" / "roster.csv", tmp_path / "draw" / "audit.json"
    whole = audit.read_bytes()
    audit.unlink()
    code, _, err = make(tmp_path, seed="8")
    assert code == 2 and "there is a draw already" in err and not audit.exists()
    before = roster.read_bytes()
    assert make(tmp_path)[0] == 0
    assert (roster.read_bytes(), audit.read_bytes()) == (before, whole)


REFUSED = {
    "twice": (LIST + "E3,ops\n", {}, 4, "row 13: the person stands in an earlier row too"),
    "no stratum": (LIST + "E12,\n", {}, 4, "row 13: dep is empty"),
    "no number": (LIST + ",ops\n", {}, 4, "row 13: emp is empty"),
    "a spreadsheet's number": (LIST + "1.2E+05,ops\n", {}, 4, "was made a number"),
    "no such column": (LIST, {"strata": "site"}, 4, "there is no column 'site'"),
    "more places than people": (LIST, {"places": 12}, 2, "leave nothing to draw"),
    "no source of the seed": (LIST, {"seed-source": ""}, 2, "--seed-source"),
    "the person as a stratum": (LIST, {"strata": "emp"}, 2, "stand twice"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_said_in_two_lines(tmp_path: Path, case: str) -> None:
    text, options, expected, words = REFUSED[case]
    code, out, err = make(tmp_path, text, **options)
    assert (code, out) == (expected, "")
    assert words in err and err.count("\n") == 2 and "E3" not in err
    assert not (tmp_path / "draw").exists()


def test_a_draw_made_again_is_the_same(tmp_path: Path) -> None:
    make(tmp_path)
    audit = tmp_path / "draw" / "audit.json"
    assert told("--verify", audit) == (0, "as drawn: 5 places among 11 applicants\n", "")
    assert told(tmp_path / "list.csv", "--verify", audit)[0] == 0
    (tmp_path / "list.csv").write_text(LIST + "E12,ops\n")
    code, _, err = told(tmp_path / "list.csv", "--verify", audit)
    assert code == 4 and "does not hold the people and strata that were drawn" in err


ALTERED = {
    "two swapped": (
        "roster.csv",
        [("E8,ops,won,", "E8,ops,lost,1"), ("E7,ops,lost,1", "E7,ops,won,")],
        "arm or rank of 2 people",
    ),
    "one added": ("roster.csv", [("E8,ops,won,", "E8,ops,won,\nE99,ops,won,")], "does not hold"),
    "one moved to another stratum": ("roster.csv", [("E9,ops", "E9,sales")], "does not hold"),
    "another seed": ("audit.json", [('"seed": "7"', '"seed": "8"')], "arm or rank of"),
    "another hash": ("audit.json", [('"roster_sha256": "8', '"roster_sha256": "9')], "do not give"),
    "another way of drawing": ("audit.json", [("lottery-1", "lottery-2")], "unknown here"),
    "no number of places": ("audit.json", [('"places": 5,', '"places": "5",')], "not the audit"),
}


@pytest.mark.parametrize("case", ALTERED)
def test_whatever_is_altered_is_caught(tmp_path: Path, case: str) -> None:
    make(tmp_path)
    name, changes, words = ALTERED[case]
    path = tmp_path / "draw" / name
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    code, out, err = told("--verify", tmp_path / "draw" / "audit.json")
    assert code in (3, 4) and not out
    assert words in err and err.count("\n") == 2 and "E8" not in err
