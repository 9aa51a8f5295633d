"""What happens to tickets and work orders, for whoever reacts (notices, dispatch, timers).

Every event carries ids and plain values; who needs more reads it. Reasons and notes are in `ticket_event`, found by
`event_id`. A timer is an event published with a due instant: its handler judges again, under the ticket's lock,
whether the time has really come.
"""

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
    """The reporter confirmed (`by` "confirm") or 7 × 24 h passed (`by` "default")."""

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
class ClockEscalated(Event):
    """Steps of a clock were taken (tickets-rules 20): `due` is RFC 3339, `after` the working minutes of the last step
    after it (negative: before), `late` whether it has passed."""

    ticket_id: int
    order_id: int | None
    clock: str
    cycle: int
    due: str
    late: bool
    after: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExtensionAsked(Event):
    """Somebody asks for more time, until an instant (RFC 3339); `person_ids` may decide."""

    ticket_id: int
    extension_id: int
    asked_by: int
    until: str
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExtensionDecided(Event):
    """Another person decided on more time; an approved one is the new promise (told by `PromiseTold`)."""

    ticket_id: int
    extension_id: int
    asked_by: int
    approved: bool
    until: str
    person_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockEndless(Event):
    """A clock never comes due: its calendar has no working time within ten years (10)."""

    ticket_id: int
    order_id: int | None
    clock: str
    cycle: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DelayExcused(Event):
    """A supervisor says why a promise was not kept; the reporter is told (18)."""

    ticket_id: int
    cycle: int
    clock_id: int


@dataclass(frozen=True, slots=True)
class ClocksDue(Event):
    """Periodic: the clocks whose next step is due take it."""


@dataclass(frozen=True, slots=True)
class PromiseTold(Event):
    """The reporter is told by when his request will be done (RFC 3339); `first`: nothing had been told before.

    `because` says what moved the promise told before (`tickets.rules.promises.Because`).
    """

    ticket_id: int
    cycle: int
    until: str
    first: bool
    because: str = ""


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
class OrderQueued(Event):
    """An order waits for a technician: the dispatch handler offers it to the best candidate.

    `wake` says what makes it worth trying (`rules.offers.Wake`); None: an offer of it has just ended, or it was given
    back.
    """

    order_id: int
    ticket_id: int
    wake: str | None = None


@dataclass(frozen=True, slots=True)
class OfferMade(Event):
    """An order is offered to a person until an instant (RFC 3339). `made_by` is the dispatcher, None: the system."""

    order_id: int
    ticket_id: int
    offer_id: int
    person_id: int
    until: str
    made_by: int | None = None


@dataclass(frozen=True, slots=True)
class OfferExpired(Event):
    """Timer: an offer's time is over, unless it was answered before."""

    order_id: int
    offer_id: int


@dataclass(frozen=True, slots=True)
class OfferEnded(Event):
    """An offer ended without being accepted: declined, expired, revoked, replaced, suspended or cancelled."""

    order_id: int
    ticket_id: int
    offer_id: int
    person_id: int
    outcome: str
    made_by: int | None = None


@dataclass(frozen=True, slots=True)
class OrderAccepted(Event):
    """A technician took an order."""

    order_id: int
    ticket_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class OrderOnTheWay(Event):
    """The holder of an order has set out."""

    order_id: int
    ticket_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class OrderDeclined(Event):
    """A technician declined an offer, with a reason that staff reads."""

    order_id: int
    ticket_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class OrderReleased(Event):
    """The holder lost the order: given back by himself, given to somebody else, or cancelled (`why` is the act)."""

    order_id: int
    ticket_id: int
    person_id: int
    why: str


@dataclass(frozen=True, slots=True)
class OrderOnHold(Event):
    """Work on an order stands still; `until` is RFC 3339 or None."""

    order_id: int
    ticket_id: int
    reason: str
    until: str | None


@dataclass(frozen=True, slots=True)
class WindowChosen(Event):
    """The reporter chose when somebody may come after nobody was in; instants are RFC 3339, `holders` are told."""

    ticket_id: int
    order_id: int
    event_id: int
    start: str
    end: str
    holders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrderDone(Event):
    """The work of one order is done."""

    order_id: int
    ticket_id: int
    person_id: int | None


