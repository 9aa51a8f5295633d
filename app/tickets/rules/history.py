"""The state is the fold of the events: nothing a state column says is true for another reason.

Every row of the transition tables leaves one event with `from` and `to`; every other event (a message, a photo, a
rating) has both null. `fold` reads a ticket's events in order of their ids and gives what the columns must hold; it
refuses a history the tables could not have written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.order_table import OrderAct, OrderRow
from app.tickets.rules.rows import ALL_FEATURES
from app.tickets.rules.states import OrderState, TicketStatus
from app.tickets.rules.ticket_table import TicketAct
from app.tickets.rules.workflow import TransitionRefused, order_transition, ticket_transition


class Remark(StrEnum):
    """The kinds of event that change no state."""

    MESSAGE = "message"
    NOTE = "note"
    PHOTO = "photo"
    JOIN = "join"
    REMIND = "remind"
    RECLASSIFY = "reclassify"
    EXTENSION = "extension"
    RATING = "rating"
    AGREED = "agreed"
    LEFT = "left"
    PROMISE = "promise"
    ESCALATION = "escalation"
    CALL_ANSWERED = "call_answered"
    CALL_BACK = "call_back"
    HELPER = "helper"
    MERGED_IN = "merged_in"
    PARTED = "parted"
    REPOINTED = "repointed"
    HANDED_ON = "handed_on"
    SPLIT = "split"
    CALENDAR = "calendar"
    WINDOW = "window"
    EXCUSE = "excuse"
    POOL = "pool"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"


REMARK_LABELS: Final[dict[Remark, str]] = {
    Remark.MESSAGE: gettext_noop("Message"),
    Remark.NOTE: gettext_noop("Note"),
    Remark.PHOTO: gettext_noop("Photo added"),
    Remark.JOIN: gettext_noop("Somebody else follows this request"),
    Remark.REMIND: gettext_noop("Reminder sent"),
    Remark.RECLASSIFY: gettext_noop("Category, place or priority changed"),
    Remark.EXTENSION: gettext_noop("More time asked for"),
    Remark.RATING: gettext_noop("Rated"),
    Remark.AGREED: gettext_noop("The reporter says that it is fixed"),
    Remark.LEFT: gettext_noop("Its reporter has left; the dorm office is the contact now"),
    Remark.PROMISE: gettext_noop("Promise told"),
    Remark.ESCALATION: gettext_noop("Escalated"),
    Remark.CALL_ANSWERED: gettext_noop("Call answered"),
    Remark.CALL_BACK: gettext_noop("A call with the reporter"),
    Remark.HELPER: gettext_noop("Helper added"),
    Remark.MERGED_IN: gettext_noop("Another request was merged into this one"),
    Remark.PARTED: gettext_noop("A merged request goes its own way again"),
    Remark.REPOINTED: gettext_noop("Its original was merged or parted; it follows"),
    Remark.HANDED_ON: gettext_noop("The first follower is the reporter now"),
    Remark.SPLIT: gettext_noop("A second fault became a request of its own"),
    Remark.CALENDAR: gettext_noop("Working hours changed"),
    Remark.WINDOW: gettext_noop("Visit window changed"),
    Remark.EXCUSE: gettext_noop("Delay excused"),
    Remark.POOL: gettext_noop("Put into the pool, or taken out of it"),
    Remark.PUBLISH: gettext_noop("Text and photos published"),
    Remark.UNPUBLISH: gettext_noop("Text and photos hidden again"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a ticket. `actor_id` None: the system (or somebody without an account).

    `cycle` is 1 from filing on and grows with each not_fixed, whose own event is the first of the new cycle.
    `person_id` is the person an offer or reassignment goes to.
    """

    id: int
    at: datetime
    kind: str
    order_id: int | None = None
    from_state: str | None = None
    to_state: str | None = None
    reason: str | None = None
    actor_id: int | None = None
    cycle: int = 1
    person_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStory:
    """What the events say of one order. `holder_id` stays after done: it is he who did it."""

    state: OrderState
    cycle: int
    offered_to: int | None = None
    holder_id: int | None = None
    worked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the events say of a ticket.

    `before` is the state the way back leads from: the one it left for needs_info while it waits for an answer, the
    one it left for rejected or duplicate once it is there. The instants are the last of their kind.
    """

    status: TicketStatus
    cycle: int = 1
    orders: Mapping[int, OrderStory] = field(default_factory=dict)
    asked_from: TicketStatus | None = None
    ended_from: TicketStatus | None = None
    filed_at: datetime
    asked_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    rejected_at: datetime | None = None
    reminders: int = 0
    urged: int = 0

    @property
    def before(self) -> TicketStatus | None:
        """The state before the current wait or end; None elsewhere."""
        if self.status is TicketStatus.NEEDS_INFO:
            return self.asked_from
        if self.status in {TicketStatus.REJECTED, TicketStatus.DUPLICATE}:
            return self.ended_from
        return None

    @property
    def untouched(self) -> bool:
        """No order was ever working, in any cycle."""
        return not any(order.worked for order in self.orders.values())

    @property
    def order_states(self) -> dict[int, OrderState]:
        """The state of each order by its id."""
        return {order_id: order.state for order_id, order in self.orders.items()}


class BrokenHistory(Exception):
    """Events the tables could not have written; names the first of them."""

    def __init__(self, event: Event | None, why: str) -> None:
        super().__init__(f"event {event.id} ({event.kind}): {why}" if event else why)
        self.event = event


def fold(events: Iterable[Event]) -> Story:
    """The state of a ticket and its orders after `events`, which come in order of their ids.

    Raises BrokenHistory for an event that does not follow from those before it.
    """
    story: Story | None = None
    last: Event | None = None
    for event in events:
        if last is not None and (event.id <= last.id or event.at < last.at):
            raise BrokenHistory(event, "out of order")
        story = _first(event) if story is None else _next(story, event)
        last = event
    if story is None:
        raise BrokenHistory(None, "a ticket without events")
    return story


def next_cycle(cycle: int, act: TicketAct | OrderAct) -> int:
    """The cycle of the event that records `act` on a ticket whose events so far are of `cycle`."""
    return cycle + 1 if act is TicketAct.NOT_FIXED else cycle


def _first(event: Event) -> Story:
    if event.kind != TicketAct.FILE or (event.from_state, event.to_state) != (None, TicketStatus.SUBMITTED):
        raise BrokenHistory(event, "a history begins with filing")
    if event.cycle != 1:
        raise BrokenHistory(event, "the first cycle is 1")
    return Story(status=TicketStatus.SUBMITTED, filed_at=event.at)


def _next(story: Story, event: Event) -> Story:
    if event.from_state is None and event.to_state is None:
        return _remark(story, event)
    story = _on_ticket(story, event) if event.order_id is None else _on_order(story, event, event.order_id)
    if event.cycle != story.cycle:
        raise BrokenHistory(event, f"of cycle {event.cycle} in cycle {story.cycle}")
    return story


def _remark(story: Story, event: Event) -> Story:
    if event.kind in set(TicketAct) | set(OrderAct):
        raise BrokenHistory(event, "a change of state without states")
    if event.kind == Remark.REMIND and event.order_id is None and story.status is TicketStatus.NEEDS_INFO:
        return replace(story, reminders=story.reminders + 1)
    if event.kind == Remark.REMIND and event.order_id is None:
        return replace(story, urged=story.urged + 1)
    return story


def _on_ticket(story: Story, event: Event) -> Story:
    try:
        act = TicketAct(event.kind)
        to = ticket_transition(story.status, act, ALL_FEATURES).target(story.before)
    except (ValueError, TransitionRefused) as error:
        raise BrokenHistory(event, str(error)) from error
    if (event.from_state, event.to_state) != (story.status, to):
        raise BrokenHistory(event, f"{story.status} leads to {to}")
    changed = replace(story, status=to, cycle=next_cycle(story.cycle, act))
    if act is TicketAct.NOT_FIXED:
        changed = replace(changed, urged=0)
    if act is TicketAct.ASK:
        changed = replace(changed, asked_from=story.status)
    if to in {TicketStatus.REJECTED, TicketStatus.DUPLICATE}:
        changed = replace(changed, ended_from=story.status)
    return _stamped(changed, event.at)


def _stamped(story: Story, at: datetime) -> Story:
    """The story with the instant at which it came into its status."""
    if story.status is TicketStatus.NEEDS_INFO:
        return replace(story, asked_at=at, reminders=0)
    if story.status is TicketStatus.RESOLVED:
        return replace(story, resolved_at=at)
    if story.status is TicketStatus.CLOSED:
        return replace(story, closed_at=at)
    if story.status is TicketStatus.REJECTED:
        return replace(story, rejected_at=at)
    return story


def _on_order(story: Story, event: Event, order_id: int) -> Story:
    before = story.orders.get(order_id)
    state = before.state if before else None
    try:
        act = OrderAct(event.kind)
        row = order_transition(state, act, ALL_FEATURES, ticket=story.status)
    except (ValueError, TransitionRefused) as error:
        raise BrokenHistory(event, str(error)) from error
    to = row.target()
    if (event.from_state, event.to_state) != (state, to):
        raise BrokenHistory(event, f"{state} leads to {to}")
    order = before or OrderStory(state=to, cycle=story.cycle)
    order = replace(_with_people(order, row, event), state=to, worked=order.worked or to is OrderState.WORKING)
    return replace(story, orders={**story.orders, order_id: order})


_NOBODYS: Final = frozenset({OrderState.PLANNED, OrderState.QUEUED, OrderState.CANCELLED})


def _with_people(order: OrderStory, row: OrderRow, event: Event) -> OrderStory:
    """Who is offered the order and who holds it after `row`."""
    if row.to in _NOBODYS:
        return replace(order, offered_to=None, holder_id=None)
    if row.to is OrderState.OFFERED:
        return replace(order, offered_to=event.person_id, holder_id=None)
    if row.act is OrderAct.ACCEPT:
        return replace(order, offered_to=None, holder_id=order.offered_to or event.actor_id)
    if row.act is OrderAct.GRAB:
        return replace(order, holder_id=event.actor_id)
    return order
