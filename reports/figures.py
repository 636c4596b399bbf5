"""The chart of effects by month: a Plotly figure as plain JSON, coloured by the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from markupsafe import Markup

from reports.names import arm_words
from reports.numbers import number
from reports.scales import scale
from reports.shown import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import ReleasedEstimate
    from reports.scales import Scale

SANS = (
    "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', "
    "'Liberation Sans', Arial, sans-serif"
)
# One role and one shape an arm: colour is never the only cue. charts.js knows the roles.
ROLES = (("effect", "circle"), ("arm-2", "square"), ("arm-3", "diamond"))
# Zero lies between grid and dots, across the whole plot.
_NO_EFFECT = {
    "type": "line",
    "xref": "paper",
    "x0": 0,
    "x1": 1,
    "y0": 0,
    "y1": 0,
    "line": {"width": 1.5, "dash": "6px,3px"},
    "layer": "between",
}
_SPREAD = 0.03  # of the axis, between the dots of two arms; at most half a month
_MAX_TICKS = 13


def by_month_figure(arms: Sequence[tuple[str, Sequence[ReleasedEstimate]]]) -> dict[str, Any]:
    """Plotly JSON with one trace an arm; ``arms`` pairs its name with its months in order.

    Colours are left to the page: each trace names its role in ``meta``.
    """
    figure = go.Figure(layout=_layout(arms))
    middle, months = (len(arms) - 1) / 2, [e.window[0] for _, rows in arms for e in rows]
    apart = min(_SPREAD * (max(months) - min(months) + 1), 0.5)
    for i, (arm, estimates) in enumerate(arms):
        figure.add_trace(_trace(arm, estimates, (i - middle) * apart, ROLES[i % len(ROLES)]))
    plain: dict[str, Any] = figure.to_plotly_json()
    return plain


def script_json(value: object) -> Markup:
    """JSON that may stand inside a script element: no text in it can end the element."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def _trace(
    arm: str, estimates: Sequence[ReleasedEstimate], shift: float, role: tuple[str, str]
) -> go.Scatter:
    points = [(e, shown(e)) for e in estimates]
    points = [(e, f) for e, f in points if f.value is not None]
    up = [None if f.high is None else f.high - (f.value or 0) for _, f in points]
    down = [None if f.low is None else (f.value or 0) - f.low for _, f in points]
    return go.Scatter(
        x=[e.window[0] + shift for e, _ in points],
        y=[f.value for _, f in points],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": up,
            "arrayminus": down,
            "thickness": 2.5,
            "width": 0,
        },
        mode="markers",
        marker={"symbol": role[1], "size": 10},
        name=arm_words(arm),
        meta=role[0],
        hoverinfo="skip",
        cliponaxis=False,
    )


def _layout(arms: Sequence[tuple[str, Sequence[ReleasedEstimate]]]) -> dict[str, Any]:
    months = sorted({e.window[0] for _, rows in arms for e in rows})
    figures = [shown(e) for _, rows in arms for e in rows]
    axis = scale(v for f in figures for v in (f.value, f.low, f.high))
    every = -(-len(months) // _MAX_TICKS)
    ticks = months[::every] if months else []
    first, last = (months[0], months[-1]) if months else (0, 1)
    made = plot_layout(
        height=320,
        margin={"l": 52, "r": 8, "t": 12, "b": 48},
        span=(first - 0.6, last + 0.6),
        ticks=ticks,
        passed="months",
        axis=axis,
        labels=[t.label for t in axis.ticks],
    )
    return made | {"shapes": [_NO_EFFECT]}


def plot_layout(
    *,
    height: int,
    margin: dict[str, int],
    span: tuple[float, float],
    ticks: Sequence[int],
    passed: str,
    axis: Scale,
    labels: Sequence[str],
) -> dict[str, Any]:
    """Layout of a chart over the time since time zero, counted in ``passed`` ("months")."""
    return {
        "template": "none",
        "height": height,
        "margin": margin,
        "showlegend": False,
        "hovermode": False,
        "font": {"family": SANS, "size": 12.5},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {
            "range": list(span),
            "tickvals": list(ticks),
            "ticktext": [number(t, 0) for t in ticks],
            "tickangle": 0,
            "showgrid": False,
            "zeroline": False,
            "title": {"text": f"{passed} since time zero", "standoff": 8, "font": {"size": 12.5}},
        },
        "yaxis": {
            "range": [axis.low, axis.high],
            "tickvals": [axis.low + i * axis.step for i in range(len(axis.ticks))],
            "ticktext": list(labels),
            "showgrid": True,
            "zeroline": False,
        },
    }
