"""Urgency, impact and priority (tickets-rules 26, 27).

Until impact is asked for, a ticket's priority is its urgency; the matrix takes its place with the clocks.
"""

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


def starting_priority(urgency: str, *, emergency_category: bool, by_staff: bool = False) -> str:
    """The priority of a new ticket: its urgency, where "emergency" counts only in an emergency category (27).

    Staff is believed at once. A report in an emergency category is an emergency whatever urgency was said.
    """
    if emergency_category:
        return "emergency"
    return "high" if urgency == "emergency" and not by_staff else urgency
