"""Why a number changed: five planted changes, each held against complete runs that differ by it."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import UserError
from pipelines.run import run
from tests.flows.conftest import command, own_key
from tests.two_deliveries import CHANGES, draw

if TYPE_CHECKING:
    from pathlib import Path

# Sums and differences of numbers below 100 with 53 bits.
EXACT = 1e-12
STUDIES = ("leaving", "selling")
WAY = tuple(CHANGES[:made] for made in range(len(CHANGES) + 1))
BESIDE = (("identity",), ("study", "identity", "new_time"))


def quiet(_: str) -> None:
    """Progress that nobody reads."""


def said(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `mentorlift diff`."""
    return command("diff", *arguments)


def headlines(findings: Path) -> dict[str, float]:
    """The headline of each study, from the findings that a run left."""
    return dict(map(headline, json.loads(findings.read_text())))


def headline(found: dict[str, Any]) -> tuple[str, float]:
    """A study and its headline."""
    return found["study"], next(
        e["estimate"] for e in found["estimates"] if e["role"] == "headline"
    )


def answers(project: Path, data: Path, out: Path) -> dict[str, float]:
    """The headline of each study of a run that ends before its report is made."""
    assert run(project, data, out, quiet, "estimate") is None
    (released,) = out.glob("runs/*/work/releases.json")
    return dict(headline(made["release"]) for made in json.loads(released.read_text()))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory):
    """Complete runs with none of the changes, the first, the first two, and so on to all five;

    and those with the first changes of the order turned round.
    """
    root = tmp_path_factory.mktemp("deliveries")
    company = draw()
    found: list[tuple[str, dict[str, float]]] = []
    with own_key(root):
        for place, made in enumerate((*WAY, *BESIDE)):
            project, data = root / f"project-{place}", root / f"data-{place}"
            company.write(project, data, made)
            # The two runs to compare share an output folder; of the others answers are enough.
            if made in (WAY[0], WAY[-1]):
                done = run(project, data, root / "out", quiet)
                assert done is not None
                found.append((done.run, headlines(done.findings)))
            else:
                found.append(("", answers(project, data, root / f"out-{place}")))
        yield root / "out", found[: len(WAY)], found[len(WAY) :]


@pytest.fixture(scope="module")
def split(runs):
    """What `mentorlift diff --json` says of the run without changes and that with all five."""
    out, found, _ = runs
    code, told, err = said(found[0][0], found[-1][0], "--out", str(out), "--json")
    assert code == 0, err
    return {study["study"]: study for study in json.loads(told)["studies"]}


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_each_change_contributes_what_a_complete_run_with_it_differs_by(runs, split, study):
    _, found, _ = runs
    expected = [b[study] - a[study] for (_, a), (_, b) in itertools.pairwise(found)]
    parts = split[study]["parts"]
    assert [part["causes"] for part in parts] == [[cause] for cause in CHANGES]
    for part, difference in zip(parts, expected, strict=True):
        assert part["contribution"] == pytest.approx(difference, abs=EXACT), part["causes"]
    moved = [cause for cause, d in zip(CHANGES, expected, strict=True) if abs(d) > EXACT]
    # Sales do not depend on why somebody left; everything else was planted to matter.
    assert moved == [c for c in CHANGES if (study, c) != ("selling", "reasons")]


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_the_other_order_is_that_of_complete_runs_too(runs, split, study):
    """Identity before the study, and new months before late exits and recoded reasons."""
    _, found, beside = runs
    parts = {part["causes"][0]: part["other_order"] for part in split[study]["parts"]}
    joined, later = (one[study] for _, one in beside)
    assert parts["identity"] == pytest.approx(joined - found[0][1][study], abs=EXACT)
    assert parts["new_time"] == pytest.approx(later - found[2][1][study], abs=EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_contributions_add_up_in_either_order_and_as_printed(runs, split, study):
    _, found, _ = runs
    change, parts = found[-1][1][study] - found[0][1][study], split[study]["parts"]
    assert split[study]["before"]["estimate"] == found[0][1][study]
    assert split[study]["after"]["estimate"] == found[-1][1][study]
    assert sum(p["contribution"] for p in parts) == pytest.approx(change, abs=EXACT)
    assert sum(p["other_order"] for p in parts) == pytest.approx(change, abs=EXACT)
    places, factor = split[study]["decimals"], 100 if study == "leaving" else 1
    ends = [round(factor * found[i][1][study], places) for i in (-1, 0)]
    assert sum(p["printed"] for p in parts) == pytest.approx(ends[0] - ends[1], abs=EXACT)
    for part in parts:
        assert abs(part["printed"] - factor * part["contribution"]) < 2 * 10.0**-places


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_the_report_of_the_second_run_names_what_was_planted(runs, study):
    """Without weighing it; `reading`: recoded reasons and who is who are read from the project."""
    out, found, _ = runs
    then = {f["study"]: f["previous"] for f in json.loads((out / "findings.json").read_text())}
    assert (then[study]["run"], then[study]["estimate"]) == (found[0][0], found[0][1][study])
    assert {*then[study]["causes"]} == {"question", "reading", "new_files", "months", "late_exits"}


@pytest.mark.slow
def test_a_check_that_changed_is_told_with_its_cause(split):
    assert split["leaving"]["before"]["grade"] == "Credible"
    assert split["leaving"]["after"]["grade"] == "Suggestive, exploratory"
    found = [(p["causes"], c["label"]) for p in split["leaving"]["parts"] for c in p["checks"]]
    declared = "Exploratory: amended after it was answered (follow up.months, follow up.primary)"
    assert found == [(["study"], declared)]


@pytest.mark.slow
def test_people_and_rows_are_rounded(split):
    """Planted: 60 people under another address, in two programmes, and 40 late exits."""
    parts = {p["causes"][0]: p for p in split["leaving"]["parts"]}
    assert (parts["identity"]["people"], parts["identity"]["rows"]) == ("60", "120")
    assert parts["exits"]["rows"] == "40"
    counts = [p[k] for p in parts.values() for k in ("people", "rows") if p[k]]
    assert all(int(text.replace(",", "")) % 5 == 0 for text in counts)


@pytest.mark.slow
def test_the_table_says_what_the_document_does(runs, split):
    out, found, _ = runs
    code, told, _ = said(found[0][0][:6], found[-1][0], "--out", str(out), "--study", "leaving")
    assert code == 0 and "selling" not in told
    assert "leaving: −2." in told and "grade: Credible -> Suggestive, exploratory" in told
    assert "by the study as written" in told
    line = next(x for x in told.splitlines() if "recoded exit reasons" in x)
    printed = next(p for p in split["leaving"]["parts"] if p["causes"] == ["reasons"])["printed"]
    assert f"{abs(printed):.2f}" in line


@pytest.mark.slow
def test_what_a_run_no_longer_keeps_is_named(runs, tmp_path):
    from pipelines.diff.runs import compare_runs

    out, found, _ = runs
    kept = [out / "runs" / found[0][0] / "work" / "asked.json"]
    kept.append(out / "warehouse" / f"warehouse-{found[0][0]}.duckdb")
    for path in kept:
        aside = path.rename(tmp_path / path.name)
        with pytest.raises(UserError, match=path.name) as told:
            compare_runs(found[0][0], found[-1][0], out, None, quiet)
        aside.rename(path)
        assert "Run the project again" in told.value.fix
