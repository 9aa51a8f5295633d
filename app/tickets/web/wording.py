"""What the pages of tickets say: where a ticket stands, the road ahead of it, what happened to it.

The rules hold message ids; here they become sentences for the reader: whoever reported it is spoken to, staff is told
about him.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from flask_babel import ngettext

from app.core import i18n
from app.core.i18n import gettext as _
from app.core.i18n import per_language
from app.tickets import clock_words, due_words, escalation_words, order_words
from app.tickets.order_words import Chip
from app.tickets.rules import deadlines, history, workflow
from app.tickets.rules.workflow import ORDER_OPEN, OrderAct, OrderState, TicketAct, TicketStatus
from app.tickets.services.priorities import BY_STEP
from app.tickets.talk import SAID
from app.tickets.web import changed, remarked

_LOOKS: dict[TicketStatus, tuple[str | None, str | None]] = {
    TicketStatus.SUBMITTED: (None, None),
    TicketStatus.NEEDS_INFO: ("soon", "question"),
    TicketStatus.ACCEPTED: ("info", None),
    TicketStatus.IN_SERVICE: ("info", None),
    TicketStatus.RESOLVED: ("soon", "check"),
    TicketStatus.CLOSED: ("good", "check"),
    TicketStatus.REJECTED: (None, "no"),
    TicketStatus.DUPLICATE: (None, "merge"),
    TicketStatus.WITHDRAWN: (None, "undo"),
}

# Of several orders the one that tells most about the ticket: somebody at work before somebody on his way.
_TELLING = (
    OrderState.WORKING,
    OrderState.EN_ROUTE,
    OrderState.ACCEPTED,
    OrderState.ON_HOLD,
    OrderState.OFFERED,
    OrderState.QUEUED,
    OrderState.PLANNED,
)
_LEAST_ADVANCED = (
    OrderState.PLANNED,
    OrderState.QUEUED,
    OrderState.OFFERED,
    OrderState.ON_HOLD,
    OrderState.ACCEPTED,
    OrderState.EN_ROUTE,
    OrderState.WORKING,
)


@per_language
def status(code: str, *, staff: bool = False) -> str:
    labels = workflow.TICKET_STAFF_LABELS if staff else workflow.TICKET_LABELS
    return str(_(labels[TicketStatus(code)]))


@per_language
def status_chip(code: str, *, staff: bool = False) -> Chip:
    """The status as `ui.chip` takes it; what waits for the reader stands out."""
    kind, icon = _LOOKS[TicketStatus(code)]
    if staff and code == TicketStatus.RESOLVED:
        kind = "good"
    return Chip(status(code, staff=staff), kind, icon)


def act(code: TicketAct) -> str:
    """What a button for the act says."""
    return str(_(workflow.TICKET_ACT_LABELS[code]))


def ticket_reason(code: TicketAct, stored: str | None) -> str:
    if not stored:
        return ""
    label = workflow.reason_label(code, stored)
    return label if label == stored else str(_(label))


def telling(orders: Iterable[Any]) -> Any:
    """The open order that says most about how far a ticket is; None where none is open."""
    return _first(orders, _TELLING)


def least_advanced(orders: Iterable[Any]) -> Any:
    """The open order that is furthest behind, as staff's lists show it; else the last one."""
    listed = list(orders)
    return _first(listed, _LEAST_ADVANCED) or (listed[-1] if listed else None)


def _first(orders: Iterable[Any], ranked: Sequence[OrderState]) -> Any:
    still = [each for each in orders if each.state in ORDER_OPEN]
    return min(still, key=lambda each: ranked.index(each.state)) if len(still) > 1 else next(iter(still), None)


@dataclass(frozen=True, slots=True)
class Head:
    """The page's first words: one sentence, and what it means."""

    title: str
    text: str = ""


def head(ticket: Any, orders: Sequence[Any], events: Sequence[Any], *, mine: bool) -> Head:
    """Where the ticket stands. `mine`: the reader reported it."""
    code = TicketStatus(ticket.status)
    if code is TicketStatus.SUBMITTED:
        return Head(_("Sent"), _("Somebody at the service desk looks at it next."))
    if code is TicketStatus.NEEDS_INFO:
        asked = _last_note(events, TicketAct.ASK)
        return Head(_("We have a question for you") if mine else _("Waiting for the reporter’s answer"), asked)
    if code in (TicketStatus.ACCEPTED, TicketStatus.IN_SERVICE):
        return _under_way(ticket, orders)
    if code is TicketStatus.RESOLVED:
        return _resolved(ticket, orders, mine=mine)
    return _ended(code, ticket, events)


