"""Do the items of the outcome's scale measure one thing, and all in the declared direction?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.diagnostics import Diagnostic
from analysis.funnel import Query
from analysis.instruments import scale_of
from analysis.reliability import Coefficient, reliability

if TYPE_CHECKING:
    import pandas as pd

    from analysis.diagnostics.thresholds import Thresholds
    from analysis.reliability import Reliability
    from analysis.study import StudySpec

_FORMATIVE = (
    "The items make up an index and need not go together; their weights are published with it "
    "(marts.scoring_keys)."
)


def items_query(spec: StudySpec, metric: str = "") -> Query:
    """SQL for the answers to a scale as scored and as known at the study's date.

    One row a person, wave and item: person_no, wave, answered_on, item, wording, value (reversed
    items turned, nothing out of range), is_formative. ``metric`` [the study's] names the scale.
    """
    instrument, scale = scale_of(metric or spec.outcome.metric)
    sql = """
select
    answers.person_no, answers.wave, answers.answered_on, keys.key_item as item, keys.wording,
    case when keys.is_reversed then keys.low + keys.high - answers.value else answers.value end
        as value,
    keys.is_formative
from marts.survey_responses as answers
inner join marts.scoring_keys as keys
    on
        answers.instrument = keys.questionnaire
        and answers.wave = keys.wave
        and answers.item = keys.item
inner join marts.survey_waves as waves
    on answers.instrument = waves.questionnaire and answers.wave = waves.wave
where
    keys.instrument = ?
    and keys.scale = ?
    and answers.known_from <= ?
    and answers.known_to > ?
    and waves.is_linked
    and answers.value between keys.low and keys.high
order by answers.person_no, answers.wave, keys.key_item
"""
    return Query(sql, (instrument, scale, spec.as_of, spec.as_of))


def scale_reliability(
    answers: pd.DataFrame, people: pd.Series[int], metric: str, limits: Thresholds
) -> tuple[Diagnostic, ...]:
    """Notes on alpha and omega by wave, a verdict on the lowest, one on items against the scale.

    ``answers`` is what :func:`items_query` returns, ``people`` the person_no of those studied, of
    all arms together. Waves answered by fewer people than the limit are counted and not judged.
    """
    own = answers[answers["person_no"].isin(people)]
    if own.empty:
        return ()
    if own["is_formative"].astype(bool).all():
        return (_note(f"Internal consistency of {metric}", "none exists", _FORMATIVE),)
    found: dict[str, Reliability] = {}
    few: list[str] = []
    for wave in own.groupby("wave")["answered_on"].min().sort_values(kind="stable").index:
        table = own[own["wave"] == wave].pivot(index="person_no", columns="item", values="value")
        if len(table) < limits.scale_people:
            few.append(str(wave))
        else:
            found[str(wave)] = reliability(table.to_numpy(), tuple(table.columns))
    notes = [_of_wave(metric, wave, made) for wave, made in found.items()]
    if few:
        text = f"fewer than {limits.scale_people} people answered in wave {', '.join(few)}"
        notes.append(_note(f"Reliability of {metric} not judged", text, ""))
    if not found:
        return tuple(notes)
    told = own[own["wording"].notna()].drop_duplicates("item", keep="last")
    wordings = dict(zip(told["item"], told["wording"], strict=True))
    return (_lowest(metric, found, limits), _against(metric, found, wordings), *notes)


def _lowest(metric: str, found: dict[str, Reliability], limits: Thresholds) -> Diagnostic:
    made = [
        (c.value, wave, name, r.fewest)
        for wave, r in found.items()
        for name, c in (("alpha", r.alpha), ("omega", r.omega))
        if isinstance(c, Coefficient)
    ]
    label = f"Lowest reliability of {metric} in any wave"
    if not made:
        reasons = sorted({str(r.alpha) for r in found.values()})
        return _note(label, "none could be estimated", f"{'; '.join(reasons)}.")
    value, wave, name, fewest = min(made)
    low = value < limits.scale_reliability
    return Diagnostic(
        name="scale_reliability",
        label=label,
        value=round(value, 2),
        display=f"{name} {value:.2f} (wave {wave})",
        threshold=f"warn below {limits.scale_reliability:.2f}",
        status="warn" if low else "pass",
        remedy=(
            "Look for items printed the other way round or not understood; scores carry much "
            "noise, which widens intervals and pulls associations towards zero."
            if low
            else ""
        ),
        n_smallest=fewest,
    )


def _against(metric: str, found: dict[str, Reliability], wordings: dict[str, str]) -> Diagnostic:
    items = [
        f"{item} (wave {wave}, r = {r.item_rest[item]:.2f})"
        for wave, r in found.items()
        for item in r.against
    ]
    named = sorted({item for r in found.values() for item in r.against})
    said = "; ".join(f"{i}: {wordings[i]}" for i in named if wordings.get(i))
    return Diagnostic(
        name="item_against_scale",
        label=f"Items of {metric} that run against the rest",
        value=float(len(items)),
        display=", ".join(items) or "none",
        threshold="warn where an item-rest correlation is below 0",
        status="warn" if items else "pass",
        remedy=(
            "A reversal was forgotten, or the anchors were printed the other way round: compare "
            "the questionnaire with the key, and say under `instruments` what was `printed`."
            + (f" Asked was {said}." if said else "")
            if items
            else ""
        ),
        n_smallest=min(r.fewest for r in found.values()),
    )


def _of_wave(metric: str, wave: str, made: Reliability) -> Diagnostic:
    parts = [_shown("alpha", made.alpha), _shown("omega", made.omega)]
    conventions = [c.convention for c in (made.alpha, made.omega) if isinstance(c, Coefficient)]
    value = round(made.alpha.value, 2) if isinstance(made.alpha, Coefficient) else None
    return Diagnostic(
        name="scale_reliability_wave",
        label=f"Reliability of {metric}, wave {wave}",
        value=value,
        display=", ".join(parts),
        threshold="not gated",
        status="note",
        remedy="; ".join(conventions),
        n_smallest=made.fewest,
    )


def _shown(name: str, made: Coefficient | str) -> str:
    if isinstance(made, str):
        return f"{name}: {made}"
    return f"{name} {made.value:.2f} ({made.ci_low:.2f} to {made.ci_high:.2f})"


def _note(label: str, display: str, remedy: str) -> Diagnostic:
    return Diagnostic(
        name="scale_reliability", label=label, value=None, display=display, threshold="not gated",
        status="note", remedy=remedy,
    )  # fmt: skip