@dataclass(frozen=True, slots=True)
class OrderPooled(Event):
    """An order was put into the pool: whoever could take it is told, `version` names the occasion."""

    order_id: int
    ticket_id: int
    version: int


@dataclass(frozen=True, slots=True)
class OrderProposed(Event):
    """A technician proposes a further order; those who decide are told."""

    order_id: int
    ticket_id: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CallBackAsked(Event):
    """The holder of an order would like to speak to the reporter, who is told."""

    ticket_id: int
    order_id: int
    event_id: int


@dataclass(frozen=True, slots=True)
class CallBackAnswered(Event):
    """The reporter said where the desk may call him; the number is in the ticket event. `person_ids` are told."""

    ticket_id: int
    order_id: int
    event_id: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HelpAsked(Event):
    """The holder of an order asks for a second pair of hands; those who can send one are told."""

    order_id: int
    ticket_id: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HelperAdded(Event):
    """Somebody is to help with an order."""

    order_id: int
    ticket_id: int
    person_id: int
    helper_id: int


@dataclass(frozen=True, slots=True)
class DutyLeadCalled(Event):
    """Nobody takes an order: the duty lead (else the fallback role) is called for the `times`-th time (38, 39)."""

    order_id: int
    ticket_id: int
    person_ids: tuple[int, ...]
    refusals: int
    call_id: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True)
class DutyCallWanted(Event):
    """Timer: the duty lead is to be called for an order once the hours of its dispatch clock begin (39)."""

    order_id: int


@dataclass(frozen=True, slots=True)
class DutyCallDue(Event):
    """Timer: a call was not answered `times` times; it is repeated unless it has been answered since (38)."""

    order_id: int
    call_id: int
    times: int


@dataclass(frozen=True, slots=True)
class DutyCallAnswered(Event):
    """Somebody has taken on by name an order nobody took; the others who were called need not."""

    order_id: int
    ticket_id: int
    call_id: int
    person_id: int
    called: tuple[int, ...]


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
class HoldReminded(Event):
    """A hold's `until` has passed (or it has none and is old): the responsible persons are reminded, daily (N4)."""

    order_id: int
    ticket_id: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DefaultCloseDue(Event):
    """Timer: 7 × 24 h after a ticket was resolved in this cycle."""

    ticket_id: int
    cycle: int


@dataclass(frozen=True, slots=True)
class AnswerOverdue(Event):
    """Timer: the next step of a question's wait; `asked_at` (RFC 3339) names the question."""

    ticket_id: int
    asked_at: str


@dataclass(frozen=True, slots=True)
class HoldDue(Event):
    """Timer: the end of a hold. `hold_id` is the event it began with, `until` the end it has (RFC 3339): a hold that
    ended, or whose end was moved, has no use for it.

    `version`, the order's at the time of the hold, is read where a timer set by an older release has no `hold_id`.
    """

    order_id: int
    version: int
    hold_id: int | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class BulkOrdered(Event):
    """Somebody wants one act done to many orders."""

    run_id: int


@dataclass(frozen=True, slots=True)
class PlaceNamed(Event):
    """Staff said which place the words of reports mean; open requests that say so move there."""

    alias_id: int
    person_id: int | None


@dataclass(frozen=True, slots=True)
class VisitNear(Event):
    """Timer: the window a reporter chose for a visit comes near; its planned order is queued."""

    order_id: int


@dataclass(frozen=True, slots=True)
class HandFreed(Event):
    """Somebody of a trade has a hand free, and its waiting orders tried for him (`tried`, in their turn) may not suit:
    those behind them are tried where none of them found anybody (39, 40)."""

    trade_id: int
    tried: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WaitingOrdersDue(Event):
    """Periodic: orders that found nobody are tried again (a shift began, somebody freed up, an absence ended)."""


@dataclass(frozen=True, slots=True)
class SlaPolicyPublished(Event):
    """A version of a policy was published: clocks that begin or change from now on run by it (tickets-rules 7, 17)."""

    policy_id: int
    version_id: int
