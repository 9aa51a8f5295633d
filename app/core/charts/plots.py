"""Charts with an axis: bars beside and on top of each other, and lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from app.core.charts import strokes
from app.core.charts.model import NOTHING, Band, Figure, Frame, Series
from app.core.charts.strokes import edge, element, length, middle, percent, told, word

_FIGURES_ON_BARS = 12
"""Up to so many bars carry their figure."""


def bars(frame: Frame, labels: Sequence[str], series: Sequence[Series]) -> Figure:
    """Bars beside each other: a group per label, a bar per series. One series alone writes its figures on the bars."""
    series = strokes.toned(series, len(labels))
    scale = strokes.scale(frame, [value for one in series for value in one.values], zero=True)
    group = _share(len(labels), len(series))
    bar = group / max(len(series), 1)
    drawn = [strokes.axis(frame, scale)]
    for number, label in enumerate(labels):
        left = middle(number, len(labels)) - group / 2
        for place, one in enumerate(series):
            value = one.values[number]
            if value is not None:
                said = _said(frame, label, one, value)
                drawn.append(_bar(scale, (left + place * bar, bar), (0, value), one.tone, said))
    if len(series) == 1 and len(labels) <= _FIGURES_ON_BARS:
        drawn += [
            word(percent(middle(n, len(labels))), scale.y(max(value, 0)) - 4, frame.show(value), "midt lab")
            for n, value in enumerate(series[0].values)
            if value is not None
        ]
    return strokes.figure(frame, labels, series, [*drawn, strokes.across(labels, scale.bottom)])


def stacked(frame: Frame, labels: Sequence[str], series: Sequence[Series]) -> Figure:
    """Bars on top of each other, the first series at the bottom. A part is never less than nothing (ValueError)."""
    series = strokes.toned(series, len(labels))
    if any(value is not None and value < 0 for one in series for value in one.values):
        raise ValueError("a part of a stack is never negative")
    totals = [math.fsum(one.values[n] or 0 for one in series) for n in range(len(labels))]
    scale = strokes.scale(frame, totals, zero=True)
    width = _share(len(labels), 1)
    drawn = [strokes.axis(frame, scale)]
    for number, label in enumerate(labels):
        left, below = middle(number, len(labels)) - width / 2, 0.0
        for one in series:
            value = one.values[number]
            if value:
                said = _said(frame, label, one, value)
                drawn.append(_bar(scale, (left, width), (below, below + value), one.tone, said))
                below += value
    return strokes.figure(frame, labels, series, [*drawn, strokes.across(labels, scale.bottom)])


def lines(
    frame: Frame,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    band: Band | None = None,
    target: tuple[str, float] | None = None,
    zero: bool = True,
) -> Figure:
    """Lines over the labels; a gap breaks the line, and a value between two gaps is a point.

    `target` is a level with its name; `zero` keeps nought in sight (False: only what varies).
    """
    count = len(labels)
    series = strokes.toned(series, count)
    more = [*band.low, *band.high] if band else []
    more += [target[1]] if target else []
    scale = strokes.scale(frame, [*(value for one in series for value in one.values), *more], zero=zero)
    stretched = _areas(scale, band) if band else []
    stretched += [_line(scale, one, run) for one in series for run in _runs(one.values) if len(run) > 1]
    points = [_point(scale, one, run[0]) for one in series for run in _runs(one.values) if len(run) == 1]
    drawn = [
        strokes.axis(frame, scale),
        Markup('<svg width="100%" height="{0}" viewBox="0 0 100 {0}" preserveAspectRatio="none">{1}</svg>').format(
            length(scale.bottom), strokes.joined(stretched)
        ),
        *points,
        *(_target(scale, *target) if target else ()),
        *_hover(frame, labels, series, scale.bottom),
        strokes.across(labels, scale.bottom, edges=True),
    ]
    figure = strokes.figure(frame, labels, series, drawn)
    return _with_band(frame, figure, series, band) if band else figure


def _share(labels: int, series: int) -> float:
    """Percent a group of bars takes; a handful of bars is not blown up to the width of the page."""
    return 100 / max(labels, 1) * (0.4 if labels * series <= 4 else 0.72)


def _said(frame: Frame, label: str, one: Series, value: float) -> str:
    return f"{label}, {one.name}: {frame.show(value)}"


def _bar(
    scale: strokes.Scale, across: tuple[float, float], values: tuple[float, float], tone: str, said: str
) -> Markup:
    """A bar at `across` (left, width in percent) from one value to another."""
    top, bottom = sorted((scale.y(values[0]), scale.y(values[1])))
    left, width = across
    return element("rect", tone, told(said), x=percent(left), y=top, width=percent(width), height=bottom - top)


def _runs(values: Sequence[float | None]) -> list[list[int]]:
    """The stretches without a gap, as places."""
    runs: list[list[int]] = [[]]
    for number, value in enumerate(values):
        if value is not None:
            runs[-1].append(number)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _points(scale: strokes.Scale, values: Sequence[float | None], run: Sequence[int]) -> str:
    return " ".join(f"{length(edge(n, len(values)))},{length(scale.y(values[n] or 0))}" for n in run)


def _line(scale: strokes.Scale, one: Series, run: Sequence[int]) -> Markup:
    return element("polyline", f"line {one.tone}", points=_points(scale, one.values, run))


def _point(scale: strokes.Scale, one: Series, number: int) -> Markup:
    x = percent(edge(number, len(one.values)))
    return element("circle", f"point {one.tone}", cx=x, cy=scale.y(one.values[number] or 0), r=2.5)


def _areas(scale: strokes.Scale, band: Band) -> list[Markup]:
    known = [None if low is None or high is None else high for low, high in zip(band.low, band.high, strict=True)]
    return [
        element("polygon", "bandp", points=f"{_points(scale, band.high, run)} {_points(scale, band.low, run[::-1])}")
        for run in _runs(known)
    ]


def _target(scale: strokes.Scale, name: str, value: float) -> tuple[Markup, Markup]:
    y = scale.y(value)
    return element("line", "mark", x1=0, x2="100%", y1=y, y2=y), word("100%", y - 4, name, "end lab")


def _hover(frame: Frame, labels: Sequence[str], series: Sequence[Series], bottom: float) -> list[Markup]:
    """What a pointer over a place is told: all figures of that place."""
    wide = 100 / max(len(labels), 1)
    found = []
    for number, label in enumerate(labels):
        said = [_said(frame, label, one, value) for one in series if (value := one.values[number]) is not None]
        left = max(0.0, edge(number, len(labels)) - wide / 2)
        width = percent(min(wide, 100 - left))
        words = told("\n".join(said) or label)
        found.append(element("rect", "hover", words, x=percent(left), y=0, width=width, height=bottom))
    return found


def _with_band(frame: Frame, figure: Figure, series: Sequence[Series], band: Band) -> Figure:
    """The figure whose key and table tell the band too."""
    ranges = [
        NOTHING if low is None or high is None else f"{frame.show(low)} – {frame.show(high)}"
        for low, high in zip(band.low, band.high, strict=True)
    ]
    return replace(
        figure,
        key=(*((one.tone, one.name) for one in series), ("bandk", band.name)),
        head=(*figure.head, band.name),
        rows=tuple((*row, told_range) for row, told_range in zip(figure.rows, ranges, strict=True)),
    )
