"""Reads the finished report and its findings as a stranger would, and lists what gives people away.

Nothing here asks the product: the rules are written down anew, and only files are read. Works on
``findings.json``, ``report.html`` and ``report.xlsx`` of any protected run.
"""

from __future__ import annotations

from itertools import groupby, pairwise

from tests.page import Json, Page
from tests.workbooks import workbook_breaches

MIN_GROUP = 10  # people behind a count, exits behind a step
ROUND_TO = 5  # counts of people
GROUP = 6  # counts of curves are rounded to the middle of their group of six
LAST_DIGIT = 5e-4  # shares are compared with differences to a tenth of a point, as printed
DRAWN = 1e-9  # a chart repeats the share of the findings
OF_PEOPLE = ("estimates", "diagnostics", "balance", "curves", "interactions", "grade", "reasons")
MONTH_ENDS = {30 * m for m in range(12)}  # of each year of 365 days


def figures(finding: Json) -> Json:
    """All that a finding says of people."""
    return {name: finding[name] for name in OF_PEOPLE}


def breaches(findings: list[Json], html: str, workbook: bytes = b"") -> list[str]:
    """Every rule of disclosure that the artifacts break, in words; empty where they keep all."""
    found = [line for f in findings for line in _finding(f)]
    book = workbook_breaches(findings, workbook) if workbook else []
    return found + _page(findings, html) + book


def _finding(finding: Json) -> list[str]:
    name = finding["study"]
    head = next(e for e in finding["estimates"] if e["role"] == "headline")
    out = [f"{name}: {line}" for e in finding["estimates"] for line in _estimate(e)]
    if head["status"] != "released" and finding["curves"]:
        out.append(f"{name}: a curve shows what the headline may not")
    for curve in finding["curves"]:
        what = f"{name}, {curve['name']} of {curve['arm']}, {curve['exit_kind']}"
        out += [f"{what}: {line}" for line in _curve(curve)]
    out += [f"{name}: {line}" for b in finding.get("balance", ()) for line in _balance(b)]
    return out + [f"{name}: {line}" for line in _pairs(finding) + _contradictions(finding)]


def _estimate(e: Json) -> list[str]:
    what, out = f"{e['name']} {e['arm']}", []
    figures = ("estimate", "std_error", "ci_low", "ci_high", "p_value", "n_people", "n_rows")
    if e["status"] != "released":
        return [f"{what}: {k} of a figure not released" for k in figures if e[k] is not None]
    out += [
        f"{what}: {k} is an exact count"
        for k in ("n_people", "n_rows")
        if e[k] is not None and (e[k] % ROUND_TO or 0 < e[k] < MIN_GROUP)
    ]
    if e["unit"] == "people" and any(
        e[k] is not None and e[k] != round(e[k]) for k in ("estimate", "ci_low", "ci_high")
    ):
        out.append(f"{what}: people are whole")
    return out


def _balance(b: Json) -> list[str]:
    """Groups that are not shown have nothing; nothing shown is finer than two digits."""
    people = (b["n_treated"], b["n_comparison"])
    if b["status"] != "released":
        return ["balance of a group not shown"] if any((*people, b["rows"], b["overlap"])) else []
    out = ["balance: an exact count"] if any(n % ROUND_TO or n < MIN_GROUP for n in people) else []
    figures = [x for r in b["rows"] for x in (r["before"], r["after"]) if x is not None]
    figures += [part["share"] for part in b["overlap"]]
    if any(round(x, 2) != x for x in figures):
        out.append("balance: a figure fine enough to count people")
    if (b["weights"] or {}).get("largest") is not None:
        out.append("balance: the weight of one person")
    return out