def _under_way(ticket: Any, orders: Sequence[Any]) -> Head:
    order = telling(orders)
    if order is None:
        return Head(status(ticket.status), _("The service desk decides how it goes on."))
    name = order.assignee_name or ""
    state = OrderState(order.state)
    if state is OrderState.WORKING:
        return Head(_("%(name)s is at work", name=name))
    if state is OrderState.EN_ROUTE:
        return Head(_("%(name)s is on the way", name=name))
    if state is OrderState.ACCEPTED:
        return Head(_("%(name)s has taken it", name=name), _("You see here when the work begins."))
    if state is OrderState.ON_HOLD:
        return Head(_("The work is on hold"), order_words.hold(order.hold_reason, order.hold_until))
    if order.kind == "rework" and state is OrderState.PLANNED:
        return Head(_("It comes back to us"), _("A supervisor chooses who repairs it this time."))
    if ticket.status == TicketStatus.IN_SERVICE:
        return Head(_("We are looking for somebody else to go on with it"))
    return Head(_("Accepted"), _("We are looking for a technician."))


def _resolved(ticket: Any, orders: Sequence[Any], *, mine: bool) -> Head:
    done = max((each for each in orders if each.done_at), key=lambda each: each.done_at, default=None)
    title, closes = _("Repaired, waiting for you") if mine else _("Repaired, waiting for the reporter"), ""
    if getattr(ticket, "third_party", False):
        title = _("Repaired, waiting to be accepted")
    elif not mine and not confirmable(ticket):
        title, on = _("Repaired"), closes_on(ticket)
        closes = _("It closes by itself on %(day)s: nobody can confirm it.", day=i18n.format_day(on)) if on else ""
    if done is None or not done.assignee_name:
        return Head(title, closes)
    finished = _("%(name)s finished it: %(when)s.", name=done.assignee_name, when=i18n.format_moment(done.done_at))
    return Head(title, i18n.sentences((finished, closes)))


def confirmable(ticket: Any) -> bool:
    """Whether somebody can say that it is fixed: not where no name was given, or its reporter has left (N5, N6)."""
    return ticket.reporter_id is not None and getattr(ticket, "left_at", None) is None


def agreed(ticket: Any, events: Sequence[Any]) -> bool:
    """Whether the reporter has said that it is fixed where that does not close it (N9)."""
    return any(each.kind == history.Remark.AGREED and each.cycle == ticket.cycle for each in events)


def _ended(code: TicketStatus, ticket: Any, events: Sequence[Any]) -> Head:
    if code is TicketStatus.CLOSED:
        last = next((each.kind for each in reversed(events) if each.to_state == code and not each.order_id), "")
        if last == TicketAct.ACCEPT_THIRD:
            return Head(
                _("Done and closed"), _("Accepted on site: %(when)s.", when=i18n.format_moment(ticket.closed_at))
            )
        if last == TicketAct.DEFAULT and not confirmable(ticket):
            said = _("It closed by itself 7 days after the repair: nobody could confirm it.")
            return Head(_("Done and closed"), said)
        if last == TicketAct.DEFAULT and agreed(ticket, events):
            said = _("It closed by itself 7 days after the repair: nobody had accepted it on site.")
            return Head(_("Done and closed"), said)
        if last == TicketAct.DEFAULT:
            return Head(_("Done and closed"), _("Nobody answered for 7 days; that does not count as praise."))
        return Head(_("Done and closed"), _("Confirmed: %(when)s.", when=i18n.format_moment(ticket.closed_at)))
    if code is TicketStatus.REJECTED:
        turned = next((each for each in reversed(events) if each.to_state == code and not each.order_id), None)
        if turned is None:
            return Head(_("Not taken on"))
        why = ticket_reason(TicketAct.REJECT, turned.reason) if turned.kind == TicketAct.REJECT else ""
        return Head(_("Not taken on"), "\n".join(filter(None, (why, turned.note))))
    return Head(status(code))


def _last_note(events: Sequence[Any], kind: TicketAct) -> str:
    return next((each.note for each in reversed(events) if each.kind == kind and each.note), "")


