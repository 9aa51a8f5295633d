"""Whether a row's demands are met, and what to say when one is not (tickets-rules 1, 2).

A service gathers the facts, asks `check`, and turns what comes back into its error: refusals with a field are the
person's to mend (422), the others say that the world is not so (409).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.tickets.rules import deadlines
from app.tickets.rules.evidence import Lack
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.order_table import OrderAct, OrderRow
from app.tickets.rules.reasons import HOLD_NEEDS_CARD, HOLD_NEEDS_UNTIL, read_reason
from app.tickets.rules.rows import Guard, Who
from app.tickets.rules.states import TicketStatus
from app.tickets.rules.ticket_table import TicketAct, TicketRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is handed in and what is so. Whatever is not said counts as absent or untrue.

    `since` is the instant the act's window counts from: the last resolved (default, not_fixed), the rejection
    (reconsider), the beginning of the wait (no_answer). `demanded` names the guards among scan, checklist, photos,
    code and signature which the category demands; `given` those of them that are met, `lacks` what is said of the
    others in place of their general words (`rules.evidence`).
    """

    now: datetime
    # handed in
    reason: str | None = None
    note: str | None = None
    until: datetime | None = None
    true_time: datetime | None = None
    has_place_or_text: bool = False
    has_category: bool = False
    has_photo: bool = False
    reported_again: bool = False
    card_left: bool = False
    window_proposed: bool = False
    trade: str | None = None
    planned_minutes: int | None = None
    person_id: int | None = None
    given: frozenset[Guard] = frozenset()
    lacks: Mapping[Guard, Lack] = field(default_factory=dict)
    # of the ticket
    automatic: bool = False
    untouched: bool = False
    stranded: bool = False
    none_beyond_offered: bool = False
    followers: int = 0
    original_open: bool = False
    third_party: bool = False
    since: datetime | None = None
    reminders: int = 0
    first_accepted: bool = False
    all_done: bool = False
    ticket_status: TicketStatus | None = None
    # of the order
    demanded: frozenset[Guard] = frozenset()
    dependencies_over: bool = True
    window_near: bool = True
    eligible: bool = False
    pooled: bool = False
    offered_to: int | None = None
    offered_until: datetime | None = None
    holder_id: int | None = None
    hold_until: datetime | None = None
    actor_id: int | None = None
    named_by_not_fixed: bool = False
    open_timers: int = 0
    unreturned_parts: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A demand that is not met: the guard, the form field to mend (None: nothing to mend), the message id.

    `lack` has what fills the message, where it names what is missing.
    """

    guard: Guard
    field: str | None
    message: str
    lack: Lack | None = None


def _elapsed(facts: Facts, window: Callable[[datetime], datetime]) -> bool:
    return facts.since is not None and facts.now >= window(facts.since)


def _within(facts: Facts, window: Callable[[datetime], datetime]) -> bool:
    return facts.since is not None and facts.now <= window(facts.since)


def _until_given(facts: Facts) -> bool:
    """until for parts, approval, weather and other_trade; where it is given it lies ahead."""
    if facts.until is not None:
        return facts.until > facts.now
    return read_reason(OrderAct.HOLD, facts.reason) not in HOLD_NEEDS_UNTIL


def _card_or_window(facts: Facts) -> bool:
    """reporter_absent: a card was left (or its words noted), or a new window agreed."""
    if read_reason(OrderAct.HOLD, facts.reason) not in HOLD_NEEDS_CARD:
        return True
    return facts.card_left or facts.window_proposed or _has_note(facts) or facts.until is not None


def _has_note(facts: Facts) -> bool:
    return bool(facts.note and facts.note.strip())


def _until_reached(facts: Facts) -> bool:
    """The end of the offer, or of the hold, has come."""
    end = facts.offered_until or facts.hold_until
    return end is not None and facts.now >= end


def _still_offered(facts: Facts) -> bool:
    return facts.actor_id is not None and facts.offered_to == facts.actor_id


def _another_person(facts: Facts) -> bool:
    return facts.person_id is not None and facts.person_id not in {facts.offered_to, facts.holder_id}


def _demanded(guard: Guard) -> Callable[[Facts], bool]:
    return lambda facts: guard not in facts.demanded or guard in facts.given


_HOLDS: Final[dict[Guard, Callable[[Facts], bool]]] = {
    Guard.PLACE_OR_TEXT: lambda f: f.has_place_or_text,
    Guard.CATEGORY: lambda f: f.has_category,
    Guard.AUTOMATIC: lambda f: f.automatic,
    Guard.QUESTION: _has_note,
    Guard.NONE_BEYOND_OFFERED: lambda f: f.none_beyond_offered,
    Guard.ANSWER: lambda f: _has_note(f) or f.has_photo,
    Guard.WAITED_14_DAYS: lambda f: _elapsed(f, deadlines.answer_ends),
    Guard.REMINDED_TWICE: lambda f: f.reminders >= len(deadlines.REMINDER_DAYS),
    Guard.UNTOUCHED: lambda f: f.untouched,
    Guard.UNTOUCHED_OR_STRANDED: lambda f: f.untouched or f.stranded,
    Guard.REJECTED_WITHIN_30_DAYS: lambda f: _within(f, deadlines.reconsider_ends),
    Guard.WITHIN_30_DAYS: lambda f: _within(f, deadlines.not_fixed_ends),
    Guard.ORIGINAL_OPEN: lambda f: f.original_open,
    Guard.NO_FOLLOWER: lambda f: f.followers == 0,
    Guard.FIRST_ACCEPTED: lambda f: f.first_accepted,
    Guard.ALL_DONE: lambda f: f.all_done,
    Guard.NO_THIRD_PARTY: lambda f: not f.third_party,
    Guard.THIRD_PARTY: lambda f: f.third_party,
    Guard.WAITED_7_DAYS: lambda f: _elapsed(f, deadlines.closes_by_default),
    Guard.TEXT_OR_PHOTO: lambda f: _has_note(f) or f.has_photo or f.reported_again,
    Guard.TRADE: lambda f: bool(f.trade),
    Guard.PLANNED_MINUTES: lambda f: f.planned_minutes is not None and f.planned_minutes > 0,
    Guard.DEPENDENCIES_OVER: lambda f: f.dependencies_over,
    Guard.WINDOW_NEAR: lambda f: f.window_near,
    Guard.ELIGIBLE: lambda f: f.eligible,
    Guard.ANOTHER_PERSON: _another_person,
    Guard.OFFERED_UNTIL: lambda f: f.offered_until is not None and f.offered_until > f.now,
    Guard.STILL_OFFERED: _still_offered,
    Guard.POOLED: lambda f: f.pooled,
    Guard.UNTIL: _until_given,
    Guard.CARD_OR_WINDOW: _card_or_window,
    Guard.TICKET_NEEDS_INFO: lambda f: f.ticket_status is TicketStatus.NEEDS_INFO,
    Guard.SCAN: _demanded(Guard.SCAN),
    Guard.PERSON: lambda f: f.person_id is not None,
    Guard.NOBODY_ASSIGNED: lambda f: f.holder_id is None,
    Guard.UNTIL_REACHED: _until_reached,
    Guard.NOTE: _has_note,
    Guard.CHECKLIST: _demanded(Guard.CHECKLIST),
    Guard.PHOTOS: _demanded(Guard.PHOTOS),
    Guard.CODE: _demanded(Guard.CODE),
    Guard.SIGNATURE: _demanded(Guard.SIGNATURE),
    Guard.TRUE_TIME: lambda f: f.true_time is not None and f.true_time <= f.now,
    Guard.TICKET_CLOSED: lambda f: f.ticket_status in {None, TicketStatus.CLOSED},
    Guard.NAMED_BY_NOT_FIXED: lambda f: f.named_by_not_fixed,
    Guard.NO_OPEN_TIMER: lambda f: f.open_timers == 0,
    Guard.NO_UNRETURNED_PART: lambda f: f.unreturned_parts == 0,
}

GUARD_FIELDS: Final[dict[Guard, str]] = {
    Guard.PLACE_OR_TEXT: "place_id",
    Guard.CATEGORY: "category",
    Guard.QUESTION: "note",
    Guard.ANSWER: "note",
    Guard.REASON: "reason",
    Guard.TEXT_OR_PHOTO: "note",
    Guard.TRADE: "trade",
    Guard.PLANNED_MINUTES: "minutes",
    Guard.ELIGIBLE: "assignee",
    Guard.ANOTHER_PERSON: "assignee",
    Guard.PERSON: "assignee",
    Guard.UNTIL: "until",
    Guard.CARD_OR_WINDOW: "note",
    Guard.SCAN: "place_token",
    Guard.NOTE: "note",
    Guard.CHECKLIST: "checklist",
    Guard.PHOTOS: "photos",
    Guard.CODE: "code",
    Guard.SIGNATURE: "signature",
    Guard.TRUE_TIME: "device_at",
}
"""The field of the form or body that mends a demand; guards without one speak of the world."""

GUARD_MESSAGES: Final[dict[Guard, str]] = {
    Guard.PLACE_OR_TEXT: gettext_noop("Say where it is: choose a place or describe it."),
    Guard.CATEGORY: gettext_noop("Choose what is broken."),
    Guard.AUTOMATIC: gettext_noop(
        "This request needs a dispatcher: its category or its place is not handled automatically."
    ),
    Guard.QUESTION: gettext_noop("Write the question for the reporter."),
    Guard.NONE_BEYOND_OFFERED: gettext_noop(
        "Somebody has already taken an order of this request. Ask in a message instead."
    ),
    Guard.ANSWER: gettext_noop("Write the answer, or add a photo."),
    Guard.WAITED_14_DAYS: gettext_noop("The reporter has 14 days to answer; they are not over yet."),
    Guard.REMINDED_TWICE: gettext_noop("The reporter has not been reminded twice yet."),
    Guard.REASON: gettext_noop("Choose or write a reason."),
    Guard.UNTOUCHED: gettext_noop("Work has already begun, so this is no longer possible."),
    Guard.UNTOUCHED_OR_STRANDED: gettext_noop("Work has already begun, so this is no longer possible."),
    Guard.REJECTED_WITHIN_30_DAYS: gettext_noop("More than 30 days have passed since the rejection."),
    Guard.WITHIN_30_DAYS: gettext_noop(
        "More than 30 days have passed. Please file a new request; it can name this one."
    ),
    Guard.ORIGINAL_OPEN: gettext_noop("The other request is closed, so nothing can be merged into it."),
    Guard.NO_FOLLOWER: gettext_noop(
        "Others follow this request, so it lives on without you instead of being withdrawn."
    ),
    Guard.FIRST_ACCEPTED: gettext_noop("Nobody has taken an order of this request yet."),
    Guard.ALL_DONE: gettext_noop("Not all orders of this request are done."),
    Guard.NO_THIRD_PARTY: gettext_noop("This work is accepted by another office; your answer has been noted."),
    Guard.THIRD_PARTY: gettext_noop("This work is confirmed by the reporter himself."),
    Guard.WAITED_7_DAYS: gettext_noop("The reporter has 7 days to confirm; they are not over yet."),
    Guard.TEXT_OR_PHOTO: gettext_noop("Say what is still wrong, or add a photo."),
    Guard.TRADE: gettext_noop("Choose a trade."),
    Guard.PLANNED_MINUTES: gettext_noop("Give the planned minutes, at least 1."),
    Guard.DEPENDENCIES_OVER: gettext_noop("Another order has to be finished first."),
    Guard.WINDOW_NEAR: gettext_noop("The agreed visit is still too far ahead."),
    Guard.ELIGIBLE: gettext_noop("This person cannot be given the order."),
    Guard.ANOTHER_PERSON: gettext_noop("This person has the order already. Choose somebody else."),
    Guard.OFFERED_UNTIL: gettext_noop("The offer needs an end that lies ahead."),
    Guard.STILL_OFFERED: gettext_noop("The order is no longer offered to you."),
    Guard.POOLED: gettext_noop("This order is not in the pool."),
    Guard.UNTIL: gettext_noop("Say until when; the time has to lie ahead."),
    Guard.CARD_OR_WINDOW: gettext_noop("Leave a card and note it here, or agree a new time."),
    Guard.TICKET_NEEDS_INFO: gettext_noop("The request is not waiting for an answer."),
    Guard.SCAN: gettext_noop("Scan the sticker at the place."),
    Guard.PERSON: gettext_noop("Choose a person."),
    Guard.NOBODY_ASSIGNED: gettext_noop("Somebody holds this order. Only the holder can go on with it."),
    Guard.UNTIL_REACHED: gettext_noop("Its time is not over yet."),
    Guard.NOTE: gettext_noop("Write what was done."),
    Guard.CHECKLIST: gettext_noop("Finish the checklist."),
    Guard.PHOTOS: gettext_noop("Add the photos this kind of work demands."),
    Guard.CODE: gettext_noop("Enter the code the reporter was given."),
    Guard.SIGNATURE: gettext_noop("Ask for the signature."),
    Guard.TRUE_TIME: gettext_noop("Say when the work was really finished; it cannot lie ahead."),
    Guard.TICKET_CLOSED: gettext_noop("The request is not closed yet."),
    Guard.NAMED_BY_NOT_FIXED: gettext_noop("Nobody reported this order as not fixed."),
    Guard.NO_OPEN_TIMER: gettext_noop("A timer of this order is still running."),
    Guard.NO_UNRETURNED_PART: gettext_noop("A part has not been returned to the store."),
}


def holds(guard: Guard, act: TicketAct | OrderAct, facts: Facts) -> bool:
    """Whether one demand of `act` is met."""
    if guard is Guard.REASON:
        return read_reason(act, facts.reason) is not None
    return _HOLDS[guard](facts)


def check(row: TicketRow | OrderRow, who: Who, facts: Facts) -> tuple[Refusal, ...]:
    """The demands of `row` that are not met when `who` acts, in the order of the table; empty: go ahead."""
    return tuple(
        _refusal(guard, facts.lacks.get(guard)) for guard in row.demands(who) if not holds(guard, row.act, facts)
    )


def _refusal(guard: Guard, lack: Lack | None) -> Refusal:
    return Refusal(guard, GUARD_FIELDS.get(guard), lack.message if lack else GUARD_MESSAGES[guard], lack)
