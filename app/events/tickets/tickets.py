"""What happens to a ticket: filed, moved, told about, handed on."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class TicketFiled(Event):
    """A ticket was filed. `reporter_id` is None for a report without login (receipt number only)."""

    ticket_id: int
    number: str
    reporter_id: int | None
    status: str
    priority: str


@dataclass(frozen=True, slots=True)
class TicketStatusChanged(Event):
    """Any change of a ticket's status after filing; `act` is the act of tickets-rules 1 that caused it.

    Published beside the narrower `TicketResolved` and `TicketClosed`: subscribe to the one or to the others.
    """

    ticket_id: int
    event_id: int
    act: str
    from_status: str
    to_status: str
    cycle: int
    reporter_id: int | None
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class TicketResolved(Event):
    """No order is open any more and work was delivered: the reporter is asked whether it is fixed."""

    ticket_id: int
    cycle: int
    reporter_id: int | None


@dataclass(frozen=True, slots=True)
class TicketClosed(Event):
    """`by` is the act: "confirm" by the reporter, "accept_third" by who accepts the work, "default" after 7 × 24 h."""

    ticket_id: int
    cycle: int
    reporter_id: int | None
    by: str


@dataclass(frozen=True, slots=True)
class TicketNotFixed(Event):
    """The repair did not hold; `rework_order_id` is planned and waits for the supervisor.

    From the third time on (`times` ≥ 3) it is an alarm to supervisor and leadership (N10).
    """

    ticket_id: int
    cycle: int
    rework_order_id: int
    times: int


@dataclass(frozen=True, slots=True)
class AcceptanceAsked(Event):
    """Work is finished that a third party accepts before its ticket is closed (N9)."""

    ticket_id: int
    cycle: int


@dataclass(frozen=True, slots=True)
class AcceptanceOver(Event):
    """It was accepted, sent back, or closed by default: nobody is asked any more."""

    ticket_id: int


@dataclass(frozen=True, slots=True)
class LeaversDue(Event):
    """Periodic: the open requests of those who have left get their dorm office as contact (N5)."""


@dataclass(frozen=True, slots=True)
class FiguresDue(Event):
    """Periodic: the rows of figures are kept up with the history."""


@dataclass(frozen=True, slots=True)
class ContactPassed(Event):
    """The reporter has left; `person_ids` are the dorm office that is the contact now."""

    ticket_id: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TicketUrged(Event):
    """The reporter reminds, for the `times`-th time in this cycle; `person_ids` are responsible (N1)."""

    ticket_id: int
    cycle: int
    times: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TicketRated(Event):
    """Somebody rated a cycle of a ticket, or changed his rating."""

    ticket_id: int
    cycle: int
    person_id: int


@dataclass(frozen=True, slots=True)
class TicketReclassified(Event):
    """Category, place, urgency, impact or priority of a ticket changed; `changed` names which.

    Whoever runs clocks judges the change of policy from this instant on (17).
    """

    ticket_id: int
    event_id: int
    changed: tuple[str, ...]
    reporter_id: int | None


@dataclass(frozen=True, slots=True)
class TicketJoined(Event):
    """Somebody follows a ticket instead of filing the same fault."""

    ticket_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class ReporterChanged(Event):
    """The reporter withdrew; the first follower is the reporter now, the ticket lives on (N8)."""

    ticket_id: int
    before_id: int | None
    reporter_id: int


@dataclass(frozen=True, slots=True)
class PlaceNamed(Event):
    """Staff said which place the words of reports mean; open requests that say so move there."""

    alias_id: int
    person_id: int | None


@dataclass(frozen=True, slots=True)
class MessageWritten(Event):
    """Somebody wrote a message; its words are in the ticket event. `holders` have one of the orders in hand."""

    ticket_id: int
    event_id: int
    actor_id: int | None
    from_reporter: bool
    to_followers: bool
    holders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AnswerReminded(Event):
    """The reporter is reminded of a question for the `number`-th time."""

    ticket_id: int
    number: int
    reporter_id: int | None


@dataclass(frozen=True, slots=True)
class AnswerOverdue(Event):
    """Timer: the next step of a question's wait; `asked_at` (RFC 3339) names the question."""

    ticket_id: int
    asked_at: str


@dataclass(frozen=True, slots=True)
class DefaultCloseDue(Event):
    """Timer: 7 × 24 h after a ticket was resolved in this cycle."""

    ticket_id: int
    cycle: int
