"""What somebody says to the desk: complaint, suggestion, praise, question; open, answered, closed.

The table is data, like that of tickets: from, act, to, who. It feeds services, buttons, the CHECK constraint and the
tests. What leaves the status alone (a further word of the author or of the staff, a note, an assignment, an
escalation) is an event without states.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.tickets.rules.messages import gettext_noop


class Kind(StrEnum):
    """What it is."""

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    QUESTION = "question"


class Status(StrEnum):
    """Where it stands: with the desk, with its author, over."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Act(StrEnum):
    """What happens to it."""

    FILE = "file"
    REPLY = "reply"
    ANSWER = "answer"
    CONVERT = "convert"
    LAPSE = "lapse"
    NOTE = "note"
    ASSIGN = "assign"
    NAME = "name"
    ESCALATE = "escalate"
    POSTPONE = "postpone"


class Who(StrEnum):
    """Who acts towards it."""

    AUTHOR = "author"
    STAFF = "staff"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `to` None: the status stays."""

    act: Act
    froms: tuple[Status | None, ...]
    to: Status | None
    who: Who


TABLE: Final[tuple[Row, ...]] = (
    Row(Act.FILE, (None,), Status.OPEN, Who.AUTHOR),
    Row(Act.REPLY, (Status.OPEN,), None, Who.AUTHOR),
    Row(Act.REPLY, (Status.ANSWERED, Status.CLOSED), Status.OPEN, Who.AUTHOR),
    Row(Act.ANSWER, (Status.OPEN,), Status.ANSWERED, Who.STAFF),
    Row(Act.ANSWER, (Status.ANSWERED,), None, Who.STAFF),
    Row(Act.CONVERT, (Status.OPEN, Status.ANSWERED), Status.CLOSED, Who.STAFF),
    Row(Act.LAPSE, (Status.ANSWERED,), Status.CLOSED, Who.SYSTEM),
    Row(Act.NOTE, tuple(Status), None, Who.STAFF),
    Row(Act.ASSIGN, (Status.OPEN, Status.ANSWERED), None, Who.STAFF),
    Row(Act.NAME, tuple(Status), None, Who.STAFF),
    Row(Act.ESCALATE, (Status.OPEN,), None, Who.SYSTEM),
    Row(Act.POSTPONE, (Status.OPEN,), None, Who.SYSTEM),
)

_ROWS: Final = {(start, row.act): row for row in TABLE for start in row.froms}

LAPSES_AFTER: Final = timedelta(days=14)
"""An answer nobody replies to for so long closes it."""
REPLY_WITHIN: Final = timedelta(days=30)
"""So long after it was closed a reply opens it again; later it is filed anew."""


class NotPossible(Exception):
    """The table has no such move. `message` is a message id."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


MOVED_ON: Final = gettext_noop("This is not possible now: it has moved on in the meantime. Look at it again.")
TOO_LATE: Final = gettext_noop("This was closed more than 30 days ago. Write to us anew and name its number.")


def row(status: Status | None, act: Act) -> Row:
    """The line for an act on what stands at `status` (None: not said yet). Raises NotPossible."""
    found = _ROWS.get((status, act))
    if found is None:
        raise NotPossible(MOVED_ON)
    return found


def acts(status: Status, who: Who) -> tuple[Act, ...]:
    """What somebody can do now, in the order of the table."""
    return tuple(dict.fromkeys(row.act for row in TABLE if status in row.froms and row.who == who))


def check_reply(status: Status, closed_at: datetime | None, now: datetime) -> None:
    """Raise NotPossible where it was closed too long ago to be replied to."""
    if status == Status.CLOSED and closed_at is not None and now - closed_at > REPLY_WITHIN:
        raise NotPossible(TOO_LATE)


def folded(events: Iterable[tuple[str | None, str | None]]) -> Status | None:
    """The status after events given as (from, to), oldest first. Raises ValueError where one does not follow."""
    status: Status | None = None
    for start, to in events:
        if start is None and to is None:
            continue
        if start != status:
            raise ValueError(f"{to} from {start}, but it was {status}")
        status = Status(to) if to is not None else status
    return status


def moves() -> list[tuple[str, str, str]]:
    """Every legal (act, from, to) that changes the status; an empty from: it did not exist."""
    return [
        (row.act.value, start.value if start else "", row.to.value) for row in TABLE if row.to for start in row.froms
    ]


KIND_LABELS: Final[Mapping[Kind, str]] = {
    Kind.COMPLAINT: gettext_noop("Complaint"),
    Kind.SUGGESTION: gettext_noop("Suggestion"),
    Kind.PRAISE: gettext_noop("Praise"),
    Kind.QUESTION: gettext_noop("Enquiry"),
}

STATUS_LABELS: Final[Mapping[Status, str]] = {
    Status.OPEN: gettext_noop("Waiting for the desk"),
    Status.ANSWERED: gettext_noop("Has an answer"),
    Status.CLOSED: gettext_noop("Closed"),
}