def own_chip(ticket: Any, orders: Sequence[Any]) -> Chip:
    """The status of one's own ticket as `ui.chip` takes it; work on hold goes before."""
    order = telling(orders)
    if order is not None and order.state == OrderState.ON_HOLD and ticket.status == TicketStatus.IN_SERVICE:
        return order_words.state_chip(order.state)
    return status_chip(ticket.status)


def news(ticket: Any, orders: Sequence[Any], chip: Chip) -> str:
    """What a card says besides its chip: who is at it, or what comes next; nothing where the chip says it all.

    Without a full stop, since other parts of the line follow it.
    """
    moving = (TicketStatus.ACCEPTED, TicketStatus.IN_SERVICE, TicketStatus.RESOLVED)
    if ticket.status not in moving:
        return ""
    told = head(ticket, orders, (), mine=True)
    said = told.text if ticket.status == TicketStatus.RESOLVED or told.title == chip.text else told.title
    return said.rstrip(".。")


def promised(ticket: Any) -> str:
    """What a card says of the promise while somebody is at it; nothing where nothing is promised (21)."""
    if ticket.promised_at is None or ticket.status not in (TicketStatus.ACCEPTED, TicketStatus.IN_SERVICE):
        return ""
    return _("Promised: %(when)s", when=due_words.promised(ticket.promised_at, ticket.zone))


def closes_on(ticket: Any) -> datetime | None:
    """When a repaired ticket is closed without an answer; None unless it waits for one."""
    if ticket.status != TicketStatus.RESOLVED or ticket.resolved_at is None:
        return None
    return deadlines.closes_by_default(ticket.resolved_at)


def road(ticket: Any, orders: Sequence[Any], *, mine: bool = True, answers: bool = True) -> list[dict[str, str]]:
    """The stations of a parcel's way; empty where the ticket left it. `answers`: somebody can say that it is fixed."""
    first = {TicketStatus.SUBMITTED: _("Sent"), TicketStatus.NEEDS_INFO: _("Question")}
    labels = [
        first.get(TicketStatus(ticket.status), _("Accepted")),
        _("Taken"),
        _("Working"),
        _answer(ticket, mine=mine, answers=answers),
        _("Closed"),
    ]
    code = TicketStatus(ticket.status)
    states = _stations(code, _station(code, orders))
    return [{"label": label, "state": state} for label, state in zip(labels, states, strict=bool(states))]


def _answer(ticket: Any, *, mine: bool, answers: bool) -> str:
    if getattr(ticket, "third_party", False):
        return _("Sign-off")
    if not answers:
        return _("Repaired")
    return _("Your answer") if mine else _("Answer")


def steps(ticket: Any, orders: Sequence[Any]) -> tuple[str, ...]:
    """The same way as small bars of a card."""
    code = TicketStatus(ticket.status)
    return _bars(code, _station(code, orders))


@cache
def _bars(code: TicketStatus, at: int) -> tuple[str, ...]:
    now = "wait" if code in NEEDS_REPORTER else "on"
    return tuple({"done": "on", "now": now, "": ""}[state] for state in _stations(code, at))


@cache
def _stations(code: TicketStatus, at: int) -> tuple[str, ...]:
    """What of the way is done, where a ticket is that stands at a station, what lies ahead."""
    if code in (TicketStatus.REJECTED, TicketStatus.DUPLICATE, TicketStatus.WITHDRAWN):
        return ()
    states = tuple("done" if index < at else "now" if index == at else "" for index in range(STATIONS))
    return (*states[:-1], "done") if code is TicketStatus.CLOSED else states


STATIONS = 5
_WAITING = (OrderState.PLANNED, OrderState.QUEUED, OrderState.OFFERED)
NEEDS_REPORTER = (TicketStatus.NEEDS_INFO, TicketStatus.RESOLVED)


def _station(code: TicketStatus, orders: Sequence[Any]) -> int:
    if code in (TicketStatus.SUBMITTED, TicketStatus.NEEDS_INFO, TicketStatus.ACCEPTED):
        return 0
    if code is TicketStatus.RESOLVED:
        return 3
    if code is TicketStatus.CLOSED:
        return 4
    order = telling(orders)
    if order is None or (order.state in _WAITING and not order.worked):
        return 0  # given back, or to be done again: nobody has it
    return 1 if order.state in (OrderState.ACCEPTED, OrderState.EN_ROUTE) or not order.worked else 2


# What the reporter's page tells once: the order's own entry names who it was.
_TOLD_BY_ORDERS = (TicketAct.ORDER_ACCEPTED, TicketAct.ALL_DONE)


