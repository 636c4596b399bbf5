"""The workbook of a report, opened as its reader opens it."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from analysis.calibration.summary import Calibration, Line, share
from pipelines.literature import read_shelf
from reports.build import findings_json
from reports.tables import TABLES, released_tables
from reports.tables.table import Number
from reports.workbook import CUT, LONGEST, clean, workbook
from tests.exit_cases import leaving_report
from tests.money_cases import money_report
from tests.report_cases import (
    company_report,
    hostile_report,
    lottery,
    public_report,
    released,
    report,
    withheld,
)
from tests.since_cases import RUN, changed_report
from tests.workbooks import cells, read_workbook, workbook_breaches

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.model import Report

CASES = {"company": company_report, "leaving": leaving_report, "public": public_report}
NAMES = ["Answer", "Since the last report", "Studies", "Estimates", "Diagnostics", "Limits",
         "Balance", "Overlap", "Weights", "Over time", "Exit curves",
         "Funnel", "Groups", "Who benefits", "Subgroup tests", "Calibration", "What others found",
         "Money", "Files", "Rows set aside", "How files were read", "Data checks",
         "Provenance"]  # fmt: skip
HOSTILE = (
    "=HYPERLINK(\"http://evil.example\",\"x\")", "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1",
    "http://evil.example", "mailto:a@b.example", "&G&\"Arial\"&99", "<b>&amp;</b>", "_x0041_",
    "\x00\x1b\x0b\ufffe\uffff", "{=1+1}", "'=1+1", "é\u202e\u2066", "123", "#N/A", "TRUE",
)  # fmt: skip


def opened(made: Report) -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook(made)))


def row_of(made: Report, sheet: str, **known: str) -> dict[str, Any]:
    """The first row of a sheet with these cells."""
    rows = read_workbook(workbook(made)).sheets[sheet]
    return next(r for r in rows if all(r[head] == value for head, value in known.items()))


def test_sheets_have_fixed_names_and_one_entry_each_in_the_list() -> None:
    assert [t.name for t in released_tables(company_report())] == NAMES
    assert len(TABLES) == len(NAMES)
    for name in NAMES:
        assert len(name) <= 31 and not set(name) & set("[]:*?/\\'")


def test_a_table_without_a_row_has_no_sheet_and_the_readme_says_so() -> None:
    book = read_workbook(workbook(public_report()))
    gone = [t.name for t in released_tables(public_report()) if not t.rows]
    assert {"Exit curves", "Who benefits", "Calibration"} <= set(gone)
    assert [n for n in NAMES if n not in gone] == list(book.sheets)
    assert any("left out" in text and all(n in text for n in gone) for text in book.readme)


def test_the_readme_says_what_this_is_and_what_may_be_said() -> None:
    text = "\n".join(read_workbook(workbook(company_report())).readme)
    for words in (
        "Ardenwick Group", "2018-10-01", "4f7a9c21", "no formula", "Counts are rounded to 5",
        "print as <10", "probably raised", "One row a study", "Do not say",
        "These data cannot answer whether being assigned to the buddy arm",
    ):  # fmt: skip
        assert words in text


def test_published_data_are_said_to_be_exact() -> None:
    text = "\n".join(read_workbook(workbook(public_report())).readme)
    assert "counts of people are exact" in text and "rounded to 5" not in text


@pytest.mark.parametrize("case", CASES)
def test_every_table_can_be_filtered_read_and_printed(case: str) -> None:
    """Heads stay in sight and repeat on paper; a page is as wide as the table."""
    for sheet in opened(CASES[case]()).worksheets[1:]:
        last = sheet.cell(sheet.max_row, sheet.max_column).coordinate
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == f"A1:{last}"
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage  # one page wide unless told otherwise
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
        assert "run 4f7a9c21" in sheet.oddFooter.left.text
        assert "as known at 1\u00a0Oct\u00a02018" in sheet.oddFooter.left.text
        widths = [d.width for d in sheet.column_dimensions.values()]
        assert all(8 <= w <= 110 for w in widths)


def test_the_file_says_what_it_is() -> None:
    told = opened(company_report()).properties
    assert told.title == "Ardenwick Group: mentoring report, tables"
    assert told.subject == "What mentoring does, as known at 1\u00a0Oct\u00a02018"
    assert told.created == told.modified == dt.datetime(2000, 1, 1)


def test_figures_are_numbers_with_their_unit_beside() -> None:
    """Weekly profit of the trial as published: 369 KES a week, 111 to 627, p = 0.005."""
    row = row_of(public_report(), "Estimates", Name="primary", Arm="mentee")
    assert row["Estimate"] == pytest.approx(369, abs=0.5) and row["Unit"] == "KES a week"
    assert row["95 % low"] == pytest.approx(111, abs=1) and row["p-value"] < 0.01
    sheet = opened(public_report())["Estimates"]
    heads = [c.value for c in sheet[1]]
    cell = sheet.cell(2, heads.index("Estimate") + 1)
    assert cell.data_type == "n" and cell.number_format.startswith("+")
    assert sheet.cell(2, heads.index("People") + 1).number_format == "#,##0"


def test_shares_are_printed_as_points_and_ratios_as_they_are() -> None:
    made = leaving_report()
    gap = row_of(made, "Estimates", Study="who-stays", Role="headline")
    assert (gap["Estimate"], gap["Unit"]) == (-2.11, "percentage points")
    ratio = row_of(made, "Estimates", Name="hazard_ratio")
    assert (ratio["Estimate"], ratio["Unit"]) == (0.79, "ratio")
    raw = row_of(made, "Answer", Study="who-stays")
    assert raw["Raw gap, not an effect"] == -9.81


def test_curves_have_their_numbers_at_risk() -> None:
    rows = read_workbook(workbook(leaving_report())).sheets["Exit curves"]
    first = next(r for r in rows if r["Arm"] == "mentored" and r["Day"] == 365)
    assert (first["At risk"], first["Exits since"]) == (726, 24)
    assert first["Share"] == pytest.approx(0.0842, abs=5e-4)
    assert first["Exits count as"] == "exits in all trials: one person may count several times"


def test_calibration_says_who_joined_and_why_nothing_was_drawn() -> None:
    """Four false claims in 100 programmes: exact binomial interval 1.1 to 9.9 % (R: binom.test)."""
    made = line("random", claimed=4, of=100)
    drawn = [
        Calibration(study="a", design="randomised", outcome_kind="kpi", lines=(made,)),
        Calibration(study="b", design="rollout", outcome_kind="kpi", lines=(made,)),
        Calibration(study="c", design="opt_in", outcome_kind="kpi", reason="too few months"),
    ]
    rows = read_workbook(workbook(replace(public_report(), calibrations=tuple(drawn)))).sheets
    first, sites, none = rows["Calibration"]
    assert (first["Who joined"], first["Claimed, share"]) == ("random people", 0.04)
    assert [first["95 % low"], first["95 % high"]] == pytest.approx([0.011, 0.099], abs=5e-4)
    assert sites["Who joined"] == "sites dealt anew"
    assert (none["Programmes"], none["Reason"]) == ("none", "too few months")


def test_what_others_found_never_mixes_trials_with_what_was_not_verified() -> None:
    made = replace(leaving_report(), shelf=read_shelf())
    rows = read_workbook(workbook(made)).sheets["What others found"]
    read = [row["Read in the source"] == "yes" for row in rows]
    trials = [row["Design"] == "Randomised trial" for row in rows if row["Read in the source"]]
    assert read == sorted(read, reverse=True) and True in read and False in read
    verified = trials[: sum(read)]
    assert verified == sorted(verified, reverse=True) and any(verified)
    assert {row["Family"] for row in rows} == {"Leaving", "Intention to leave"}
    assert {type(row["Estimate"]) for row in rows} <= {int, float, str}


def test_money_has_its_result_and_every_assumption_and_nothing_of_what_may_not_count() -> None:
    """Costs by hand: 80 pairs, 6 months, 1.5 hours at 40 and at 20, 10 a month, 2,000 and 1,000."""
    rows = read_workbook(workbook(money_report())).sheets["Money"]
    own = [r for r in rows if r["Case"] == "Sales mentoring"]
    costs = {r["What"]: r["Value"] for r in own if r["Part"] == "cost"}
    parts = [28_800, 14_400, 4_800, 2_000, 1_000]
    assert list(costs.values()) == [*parts, sum(parts)]
    net = next(r for r in own if r["What"] == "Net")
    ratio = next(r for r in own if r["What"] == "Return")
    assert ratio["Value"] == pytest.approx(net["Value"] / sum(parts)) and net["Unit"] == "EUR"
    assert sum(r["Part"] == "assumption" for r in own) == 12
    refused = [r for r in rows if r["Case"] == "The service desk" and r["Part"] != "cost"]
    heads = ("Value", "Low", "High", "Net over cost at low", "Net over cost at high")
    for row in refused:
        said = {row[h] for h in heads[3 * (row["Part"] == "assumption") :]}
        assert said <= {"counts as nothing", "none"}


def test_balance_has_its_signs_and_what_may_not_be_shown() -> None:
    """The case holds a difference of -0.12 before and 0 after; engagement is a plain number."""
    book = read_workbook(workbook(leaving_report())).sheets
    own = [r for r in book["Balance"] if r["Study"] == "who-stays"]
    score = next(r for r in own if r["Measured before"] == "engagement")
    assert (score["Difference before"], score["Difference after"]) == (0.38, -0.05)
    assert (score["Limit after"], score["Unit"], score["Status"]) == (
        0.1, "standard deviations", "shown",
    )  # fmt: skip
    hidden = [r for r in book["Balance"] if r["Status"] == "not shown"]
    assert all(r["Difference before"] == "not shown" and r["Reason"] for r in hidden)


def test_overlap_adds_up_and_weights_have_their_units() -> None:
    book = read_workbook(workbook(leaving_report())).sheets
    sides: dict[str, float] = {}
    for row in book["Overlap"]:
        sides[row["Share of"]] = sides.get(row["Share of"], 0.0) + row["Share"]
    assert set(sides) == {"mentored", "not yet mentored"}
    assert list(sides.values()) == pytest.approx([1.0, 1.0], abs=10 * 0.005)  # ten of two decimals
    heaviest, *_, last = [r for r in book["Weights"] if "Effective" not in r["What"]]
    assert (heaviest["Figure"], heaviest["Unit"]) == (0.29, "share of the weight")
    assert (last["Figure"], last["Unit"]) == (4.4, "weight over the mean")
    assert not any("one person" in r["What"] for r in book["Weights"])  # people are protected


def test_what_changed_has_both_numbers_and_why() -> None:
    """Profits were 369 of 111 to 627; the report before had 21 more and was graded Credible."""
    rows = read_workbook(workbook(changed_report())).sheets["Since the last report"]
    by_study = {row["Study"]: row for row in rows}
    trial = by_study["mentors-for-firms"]
    assert trial["Estimate, then"] - trial["Estimate, now"] == pytest.approx(21)
    assert (trial["Grade then"], trial["Change"]) == ("Credible", "moved")
    assert trial["What differs"].startswith("2 more months, new files with earlier figures")
    assert {r["Last run"] for r in rows} == {RUN}
    held = by_study["service-desk"]
    assert (held["Estimate, then"], held["Estimate, now"]) == ("withheld", "withheld")
    gone = by_study["onboarding"]
    assert (gone["Change"], gone["Estimate, then"], gone["Grade now"]) == (
        "no longer asked", "none", "none",
    )  # fmt: skip


def test_the_reader_knows_the_report_before() -> None:
    made = changed_report()
    releases = tuple(r for r in made.releases if r.mode == "protected")
    made = replace(made, releases=releases)
    findings = json.loads(findings_json(made))
    assert workbook_breaches(findings, workbook(made)) == []
    next(f for f in findings if f["study"] == "sales-mentoring")["previous"]["estimate"] += 0.1
    assert any("Estimate, then was not" in x for x in workbook_breaches(findings, workbook(made)))


def test_the_reader_sees_balance_that_was_not_released() -> None:
    made = leaving_report()
    findings = json.loads(findings_json(made))
    own = next(f for f in findings if f["study"] == "who-stays")["balance"][0]
    own["rows"] = [r for r in own["rows"] if r["covariate"] != "engagement"]
    found = workbook_breaches(findings, workbook(made))
    assert any("0.38 under Difference before was not released" in line for line in found)


def line(kind: str, claimed: int, of: int) -> Line:
    """Placebo programmes of a kind, so many of which were claimed and none withheld."""
    shares = {"withheld": 0, "ungated": claimed, "covered": of - claimed, "naive": of}
    found = {name: share(count, of) for name, count in shares.items()}
    return Line(kind=kind, programmes=of, claimed=share(claimed, of), **found)


def test_an_effect_that_prints_as_zero_has_no_sign() -> None:
    from reports.tables.table import effect

    assert effect(0.03, "", 1) == Number(0.03, "#,##0.0;#,##0.0;#,##0.0")
    assert effect(0.06, "", 1) == Number(0.06, "+#,##0.0;-#,##0.0;#,##0.0")


def test_what_is_not_shown_says_so_in_words() -> None:
    made = company_report()
    hidden = {"service-desk": "withheld", "trainee-mentors": "not shown"}
    for study, word in hidden.items():
        row = row_of(made, "Answer", Study=study)
        heads = ("Estimate", "95 % low", "95 % high", "Raw gap, not an effect", "People", "Status")
        assert {row[head] for head in heads} == {word}
    few = row_of(made, "Funnel", Study="trainee-mentors", Step="drawn")
    assert few["People"] == "<10"
    none = row_of(made, "Estimates", Name="two_stage_least_squares", Arm="class")
    assert (none["Estimate"], none["Reason"]) == ("not estimable", "nobody took part")
    open_end = row_of(made, "Estimates", Name="anderson_rubin")
    assert open_end["95 % high"] == "unbounded"


@pytest.mark.parametrize("case", CASES)
def test_no_figure_is_an_empty_cell(case: str) -> None:
    for table in released_tables(CASES[case]()):
        for row in table.rows:
            for column, value in zip(table.columns, row, strict=True):
                assert column.kind != "figure" or value != "", (table.name, column.head)


def test_withheld_figures_are_nowhere() -> None:
    """The case holds 0.1234, 0.5678 and bounds of 1234 to 5678, in points 12.34 and 56.78."""
    for where, values in cells(read_workbook(workbook(report(released(withheld()))))):
        for value in values:
            for figure in ("1234", "5678", "12.34", "56.78"):
                assert figure not in str(value), where


@pytest.mark.parametrize("case", ["company", "leaving"])
def test_the_workbook_gives_nobody_away(case: str) -> None:
    made = CASES[case]()
    protected = replace(made, releases=tuple(r for r in made.releases if r.mode == "protected"))
    assert workbook_breaches(json.loads(findings_json(protected)), workbook(protected)) == []


def _hide(finding: dict[str, Any]) -> None:
    for e in finding["estimates"]:
        e.update(dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "n_people")))


def _withhold(finding: dict[str, Any]) -> None:
    finding["grade"] = "Withheld"


def _move_curves(finding: dict[str, Any]) -> None:
    for curve in finding["curves"]:
        for point in curve["points"]:
            point["at_risk"] += 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_hide, "-2.11 under Estimate was not released"),
        (_withhold, "Estimate of a study withheld"),
        (_move_curves, "726 under At risk was not released"),
    ],
)
def test_the_reader_sees_what_was_not_released(
    spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    """Had the findings held less, the workbook would have been caught."""
    made = leaving_report()
    findings = copy.deepcopy(json.loads(findings_json(made)))
    spoil(next(f for f in findings if f["study"] == "who-stays"))
    assert any(said in line for line in workbook_breaches(findings, workbook(made)))


def test_the_reader_sees_exact_counts() -> None:
    """The same study as published data: 299 people of whom 323 were drawn."""
    made = report(released(lottery(), mode="public"))
    found = workbook_breaches(json.loads(findings_json(made)), workbook(made))
    assert any("under People is an exact count" in line for line in found)


@pytest.mark.parametrize("bad", HOSTILE, ids=repr)
def test_hostile_texts_stay_texts(bad: str) -> None:
    """No formula and no link, whatever anything is called; the reader refuses both."""
    book = read_workbook(workbook(hostile_report(bad, leaving_report())))
    shown = clean(bad)
    assert not set(shown) & set("\x00\x1b\x0b\u202e\u2066\ufffe\uffff")
    assert {row["Step"] for row in book.sheets["Funnel"]} >= ({shown} if shown else set())


def test_what_one_would_edit_into_a_formula_is_marked_as_text() -> None:
    sheet = opened(hostile_report("=1+1"))["Funnel"]
    texts = [c for row in sheet.iter_rows() for c in row if c.value == "=1+1"]
    assert texts and all(c.data_type == "s" and c.quotePrefix for c in texts)


@pytest.mark.parametrize("letter", ["x", "\U0001f600"])
def test_a_text_too_long_for_a_cell_is_cut_with_a_mark(letter: str) -> None:
    """Excel counts units of UTF-16, of which some characters have two."""
    made = opened(hostile_report(letter * 40_000))
    longest = max((c.value for c in made["Funnel"]["C"]), key=len)
    assert longest.endswith(CUT)
    assert LONGEST - 1 <= len(longest.encode("utf-16-le")) // 2 <= LONGEST
    assert clean(letter * 100) == letter * 100


def test_files_have_dates_and_counts() -> None:
    row = row_of(public_report(), "Files", File="profits.csv")
    assert row["Delivered"] == dt.datetime(2018, 10, 1)
    assert [row[h] for h in ("Rows in", "Loaded", "Quarantined", "Left out", "Duplicates")] == [
        2625, 2612, 3, 10, 0,
    ]  # fmt: skip
    rows = row_of(company_report(), "Rows set aside", Rule="person_id is missing")
    assert rows["Rows"] == "<10"
