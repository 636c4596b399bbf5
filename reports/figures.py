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
    from collections.abc import Mapping, Sequence

    from analysis.disclosure import ReleasedEstimate
    from reports.scales import Scale

SANS = (
    "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', "
    "'Liberation Sans', Arial, sans-serif"
)
# One role and one shape an arm: colour is never the only cue. charts.js knows the roles.
ROLES = (("effect", "circle"), ("arm-2", "square"), ("arm-3", "diamond"))
# Shapes and notes are named for the role of their colour.
# Zero lies between grid and dots, across the whole plot: the only dark line.
_ZERO = {
    "type": "line",
    "name": "ink",
    "xref": "paper",
    "x0": 0,
    "x1": 1,
    "y0": 0,
    "y1": 0,
    "line": {"width": 1.5},
    "layer": "between",
}
_SMALL = {"size": 12.5}
# What all charts over time share, on light, dark and paper: their colours are those of the page.
_THEME: dict[str, Any] = {
    "template": "none",
    "showlegend": False,
    "hovermode": False,
    "font": {"family": SANS, **_SMALL},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "shapes": [_ZERO],
}
_BETWEEN = -0.5  # between the last month before time zero and the month that holds it
_START = {
    "type": "line",
    "name": "rule-2",
    "yref": "paper",
    "x0": _BETWEEN,
    "x1": _BETWEEN,
    "y0": 0,
    "y1": 1,
    "line": {"width": 1, "dash": "2px,3px"},
    "layer": "below",
}
_EDGE = 0.01  # of the axis, beyond its ends: the outermost grid lines are drawn whole
_SPREAD = 0.03  # of the axis, between the dots of two arms; at most half a month
_MAX_TICKS = 13
_THICK = 2.5  # px of an interval of one month
_MANY = 18  # months, above which dots are smaller


def by_month_figure(
    arms: Sequence[tuple[str, Sequence[ReleasedEstimate]]],
    bands: Mapping[tuple[str, tuple[int, int]], ReleasedEstimate] | None = None,
) -> dict[str, Any]:
    """Plotly JSON with one trace an arm; ``arms`` pairs its name with its months in order.

    ``bands`` hold the same months with an interval that covers them all, by arm and window: drawn
    thin, under the others. Colours are left to the page: each trace names its role in ``meta``.
    """
    wide = [(arm, [bands[key] for e in rows if (key := (e.arm, e.window)) in bands])
            for arm, rows in arms] if bands else []  # fmt: skip
    figure = go.Figure(layout=_layout([*arms, *wide]))
    middle, months = (len(arms) - 1) / 2, [e.window[0] for _, rows in arms for e in rows]
    apart = min(_SPREAD * (max(months) - min(months) + 1), 0.5)
    for drawn, thickness in ((wide, 1), (arms, _THICK)):
        for i, (arm, estimates) in enumerate(drawn):
            shift, role = (i - middle) * apart, ROLES[i % len(ROLES)]
            figure.add_trace(_trace(arm, estimates, shift, role, thickness))
    plain: dict[str, Any] = figure.to_plotly_json()
    return plain


def script_json(value: object) -> Markup:
    """JSON that may stand inside a script element: no text in it can end the element."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def _trace(
    arm: str,
    estimates: Sequence[ReleasedEstimate],
    shift: float,
    role: tuple[str, str],
    thickness: float,
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
            "thickness": thickness,
            "width": 0,
        },
        mode="markers",
        marker={"symbol": role[1], "size": 10 if len(points) <= _MANY else 7},
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
    split = first < 0 <= last
    made = plot_layout(
        height=320,
        margin={"l": 52, "r": 8, "t": 26 if split else 12, "b": 48},
        span=(first - 0.6, last + 0.6),
        ticks=ticks,
        passed="months",
        axis=axis,
        labels=[t.label for t in axis.ticks],
    )
    if not split:
        return made
    notes = [_beside_start("before: a test", "right"), _beside_start("after", "left")]
    return made | {"shapes": [_ZERO, _START], "annotations": notes}


def _beside_start(text: str, side: str) -> dict[str, Any]:
    """A word over the plot on one side of time zero."""
    return {
        "text": text,
        "name": "ink",
        "x": _BETWEEN,
        "xanchor": side,
        "xshift": 5 if side == "left" else -5,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
        "font": _SMALL,
    }


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
    edge = _EDGE * (axis.high - axis.low)
    title = {"text": f"{passed} since the start (time zero)", "standoff": 8, "font": _SMALL}
    return _THEME | {
        "height": height,
        "margin": margin,
        "xaxis": {
            "range": list(span),
            "tickvals": list(ticks),
            "ticktext": [number(t, 0) for t in ticks],
            "tickangle": 0,
            "showgrid": False,
            "zeroline": False,
            "title": title,
        },
        "yaxis": {
            "range": [axis.low - edge, axis.high + edge],
            "tickvals": [axis.low + i * axis.step for i in range(len(axis.ticks))],
            "ticktext": list(labels),
            "showgrid": True,
            "zeroline": False,
        },
    }