def _curve(curve: Json) -> list[str]:
    points, out = curve["points"], []
    if curve["status"] != "released":
        return ["points of a suppressed curve"] if points or curve["n_people"] else []
    if not points:
        return ["a released curve without points"]
    days = [p["day"] for p in points]
    if any(a >= b for a, b in pairwise(days)):
        out.append("days do not rise")
    if any(d % 365 not in MONTH_ENDS for d in days):
        out.append("a day that is the end of no month depends on somebody")
    done = 0
    for p in points:
        known = p["events"] - (GROUP - 1 if done else GROUP // 2 - 1)  # at least so many exits
        done += p["events"]
        if p["events"] and known < MIN_GROUP:
            out.append(f"day {p['day']}: a step of fewer than {MIN_GROUP} exits")
        if done and done % GROUP != GROUP // 2:
            out.append(f"day {p['day']}: exits are not rounded to the middle of six")
        if p["at_risk"] % (GROUP // 2) or p["at_risk"] < MIN_GROUP:
            out.append(f"day {p['day']}: people followed are not rounded, or too few")
        if not 0 <= p["ci_low"] <= p["share"] <= p["ci_high"] <= 1:
            out.append(f"day {p['day']}: share outside its interval")
    return out + _steps(points, stays=curve["name"] == "kaplan_meier")


def _steps(points: list[Json], *, stays: bool) -> list[str]:
    """Shares move one way, and only where exits were counted."""
    out = []
    for a, b in pairwise(points):
        step = (a["share"] - b["share"]) if stays else (b["share"] - a["share"])
        if step < 0:
            out.append(f"day {b['day']}: people come back")
        if step and not b["events"]:
            out.append(f"day {b['day']}: a step without exits")
    return out


def _pairs(finding: Json) -> list[str]:
    """Arms are shown together or not at all."""
    key = lambda c: (c["name"], c["exit_kind"])  # noqa: E731
    groups = groupby(sorted(finding["curves"], key=key), key=key)
    return [
        f"{k}: one arm is shown without the other"
        for k, found in groups
        if len({c["status"] for c in found}) > 1
    ]


def _contradictions(finding: Json) -> list[str]:
    """Differences of shares that are not the difference released beside them."""
    shares = {
        (c["name"], c["exit_kind"], c["arm"], p["day"]): p["share"]
        for c in finding["curves"]
        for p in c["points"]
    }
    out = []
    for e in finding["estimates"]:
        about = _about(finding, e)
        if about is None or e["status"] != "released":
            continue
        months = e["window"][1]
        day = months // 12 * 365 + months % 12 * 30
        ends = [shares.get((*about, arm, day)) for arm in (e["arm"], finding["comparison"])]
        if None in ends:
            continue
        if abs(ends[0] - ends[1] - e["estimate"]) > LAST_DIGIT:
            out.append(f"{e['name']}, day {day}: shares contradict the released difference")
    return out


def _about(finding: Json, e: Json) -> tuple[str, str] | None:
    """The curve and kind of exit whose arms the estimate is the difference of."""
    plain = finding["outcome_kind"] == "exit" and e["unit"] == "share" and not e["subgroup"]
    if not plain or e["role"] == "naive":
        return None
    own = finding["outcome_metric"]
    if e["role"] == "headline" or e["name"] in ("window", "headline", "primary"):
        return "standardised_incidence", own
    if e["name"] == "unadjusted":
        return "aalen_johansen", own
    kinds = {c["exit_kind"] for c in finding["curves"]}
    return ("standardised_incidence", e["name"]) if e["name"] in kinds else None


def _page(findings: list[Json], html: str) -> list[str]:
    page, out = Page(html), []
    curves = [c for f in findings for c in f["curves"] if c["points"]]
    points = [p for c in curves for p in c["points"]]
    allowed = {
        "Followed": {f"{p['at_risk']:,}" for p in points} | {"–"},
        "Exits since": {f"{p['events']:,}" for p in points} | {"–"},
    }
    for head, cell in page.columns:
        if head in allowed and cell not in allowed[head]:
            out.append(f"the table shows {cell} under {head}, which was not released")
    drawn = [f for f in page.data if any(t.get("fill") for t in f["data"])]
    return out + [line for figure in drawn for line in _figure(figure, curves, allowed)]


def _figure(figure: Json, curves: list[Json], allowed: dict[str, set[str]]) -> list[str]:
    """A chart of curves holds their points, and nothing of a person to hover on."""
    out = []
    for trace in figure["data"]:
        if {"text", "customdata", "hovertext", "hovertemplate", "ids"} & trace.keys():
            out.append("a chart carries texts that nobody sees")
        ends = ("ci_low", "ci_high") if trace.get("fill") else ("share",)
        last = max(p["day"] for c in curves for p in c["points"])
        if not any(_drawn(trace, c, ends) for c in curves):
            out.append("a chart draws a step that was not released")
        if max(trace["x"]) > 1.05 * last:
            out.append("a chart goes on behind the last day released")
    counts = [
        note["text"]
        for note in figure["layout"]["annotations"]
        if note["text"].replace(",", "").isdigit()
    ]
    wrong = [n for n in counts if n not in allowed["Followed"]]
    return out + [f"the chart shows {n} people, which was not released" for n in wrong]


def _drawn(trace: Json, curve: Json, ends: tuple[str, ...]) -> bool:
    """Whether the trace goes through the points of the curve alone; its tail repeats the last."""
    days = [p["day"] for p in curve["points"]]
    values = [100 * p[k] for p in curve["points"] for k in ends]
    return all(
        (x in days or x > days[-1]) and any(abs(y - v) < DRAWN for v in values)
        for x, y in zip(trace["x"], trace["y"], strict=True)
    )
