"""findings.json: its shape, its order, and what is absent from it."""

from __future__ import annotations

import json
from dataclasses import replace

from reports.build import findings_json
from tests.report_cases import company_report, public_report, report

FINDING = {"study", "design", "grade", "estimates", "diagnostics", "population", "hashes"}
ESTIMATE = {
    "name",
    "role",
    "estimand",
    "estimator",
    "arm",
    "comparison",
    "subgroup",
    "window",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "n_people",
    "n_rows",
    "unit",
    "status",
    "reason",
}
DIAGNOSTIC = {"name", "value", "threshold", "status", "remedy"}


def test_every_promised_key_is_there() -> None:
    for finding in json.loads(findings_json(company_report())):
        assert set(finding) >= FINDING
        assert set(finding["hashes"]) == {"study", "run", "code", "inputs"}
        assert all(set(e) >= ESTIMATE for e in finding["estimates"])
        assert all(set(d) >= DIAGNOSTIC for d in finding["diagnostics"])


def test_the_headline_comes_first_with_its_figures() -> None:
    head = json.loads(findings_json(public_report()))[0]["estimates"][0]
    assert (head["role"], head["estimate"], head["std_error"]) == ("headline", 368.74, 131.57)
    assert (head["window"], head["n_people"], head["n_rows"]) == ([1, 17], 243, 2211)


def test_studies_are_in_order_and_the_file_ends_with_a_line_end() -> None:
    text = findings_json(company_report())
    studies = [f["study"] for f in json.loads(text)]
    assert studies == sorted(studies) and len(studies) == 4
    assert text.endswith("]\n")


def test_the_order_of_studies_given_does_not_matter() -> None:
    given = company_report()
    turned = replace(given, releases=tuple(reversed(given.releases)))
    assert findings_json(given) == findings_json(turned)


def test_an_open_interval_is_null_and_nothing_is_infinite() -> None:
    text = findings_json(public_report())
    open_end = [e for e in json.loads(text)[0]["estimates"] if e["name"] == "anderson_rubin"]
    assert open_end[0]["ci_high"] is None
    assert "Infinity" not in text and "NaN" not in text


def test_withheld_and_suppressed_numbers_are_absent() -> None:
    text = findings_json(company_report())
    for number in ("0.1234", "0.5678", "777.77", "88.88", "1234 to 5678"):
        assert number not in text


def test_no_study_is_an_empty_list() -> None:
    assert findings_json(report(())) == "[]\n"
