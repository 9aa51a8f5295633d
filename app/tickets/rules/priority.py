"""Urgency, impact and priority (tickets-rules 26, 27).

Urgency is said by the reporter, impact by the category or staff; the institution's matrix makes the priority of both.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.tickets.rules.messages import gettext_noop

URGENCIES: Final = ("low", "normal", "high", "emergency")
"""What a reporter may say, and the priorities; ascending."""

IMPACTS: Final = ("room", "floor", "building", "campus", "safety")

IMPACT_LABELS: Final[dict[str, str]] = {
    "room": gettext_noop("One room"),
    "floor": gettext_noop("A floor"),
    "building": gettext_noop("A building"),
    "campus": gettext_noop("The campus"),
    "safety": gettext_noop("Safety of people"),
}

URGENCY_LABELS: Final[dict[str, str]] = {
    "low": gettext_noop("Low"),
    "normal": gettext_noop("Normal"),
    "high": gettext_noop("High"),
    "emergency": gettext_noop("Emergency"),
}


ROWS: Final = ("room", "floor", "building", "campus")
"""The rows of the matrix; safety is judged as the campus (26)."""

Matrix = Mapping[str, tuple[str, ...]]
"""Priorities by impact; each row by urgency, ascending."""

MATRIX: Final[Matrix] = MappingProxyType(
    {
        "room": ("low", "normal", "high", "emergency"),
        "floor": ("normal", "normal", "high", "emergency"),
        "building": ("normal", "high", "emergency", "emergency"),
        "campus": ("high", "high", "emergency", "emergency"),
    }
)
"""26: what an institution begins with."""


def falling(matrix: Matrix) -> list[tuple[str, str]]:
    """The cells (impact, urgency) of a matrix below a neighbour of less reach or less urgency, row by row.

    None where it is without fault: what is more urgent, or reaches further, never gives a lower priority.
    """
    found = []
    for row, impact in enumerate(ROWS):
        for column, urgency in enumerate(URGENCIES):
            mine = rank(matrix[impact][column])
            left = rank(matrix[impact][column - 1]) if column else mine
            above = rank(matrix[ROWS[row - 1]][column]) if row else mine
            if mine < max(left, above):
                found.append((impact, urgency))
    return found


RAISED: Final[dict[str, str]] = {"low": "normal", "normal": "high"}
"""The priority a step raises to; an emergency is declared by people only (27)."""


def counted_urgency(urgency: str, *, emergency_category: bool, by_staff: bool = False) -> str:
    """The urgency that counts: "emergency" only in an emergency category, else as high until staff says so (27).

    A report in an emergency category is an emergency whatever urgency was said.
    """
    if emergency_category:
        return "emergency"
    return "high" if urgency == "emergency" and not by_staff else urgency


def priority_of(impact: str, urgency: str, matrix: Matrix = MATRIX) -> str:
    """The priority of an impact and an urgency that counts (26)."""
    row = matrix["campus" if impact == "safety" else impact]
    return row[URGENCIES.index(urgency)]


def rank(priority: str) -> int:
    """How high a priority stands; a higher one is a raise (17)."""
    return URGENCIES.index(priority)