def entries(events: Sequence[Any], *, reader_id: int | None, staff: bool) -> list[dict[str, Any]]:
    """The history as `ui.timeline` takes it, newest first; photos sent with the report are counted in its entry."""
    with_orders = any(each.order_id for each in events)
    filed_at = next((each.at for each in events if each.kind == TicketAct.FILE), None)
    sent = [each for each in events if each.kind == history.Remark.PHOTO and each.at == filed_at]
    called = changed.names(events)
    resumed = remarked.resumed(events)
    told = [
        entry(each, reader_id=reader_id, staff=staff, called=called, resumed=each.id in resumed)
        for each in reversed(events)
        if each not in sent
        and each.kind not in SAID  # they stand in the conversation
        and (staff or not with_orders or each.order_id or each.kind not in _TOLD_BY_ORDERS)
    ]
    if sent and told:
        told[-1]["text"] = ngettext("%(num)d photo", "%(num)d photos", len(sent))
    return told


def entry(
    event: Any, *, reader_id: int | None, staff: bool, called: changed.Names | None = None, resumed: bool = False
) -> dict[str, Any]:
    """One event as `ui.timeline` takes it."""
    at = event.effective_at or event.at
    title = remarked.title(event) or clock_words.event_label(event.kind, event.order_id)
    if resumed:
        title = _("Work resumed")
    if staff and event.order_number:
        title = _("%(number)s: %(what)s", number=event.order_number, what=title)
    return {
        "time": i18n.format_time(at),
        "iso": i18n.iso(at),
        "day": f"{i18n.format_weekday(at)} {i18n.format_day(at)}",
        "title": title,
        "who": _who(event, reader_id, staff=staff),
        "text": "\n".join((*changed.lines(event, called or {}), *filter(None, [_event_text(event, staff=staff)]))),
    }


def _who(event: Any, reader_id: int | None, *, staff: bool) -> str:
    if event.person_name and event.kind in (OrderAct.OFFER, OrderAct.REASSIGN):
        if not staff or event.actor_id is None:
            return str(event.person_name)
        by = _("you") if event.actor_id == reader_id else event.actor_name
        return _("%(whom)s, given by %(who)s", whom=event.person_name, who=by)
    if event.actor_id is not None:
        return _("you") if event.actor_id == reader_id else str(event.actor_name or "")
    return _("without sign-in") if event.actor_kind == "anonymous" else ""


def _event_text(event: Any, *, staff: bool) -> str:
    lines = [*remarked.lines(event, staff=staff), _event_reason(event), event.note or "", *_event_instant(event)]
    if staff and (event.data or {}).get("corrected"):
        lines.append(_("The clock of the phone was wrong; this is the time that counts."))
    if event.kind == history.Remark.RATING and event.data:
        stars = " · ".join(f"{event.data[name]}" for name in ("quality", "speed", "manner") if name in event.data)
        lines.insert(0, _("Quality, speed, manner: %(stars)s", stars=stars))
    return "\n".join(filter(None, lines))


def _event_instant(event: Any) -> list[str]:
    """By when it is promised or asked for, and why a promise was moved; what an escalation did."""
    data = event.data or {}
    if event.kind == history.Remark.ESCALATION:
        return escalation_words.told(data)
    if event.kind == history.Remark.PROMISE and data.get("until"):
        when = i18n.format_moment(datetime.fromisoformat(data["until"]))
        return [_("by %(when)s", when=when), due_words.because(data.get("because"))]
    if event.kind == history.Remark.EXTENSION:
        asked = data.get("until") or data.get("asked_until")
        approved = data.get("approved")
        said = _("asked for") if approved is None else _("approved") if approved else _("refused")
        when = i18n.format_moment(datetime.fromisoformat(asked)) if asked else ""
        return [_("%(state)s: %(when)s", state=said, when=when)]
    return []


def _event_reason(event: Any) -> str:
    if not event.reason:
        return ""
    if event.order_id is not None and event.kind in set(OrderAct):
        return order_words.reason(OrderAct(event.kind), event.reason)
    if event.kind == history.Remark.HELPER:
        return order_words.help_reason(event.reason)
    if event.kind in set(TicketAct):
        return ticket_reason(TicketAct(event.kind), event.reason)
    if event.reason == BY_STEP and event.actor_id is None:
        return _("A step of the service level raised it.")
    return str(event.reason)
