"""Charts drawn on the server: SVG of attributes and classes alone, together with the table they were drawn from.

The content policy forbids style attributes, so lengths are SVG attributes and colours are classes of css/charts.css,
where light, dark, print and forced colours are settled once. A drawing is as wide as its page while its letters keep
their size: whatever lies across is a percentage of the plot, whatever lies upwards is a pixel. Figures of the axis
stand left of the plot at negative x, in the margin the sheet leaves for them.

Each function takes the `Frame` (words and formats), the labels across and the series, and gives a `Figure`; the macro
`figure` (macros/chart.html) prints heading, key, drawing and table of it. None is "no figure": a gap, never a zero.
"""

from app.core.charts.fields import heat, lanes, ranks
from app.core.charts.model import Band, Figure, Frame, Series, Span
from app.core.charts.plots import bars, lines, stacked
from app.core.charts.strokes import ticks

__all__ = ["Band", "Figure", "Frame", "Series", "Span", "bars", "heat", "lanes", "lines", "ranks", "stacked", "ticks"]
