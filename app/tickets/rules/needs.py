"""What the holder of an order lacks to go on: why a second pair of hands, which parts and how many."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.reasons import Reason, Reasons

HELP_REASONS: Final = Reasons(
    (
        Reason("heavy", gettext_noop("Too heavy for one")),
        Reason("height", gettext_noop("Somebody has to secure the ladder or the height")),
        Reason("both_ends", gettext_noop("Work at two places at once")),
        Reason("safety", gettext_noop("It is not safe alone")),
    ),
    closed=True,
)
"""Why somebody is needed besides; what else there is to say stands in the note."""

PARTS_AT_MOST: Final = 20
PART_LENGTH: Final = 80
QUANTITY_AT_MOST: Final = 999
_LINE: Final = re.compile(r"^(?P<name>.*?)(?:\s*[x×*]\s*|\s+)(?P<number>\d{1,3})$", re.IGNORECASE)


class Part(NamedTuple):
    """A part that is missing, and how many of it."""

    name: str
    quantity: int


def read_parts(text: str) -> tuple[Part, ...]:
    """The parts of a text, one a line, with their number at the end ("angle valve x 2", "角阀 2"; without one: 1).

    Names are cut at `PART_LENGTH`, lines beyond `PARTS_AT_MOST` dropped: `fits` says so beforehand.
    """
    found = []
    for line in filter(None, (each.strip() for each in text.splitlines())):
        matched = _LINE.match(line)
        name, number = (matched["name"], int(matched["number"])) if matched and matched["name"] else (line, 1)
        found.append(Part(name[:PART_LENGTH], min(max(number, 1), QUANTITY_AT_MOST)))
    return tuple(found[:PARTS_AT_MOST])


def fits(text: str) -> bool:
    """Whether a text names no more parts than are kept, none of them longer than its name is."""
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    return len(lines) <= PARTS_AT_MOST and all(len(each) <= PART_LENGTH for each in lines)
