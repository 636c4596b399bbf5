"""The chart of who has left by when: two curves in steps with bands, as plain Plotly JSON."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from analysis.exits.calendar import end_of_month
from reports.figures import plot_layout
from reports.numbers import THIN, number, plain
from reports.scales import Scale, plain_ticks, scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.disclosure import ReleasedCurve
    from analysis.released_curves import ReleasedPoint

# The page colours a trace or a note by its role: the treated arm, the comparison.
ROLES = (("effect", "effect-soft", "solid"), ("other", "other-soft", "7px,3px"))
_PLOT, _TOP, _AXIS, _ROW = 300, 14, 60, 40  # px: plot and room above, axis, people followed
_LINE, _CHAR, _WRAP = 18, 7, 13  # px of a line and a character of a label; characters a line
_TAIL = 0.03  # of the days: the last value is drawn a little further, or nobody would see it
_APART = 0.22  # of the axis, at least, between two counts of people followed
_QUARTER = 3  # months between ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve of the chart with the words on it."""

    label: str
    curve: ReleasedCurve


def curve_figure(lines: Sequence[Line], places: int) -> dict[str, Any]:
    """Plotly JSON of at most two curves; ``places`` are the decimals of the labels in per cent.

    Bands come first, so that no line lies under one. Colours are left to the page.
    """
    shown = list(zip(lines, ROLES, strict=False))
    curves = [line.curve for line in lines]
    width = max(len(unescape(text)) for line in lines for text in _wrapped(line.label))
    figure = go.Figure(layout=_layout(curves, width))
    for line, role in shown:
        figure.add_trace(_band(line.curve.points, role))
    for line, role in shown:
        figure.add_trace(_steps(line, role))
    figure.layout.annotations = [
        *_labels(lines, places, _axis(curves)),
        *(note for i, line in enumerate(lines) for note in _followed(line, i)),
    ]
    made: dict[str, Any] = figure.to_plotly_json()
    return made


def ticks(last: int) -> list[int]:
    """Days that end a quarter of follow-up, zero included: 0, 90, 180, 270, 365, ..."""
    months = range(0, 12 * (last // 365 + 2), _QUARTER)
    days = [end_of_month(m) for m in months if end_of_month(m) <= last]
    every = -(-len(days) // 9)
    return days[::every]


def _steps(line: Line, role: tuple[str, str, str]) -> go.Scatter:
    points = line.curve.points
    return go.Scatter(
        x=[*(p.day for p in points), _end(points)],
        y=[100 * p.share for p in (*points, points[-1])],
        mode="lines",
        line={"shape": "hv", "width": 2.25, "dash": role[2]},
        name=line.label,
        meta=role[0],
        hoverinfo="skip",
        cliponaxis=False,
    )


def _band(points: Sequence[ReleasedPoint], role: tuple[str, str, str]) -> go.Scatter:
    """The interval of each step as one outline: along the upper ends, back along the lower."""
    end = _end(points)
    upper = _corners([(p.day, 100 * p.ci_high) for p in points], end)
    lower = _corners([(p.day, 100 * p.ci_low) for p in points], end)
    outline = upper + lower[::-1]
    return go.Scatter(
        x=[x for x, _ in outline],
        y=[y for _, y in outline],
        mode="none",
        fill="toself",
        opacity=0.55,
        meta=role[1],
        hoverinfo="skip",
    )


def _corners(points: Sequence[tuple[int, float]], end: float) -> list[tuple[float, float]]:
    """The corners of a step line: a value holds until the next day that has one."""
    corners: list[tuple[float, float]] = []
    for day, value in points:
        if corners:
            corners.append((day, corners[-1][1]))
        corners.append((day, value))
    return [*corners, (end, corners[-1][1])]


def _end(points: Sequence[ReleasedPoint]) -> float:
    return points[-1].day * (1 + _TAIL)


def _axis(curves: Sequence[ReleasedCurve]) -> Scale:
    return scale(100 * p.ci_high for c in curves for p in c.points)


def _labels(lines: Sequence[Line], places: int, axis: Scale) -> list[dict[str, Any]]:
    """Each curve's last value and its name beside its end; labels that would meet are moved."""
    ends = [line.curve.points[-1] for line in lines]
    texts = [
        f"<b>{number(100 * end.share, places)}{THIN}%</b><br>{'<br>'.join(_wrapped(line.label))}"
        for line, end in zip(lines, ends, strict=True)
    ]
    shifts = _apart([axis.share(100 * end.share) * (_PLOT - _TOP) for end in ends], texts)
    return [
        {
            **_note(1, "paper", ROLES[i][0]),
            "y": 100 * end.share,
            "yref": "y",
            "text": text,
            "align": "left",
            "xanchor": "left",
            "xshift": 6,
            "yanchor": "middle",
            "yshift": shift,
        }
        for i, (end, text, shift) in enumerate(zip(ends, texts, shifts, strict=True))
    ]


def _apart(heights: Sequence[float], texts: Sequence[str]) -> list[float]:
    """How far labels at these heights (px) move up or down so that none meets the other."""
    if len(heights) == 1:
        return [0.0]
    needed = sum(_LINE * (1 + text.count("<br>")) for text in texts) / 2
    short = max(needed - abs(heights[0] - heights[1]), 0.0) / 2
    up = 1 if heights[0] > heights[1] else -1
    return [up * short, -up * short]


def _wrapped(label: str) -> list[str]:
    """The label in at most three short lines; the whole of it stands under the axis."""
    lines = textwrap.wrap(plain(label), _WRAP, max_lines=3, placeholder="…") or [""]
    return [_safe(line) for line in lines]


def _followed(line: Line, place: int) -> list[dict[str, Any]]:
    """People still followed, under the axis, at the days of the curve that leave room."""
    points, last = line.curve.points, line.curve.points[-1].day
    under = {"yref": "paper", "y": 0, "yanchor": "top"}
    head = -_AXIS - _ROW * place
    notes = [
        {
            **_note(0, "paper", ROLES[place][0]),
            **under,
            "text": f"<b>{'Still followed: ' if place == 0 else ''}{_safe(line.label)}</b>",
            "xanchor": "left",
            "yshift": head,
        }
    ]
    before = -last
    for p in points:
        near_end = p.day != last and last - p.day < 1.3 * _APART * last
        if p.day - before < _APART * last or near_end:
            continue
        before = p.day
        anchor = "left" if p.day == 0 else "right" if p.day == last else "center"
        notes.append(
            {
                **_note(p.day, "x", "ink-2"),
                **under,
                "text": f"{p.at_risk:,}",
                "xanchor": anchor,
                "yshift": head - 17,
            }
        )
    return notes


def _note(x: float, ref: str, role: str) -> dict[str, Any]:
    """A text of the chart; its name is the role that colours it."""
    return {"x": x, "xref": ref, "name": role, "showarrow": False, "font": {"size": 12.5}}


def _safe(text: str) -> str:
    """Plotly reads a few tags in texts: names of data have none."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;")


def _layout(curves: Sequence[ReleasedCurve], width: int) -> dict[str, Any]:
    last = max(c.points[-1].day for c in curves)
    axis, days = _axis(curves), ticks(last)
    under = _AXIS + _ROW * len(curves)
    return plot_layout(
        height=_PLOT + under,
        margin={"l": 40, "r": 12 + _CHAR * width, "t": _TOP, "b": under},
        span=(0, last * (1 + _TAIL)),
        ticks=days,
        passed="days",
        axis=axis,
        labels=[t.label for t in plain_ticks(axis)],
    )
