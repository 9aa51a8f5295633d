"""What a chart is made of and what comes out of it: words and formats, series, and the figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

NOTHING = "–"
"""What a table says where there is no figure."""


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chart says besides its figures.

    `id` is unique on the page; `title` and `desc` are read aloud (desc: what one sees, in one sentence); `across` heads
    the first column of the table; `unit` stands above the axis; `show` writes a figure in the reader's language.
    """

    id: str
    title: str
    desc: str = ""
    across: str = ""
    unit: str = ""
    height: int = 190
    show: Callable[[float], str] = _plain


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one colour of bars; as many values as there are labels.

    `tone` is a class of css/charts.css: measured (ink), expected (accent, dashed), k1 … k6; the place among its fellows
    decides where it is left empty.
    """

    name: str
    values: Sequence[float | None]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """The range within which a line is expected."""

    name: str
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a lane: from `start` to `end` on the lane's own scale, with its word."""

    start: float
    end: float
    text: str
    tone: str = "k1"


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing, its key (tone, name) and the same figures as a table."""

    svg: Markup
    key: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
