"""The strokes all charts share: one element, scale, axis, labels across, and the frame of the drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from app.core.charts.model import NOTHING, Figure, Frame, Series

_TOP = 20.0
"""Pixels kept free above the highest value, for its figure and the unit."""
FOOT = 22.0
"""Pixels below the plot, for the labels across."""
_LABELS, _LABELS_NARROW = 10, 5
"""How many labels across fit on a desk and on a phone."""


def length(value: float) -> str:
    """A length as short as it may be: two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def percent(value: float) -> str:
    return f"{length(value)}%"


def element(tag: str, tone: str, inside: str = "", **sizes: float | str) -> Markup:
    """One SVG element of the class `tone`; `inside` is escaped unless it is markup."""
    attributes = "".join(f' {name}="{v if isinstance(v, str) else length(v)}"' for name, v in sizes.items())
    classes = f' class="{escape(tone)}"' if tone else ""
    return Markup(f"<{tag}{classes}{attributes}>{escape(inside)}</{tag}>")  # noqa: S704 - tags, names and numbers are ours, the rest is escaped


def told(words: str) -> Markup:
    """What a pointer over an element is told."""
    return element("title", "", words)


def word(x: float | str, y: float, words: str, tone: str) -> Markup:
    return element("text", tone, words, x=x, y=y)


def joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


@dataclass(frozen=True, slots=True)
class Scale:
    """From a value to pixels from the top."""

    ticks: tuple[float, ...]
    bottom: float

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return _TOP + (self.bottom - _TOP) * (high - value) / (high - low)


def ticks(low: float, high: float, *, whole: bool = False, most: int = 5) -> tuple[float, ...]:
    """Round figures from at most `low` to at least `high`, evenly apart; between two and `most` + 2 of them.

    `whole`: never finer than 1, for what is counted. What lies beyond the ninth decimal is noise. Raises ValueError
    where a figure is not finite.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("the figures of a chart are finite")
    low, high = sorted((round(low, 9), round(high, 9)))
    if high - low <= max(abs(low), abs(high)) * 1e-9:
        high = low + (abs(low) or 1)
    step = _step((high - low) / most, whole=whole)
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return tuple(float(f"{number * step:.12g}") for number in range(first, last + 1))


def _step(least: float, *, whole: bool) -> float:
    size = 10.0 ** math.floor(math.log10(least))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10, 20) if size * factor >= least * (1 - 1e-9))
    return float(math.ceil(step - 1e-9)) if whole else step


def toned(series: Sequence[Series], size: int) -> list[Series]:
    """The series, each with its tone; raises ValueError where one has not a value per label."""
    for one in series:
        check(one.values, size)
    return [replace(one, tone=one.tone or f"k{place % 6 + 1}") for place, one in enumerate(series)]


def check(values: Sequence[float | None], size: int) -> None:
    if len(values) != size:
        raise ValueError(f"{len(values)} figures for {size} labels")


def scale(frame: Frame, values: Iterable[float | None], *, zero: bool) -> Scale:
    known = [float(value) for value in values if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    if zero:
        low, high = min(low, 0), max(high, 0)
    return Scale(ticks(low, high, whole=all(value.is_integer() for value in known)), frame.height - FOOT)


def middle(number: int, count: int) -> float:
    """Percent from the left to the middle of a label's share."""
    return (number + 0.5) * 100 / count


def edge(number: int, count: int) -> float:
    """Percent from the left to a label where the first and the last stand at the very sides."""
    return 50 if count == 1 else number * 100 / (count - 1)


def axis(frame: Frame, scale: Scale) -> Markup:
    # from the very left: a long word would not fit between the edge of a phone and the figures
    parts = [word(-44, 8, frame.unit, "start")] if frame.unit else []
    for value in scale.ticks:
        y = scale.y(value)
        parts.append(element("line", "axis" if value == 0 else "grid", x1=0, x2="100%", y1=y, y2=y))
        parts.append(word(-8, y + 4, frame.show(value), "end"))
    return joined(parts)


def across(labels: Sequence[str], bottom: float, *, edges: bool = False) -> Markup:
    """The labels below the plot, as many as fit; those with `wide` are left out on a phone.

    `edges`: the first and the last stand at the very sides (lines), else each below the middle of its bars.
    """
    count = len(labels)
    shown = range(0, count, max(1, math.ceil(count / _LABELS)))
    narrow = max(1, math.ceil(len(shown) / _LABELS_NARROW))
    return joined(
        word(percent(x), bottom + 16, labels[number], _anchor(x, edges=edges) + (" wide" if place % narrow else ""))
        for place, number in enumerate(shown)
        for x in [edge(number, count) if edges else middle(number, count)]
    )


def _anchor(x: float, *, edges: bool) -> str:
    if edges and x in {0, 100}:
        return "end" if x else "start"
    return "midt"


def figure(frame: Frame, labels: Sequence[str], series: Sequence[Series], drawn: Iterable[Markup]) -> Figure:
    """The drawing with its key (where there is more than one series) and its table."""
    return Figure(
        svg=framed(frame, drawn),
        key=tuple((one.tone, one.name) for one in series) if len(series) > 1 else (),
        head=(frame.across, *(one.name for one in series)),
        rows=tuple((label, *(shown(frame, one.values[n]) for one in series)) for n, label in enumerate(labels)),
    )


def shown(frame: Frame, value: float | None) -> str:
    return NOTHING if value is None else frame.show(value)


def framed(frame: Frame, drawn: Iterable[Markup], *, margin: str = "axis") -> Markup:
    """The whole drawing, with the words that are read aloud in its place."""
    words = Markup('<title id="{0}-t">{1}</title><desc id="{0}-d">{2}</desc>').format(
        frame.id, frame.title, frame.desc or frame.title
    )
    return Markup(
        '<svg class="plot plot--{}" width="100%" height="{}" role="img" aria-labelledby="{} {}">{}{}</svg>'
    ).format(margin, frame.height, f"{frame.id}-t", f"{frame.id}-d", words, joined(drawn))
