"""Charts without an axis: a field of cells, bars lying below their names, lanes of time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from app.core.charts import strokes
from app.core.charts.model import NOTHING, Figure, Frame, Span
from app.core.charts.strokes import element, percent, told, word

_CELL = 24.0
_RANK = 40.0
_LANE = 46.0
_SHADES = 6


def heat(frame: Frame, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[float | None]]]) -> Figure:
    """A field of cells, the darker the more (never less than nothing); a cell without a figure is struck through."""
    most = max((value for _name, values in rows for value in values if value is not None), default=0) or 1
    wide = 100 / max(len(columns), 1)
    drawn = []
    for line, (name, values) in enumerate(rows):
        strokes.check(values, len(columns))
        drawn.append(word(-8, line * _CELL + 16, name, "end"))
        for place, value in enumerate(values):
            words = told(f"{name}, {columns[place]}: {strokes.shown(frame, value)}")
            tone, x = f"cell {_shade(value, most)}", percent(place * wide)
            drawn.append(element("rect", tone, words, x=x, y=line * _CELL, width=percent(wide), height=_CELL))
    bottom = len(rows) * _CELL
    drawn.append(strokes.across(columns, bottom))
    return Figure(
        svg=strokes.framed(replace(frame, height=int(bottom + strokes.FOOT)), drawn, margin="wide"),
        key=(("q0", frame.show(0)), *((f"q{n}", "") for n in range(1, _SHADES)), (f"q{_SHADES}", frame.show(most))),
        head=(frame.across, *columns),
        rows=tuple((name, *(strokes.shown(frame, value) for value in values)) for name, values in rows),
    )


def _shade(value: float | None, most: float) -> str:
    return "q-none" if value is None else f"q{min(_SHADES, math.ceil(value / most * _SHADES))}"


def ranks(frame: Frame, items: Sequence[tuple[str, float, str]]) -> Figure:
    """Bars lying on their side, each below its name, (name, value, tone): for names too long to stand below a bar."""
    most = max((abs(value) for _name, value, _tone in items), default=0) or 1
    drawn = []
    for place, (name, value, tone) in enumerate(items):
        top = place * _RANK
        drawn += [
            word(0, top + 14, name, "lab"),
            word("100%", top + 14, frame.show(value), "end strong"),
            element("rect", "track", x=0, y=top + 20, width="100%", height=8),
            element("rect", tone or "k1", x=0, y=top + 20, width=percent(abs(value) / most * 100), height=8),
        ]
    return Figure(
        svg=strokes.framed(replace(frame, height=int(len(items) * _RANK)), drawn, margin="none"),
        key=(),
        head=(frame.across, frame.unit or frame.title),
        rows=tuple((name, frame.show(value)) for name, value, _tone in items),
    )


def lanes(
    frame: Frame,
    marks: Sequence[tuple[float, str]],
    rows: Sequence[tuple[str, Sequence[Span]]],
    *,
    now: float | None = None,
) -> Figure:
    """Who is busy when: a lane per row between the first and the last mark, (position, word) each; `now` is a line.

    The marks lie evenly apart. What reaches beyond them is cut off.
    """
    start, end = marks[0][0], marks[-1][0]

    def at(value: float) -> float:
        return min(max((value - start) / (end - start), 0), 1) * 100

    bottom = len(rows) * _LANE
    drawn = [_upright("grid", at(value), bottom) for value, _word in marks]
    for place, (name, spans) in enumerate(rows):
        top = place * _LANE
        drawn.append(word(0, top + 13, name, "lab"))
        drawn.append(element("rect", "track", x=0, y=top + 19, width="100%", height=22))
        drawn += [_span(span, at(span.start), at(span.end), top + 19) for span in spans]
    if now is not None and start <= now <= end:
        drawn.append(_upright("nowline", at(now), bottom))
    drawn.append(strokes.across([mark for _value, mark in marks], bottom, edges=True))
    return Figure(
        svg=strokes.framed(replace(frame, height=int(bottom + strokes.FOOT)), drawn, margin="none"),
        key=(),
        head=(frame.across, frame.title),
        rows=tuple((name, "; ".join(span.text for span in spans) or NOTHING) for name, spans in rows),
    )


def _upright(tone: str, x: float, bottom: float) -> Markup:
    return element("line", tone, x1=percent(x), x2=percent(x), y1=0, y2=bottom)


def _span(span: Span, left: float, right: float, top: float) -> Markup:
    """One span; its words are cut off at its end, the whole of them is told to the pointer."""
    inside = strokes.joined(
        [
            told(span.text),
            element("rect", span.tone, width="100%", height=22, rx=3),
            word(6, 15, span.text, "onk"),
        ]
    )
    return element("svg", "", inside, x=percent(left), y=top, width=percent(max(right - left, 0.3)), height=22)
