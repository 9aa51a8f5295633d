"""Charts: right lengths, no style, every figure once more in the table."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import almanac, charts
from app.core.charts import Band, Frame, Series, Span

FRAME = Frame("f", "Requests <by> trade", desc="Most are water.", across="Trade", unit="m³")
figures = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9, allow_nan=False))
gappy = st.lists(st.one_of(st.none(), figures), min_size=1, max_size=40)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(figure: charts.Figure) -> ElementTree.Element:
    text = str(figure.svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    root = ElementTree.fromstring(text)
    assert not [one for one in root.iter() if "style" in one.attrib]
    return root


def tones(root: ElementTree.Element, tag: str, tone: str) -> list[ElementTree.Element]:
    return [one for one in root.iter(f"{SVG}{tag}") if tone in one.get("class", "").split()]


@given(low=figures, high=figures, whole=st.booleans())
def test_ticks_are_round_even_few_and_hold_both_ends(low: float, high: float, *, whole: bool) -> None:
    found = charts.ticks(low, high, whole=whole)
    steps = [b - a for a, b in pairwise(found)]
    assert 2 <= len(found) <= 8
    assert found[0] <= min(low, high) + max(steps) * 1e-6
    assert found[-1] >= max(low, high) - max(steps) * 1e-6
    assert max(steps) - min(steps) <= max(map(abs, found)) * 1e-9
    assert not whole or all(float(value).is_integer() for value in found)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        charts.ticks(0, value)


def test_bars_are_as_long_as_their_figures() -> None:
    root = parsed(charts.bars(FRAME, ["a", "b", "c"], [Series("n", (10, 5, None))]))
    ten, five = tones(root, "rect", "k1")
    assert float(ten.get("height", 0)) == pytest.approx(2 * float(five.get("height", 0)), abs=0.02)
    assert ten[0].text == "a, n: 10"
    assert [one.text for one in tones(root, "text", "lab")] == ["10", "5"]


def test_words_are_escaped_and_told_once() -> None:
    figure = charts.bars(FRAME, ["<b>"], [Series("x&y", (1,))])
    root = parsed(figure)
    assert root.find(f"{SVG}title").text == "Requests <by> trade"
    assert root.find(f"{SVG}desc").text == "Most are water."
    assert root.get("aria-labelledby") == "f-t f-d"
    assert figure.head == ("Trade", "x&y")
    assert figure.rows == (("<b>", "1"),)


@given(values=gappy)
def test_every_figure_is_drawn_or_a_gap_and_stands_in_the_table(values: list[float | None]) -> None:
    labels = [str(n) for n in range(len(values))]
    for figure in (
        charts.bars(FRAME, labels, [Series("n", values)]),
        charts.lines(FRAME, labels, [Series("n", values)]),
    ):
        parsed(figure)
        assert [row[1] == "–" for row in figure.rows] == [value is None for value in values]
    known = sum(value is not None for value in values)
    assert len(tones(parsed(charts.bars(FRAME, labels, [Series("n", values)])), "rect", "k1")) == known


def test_a_gap_breaks_the_line_and_one_alone_is_a_point() -> None:
    root = parsed(charts.lines(FRAME, list("abcdef"), [Series("n", (1, 2, None, 3, None, 4), "measured")]))
    assert len(tones(root, "polyline", "measured")) == 1
    assert len(tones(root, "circle", "measured")) == 2


def test_a_band_and_a_target_are_drawn_named_and_told() -> None:
    figure = charts.lines(
        FRAME, ["a", "b"], [Series("n", (1, 2))], band=Band("90 %", (0, 1), (2, None)), target=("goal", 40), zero=False
    )
    root = parsed(figure)
    assert tones(root, "line", "mark")
    assert "goal" in [one.text for one in root.iter(f"{SVG}text")]
    assert figure.key == (("k1", "n"), ("bandk", "90 %"))
    assert [row[2] for row in figure.rows] == ["0 – 2", "–"]


def test_a_stack_is_as_high_as_its_sum() -> None:
    root = parsed(charts.stacked(FRAME, ["a"], [Series("x", (3,)), Series("y", (1,))]))
    lower, upper = tones(root, "rect", "k1")[0], tones(root, "rect", "k2")[0]
    assert float(upper.get("y", 0)) + float(upper.get("height", 0)) == pytest.approx(float(lower.get("y", 0)), abs=0.02)
    with pytest.raises(ValueError, match="negative"):
        charts.stacked(FRAME, ["a"], [Series("x", (-1,))])


def test_series_and_labels_are_of_one_length() -> None:
    with pytest.raises(ValueError, match="2 figures for 1 labels"):
        charts.bars(FRAME, ["a"], [Series("x", (1, 2))])


def test_the_more_the_darker_and_nothing_known_is_struck_through() -> None:
    figure = charts.heat(FRAME, ["00", "06"], [("Mon", (0, 12)), ("Tue", (None, 1))])
    shades = [one.get("class", "").split()[1] for one in tones(parsed(figure), "rect", "cell")]
    assert shades == ["q0", "q6", "q-none", "q1"]
    assert figure.rows == (("Mon", "0", "12"), ("Tue", "–", "1"))


def test_ranks_and_lanes_share_the_width() -> None:
    root = parsed(charts.ranks(FRAME, [("Library", 50, "k-late"), ("Hall", 25, "")]))
    assert [one.get("width") for one in (*tones(root, "rect", "k-late"), *tones(root, "rect", "k1"))] == ["100%", "50%"]
    figure = charts.lanes(FRAME, [(0, "00"), (24, "24")], [("Wang", [Span(6, 12, "early")]), ("Li", [])], now=30)
    inner = next(one for one in parsed(figure) if one.tag == f"{SVG}svg")
    assert (inner.get("x"), inner.get("width")) == ("25%", "25%")
    assert figure.rows == (("Wang", "early"), ("Li", "–"))


def test_nothing_at_all_is_an_empty_chart() -> None:
    for figure in (
        charts.bars(FRAME, [], [Series("n", ())]),
        charts.lines(FRAME, [], [Series("n", ())]),
        charts.stacked(FRAME, [], []),
        charts.heat(FRAME, [], []),
        charts.ranks(FRAME, []),
    ):
        parsed(figure)
        assert figure.rows == ()


@given(number=st.integers(2000, 2100), start=st.integers(1, 12))
def test_a_year_holds_each_of_its_days_once(number: int, start: int) -> None:
    months = almanac.year(number, {}, start=start)
    days = [day.date for month in months for week in month.weeks for day in week if day]
    first = date(number, start, 1)
    assert days == [first + timedelta(days=n) for n in range((date(number + 1, start, 1) - first).days)]
    assert all(len(week) == 7 for month in months for week in month.weeks)
    assert all(
        day.date.weekday() == place for month in months for week in month.weeks for place, day in enumerate(week) if day
    )


def test_a_named_day_goes_before_the_usual_one() -> None:
    named = almanac.Mark("work", "make-up workday")
    saturday, sunday = date(2026, 10, 10), date(2026, 10, 11)
    months = almanac.year(
        2026,
        {saturday: named},
        today=sunday,
        usual=lambda day: almanac.Mark("off", "weekend") if day.weekday() > 4 else None,
    )
    found = {day.date: day for week in months[9].weeks for day in week if day}
    assert found[saturday].mark == named
    assert found[sunday].mark == almanac.Mark("off", "weekend")
    assert [day.date for day in found.values() if day.today] == [sunday]
