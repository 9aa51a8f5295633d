"""Reclassifying: staff corrects category, place, urgency or impact, and what follows for priority and orders.

One remark in the history says what changed from what to what; the clocks judge the change of policy by it (17).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, select, update

from app.core.actor import Actor
from app.core.db import db, not_over, valid_on
from app.core.errors import Conflict, Rejected
from app.events.tickets.tickets import TicketReclassified
from app.sites import queries as places
from app.sites import scope_words
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import Category, CategoryVersion, Ticket
from app.tickets.rules.demands import impact_at
from app.tickets.rules.dispatching import EMERGENCY
from app.tickets.rules.grams import folded, grams
from app.tickets.rules.history import Remark
from app.tickets.rules.priority import IMPACTS, URGENCIES, rank
from app.tickets.rules.reasons import REASON_LIMIT, RECLASSIFIED
from app.tickets.rules.workflow import ORDER_OPEN, TICKET_OPEN, OrderAct, OrderState, TicketAct, TicketStatus
from app.tickets.services import clocks, done, opening, priorities
from app.tickets.services.case import Case, by_ticket
from app.tickets.services.done import TicketDone
from app.tickets.services.held import HeldTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be so; None: as it is. `category` is a code or an id."""

    category: str | int | None = None
    place_id: int | None = None
    urgency: str | None = None
    impact: str | None = None


@dataclass(slots=True)
class Change:
    """Columns of the ticket that change, from what to what; `named` as the history tells it."""

    columns: dict[str, Any] = field(default_factory=dict)
    named: dict[str, list[Any]] = field(default_factory=dict)

    def put(self, name: str, before: Any, after: Any, **columns: Any) -> None:
        if before != after:
            self.named[name] = [before, after]
            self.columns |= columns


def reclassify(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    wish: Wish,
    reason: str | None,
    seen: int | None = None,
) -> TicketDone:
    """Correct an open ticket. Orders of the old category's trade are cancelled and opened anew for the new one's.

    The same again changes nothing. Raises NotFound, NotAllowed, Stale, Conflict (the ticket is no longer open),
    Rejected (`category`, `place_id`, `urgency`, `impact`, `reason`).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    scope_words.require(actor, case.ticket, policies.TRIAGE)
    case.seen_ticket(seen)
    if case.ticket.status not in TICKET_OPEN:
        raise Conflict(_l("Only an open request can be corrected."), code="not-open")
    if not (reason or "").strip() or len(reason or "") > REASON_LIMIT:
        raise Rejected(fields={"reason": _l("Choose or write a reason.")})
    apply(case, wish, reason)
    case.settle()
    case.write()
    return done.ticket(case)


def apply(case: Case, wish: Wish, reason: str | None) -> bool:
    """Correct a locked ticket, to be written by the caller; whether anything changed."""
    now_is, then = _category(case, None), _category(case, wish.category)
    place = _place(case, wish.place_id)
    if place is not None:
        _stay_in_scope(case, place)
    change = _changes(case, wish, now_is, then, place)
    if not change.named:
        return False
    for name, value in change.columns.items():
        setattr(case.ticket, name, value)
    case.remark(Remark.RECLASSIFY, reason=reason, data={**change.named, "sla": clocks.terms_told(case)})
    ticket, named = case.ticket, tuple(change.named)
    case.tell_with_id(
        lambda event_id: TicketReclassified(ticket.id, event_id, named, ticket.reporter_id),
        case.last_event,
    )
    _carry_to_orders(case, now_is, then)
    if place is not None:
        _search_anew(case, place)
    _accept(case, then)
    return True


def _changes(case: Case, wish: Wish, now_is: Any, then: Any, place: Any) -> Change:
    ticket, change = case.ticket, Change()
    change.put("category", now_is.code, then.code, category_id=then.id, category_version_id=then.category_version_id)
    if place is not None:
        change.put(
            "place",
            ticket.place_id,
            place.id,
            place_id=place.id,
            campus_id=place.campus_id,
            building_id=place.building_id,
        )
    urgency = wish.urgency or ticket.urgency
    if urgency not in URGENCIES:
        raise Rejected(fields={"urgency": _l("Choose one of the offered values.")})
    change.put("urgency", ticket.urgency, urgency, urgency=urgency)
    impact = wish.impact or ticket.impact
    if wish.impact is None and ("category" in change.named or "place" in change.named):
        kind = place.kind if place is not None else now_is.place_kind
        impact = impact_at(kind, then.impact, then.impacts)
    if impact not in IMPACTS:
        raise Rejected(fields={"impact": _l("Choose one of the offered values.")})
    change.put("impact", ticket.impact, impact, impact=impact)
    priority = _priority(ticket, wish, change, emergency=(now_is.emergency, then.emergency))
    change.put("priority", ticket.priority, priority, priority=priority)
    return change


def _priority(ticket: HeldTicket, wish: Wish, change: Change, *, emergency: tuple[bool, bool]) -> str:
    """What category, urgency and impact make of it where one of them changed (26).

    One a person set by itself stands until urgency or impact are named anew, or the category becomes one of
    emergencies; one a step raised does not fall again by a correction. "Emergency" counts once staff says so, also
    where it is what the reporter said (27). `emergency`: of the category before and after.
    """
    standing = priorities.standing(ticket.id)
    if wish.urgency == ticket.urgency == EMERGENCY and not standing.by_staff:
        change.named["urgency"] = [EMERGENCY, EMERGENCY]  # staff says so: the history has to know
    named = "urgency" in change.named or ("impact" in change.named and wish.impact is not None)
    newly = emergency[1] and not emergency[0]
    judged = not standing.overridden and bool({"category", "impact"} & change.named.keys())
    if not (named or newly or judged):
        return ticket.priority
    found = priorities.starting(
        change.columns.get("impact", ticket.impact),
        change.columns.get("urgency", ticket.urgency),
        emergency_category=emergency[1],
        by_staff=standing.by_staff or "urgency" in change.named,
    )
    falls = rank(found) < rank(ticket.priority)
    return ticket.priority if standing.raised and falls and not named else found


def _category(case: Case, wanted: str | int | None) -> Any:
    """The category wanted, with its version in force and the kind of the ticket's place; None: the ticket's own."""
    today = places.today(case.now)
    if wanted is None:
        named: Any = Category.id == case.ticket.category_id
    else:
        named = Category.id == wanted if isinstance(wanted, int) else Category.code == wanted
        named = and_(named, not_over(Category, today), Category.trade_id.is_not(None))
    found = db.session.execute(
        select(
            Category.id,
            Category.code,
            Category.trade_id,
            Category.planned_minutes,
            Category.auto_dispatch,
            Category.emergency,
            Category.impact,
            CategoryVersion.id.label("category_version_id"),
            CategoryVersion.impacts,
            Place.kind.label("place_kind"),
        )
        .outerjoin(
            CategoryVersion,
            and_(
                CategoryVersion.institution_id == Category.institution_id,
                CategoryVersion.category_id == Category.id,
                CategoryVersion.number == Category.version,
            ),
        )
        .outerjoin(Place, and_(Place.institution_id == Category.institution_id, Place.id == case.ticket.place_id))
        .where(named)
        .order_by(Category.id.desc())
        .limit(1)
    ).first()
    if found is None:
        raise Rejected(fields={"category": _l("Choose what is broken.")})
    return found


def _place(case: Case, wanted: int | None) -> Any:
    if wanted is None or wanted == case.ticket.place_id:
        return None
    found = db.session.execute(
        select(Place.id, Place.kind, Place.path, Place.campus_id, Place.building_id).where(
            Place.id == wanted, valid_on(Place, places.today(case.now))
        )
    ).first()
    if found is None:
        raise Rejected(fields={"place_id": _l("This place does not exist. Choose it again.")})
    return found


def _stay_in_scope(case: Case, place: Any) -> None:
    """Nobody moves a ticket to where he has no say."""
    if not policies.in_scope(case.actor, policies.TRIAGE, place):
        raise Rejected(fields={"place_id": _l("This place lies outside of what you are responsible for.")})


def _carry_to_orders(case: Case, now_is: Any, then: Any) -> None:
    """Open orders follow their ticket; those of the old trade give way to one of the new."""
    ticket = case.ticket
    for order in list(case.orders.values()):
        if order.state not in ORDER_OPEN:
            continue
        moved = (order.campus_id, order.building_id) != (ticket.campus_id, ticket.building_id)
        order.priority = ticket.priority
        order.campus_id, order.building_id = ticket.campus_id, ticket.building_id
        if moved and order.state is OrderState.OFFERED:
            # who was asked may not work there
            case.move_order(order, OrderAct.REVOKE, by_system=True, reason="order_changed")
    if now_is.trade_id == then.trade_id:
        return
    old = [each for each in case.orders.values() if each.state in ORDER_OPEN and each.trade_id == now_is.trade_id]
    has_new = any(each.state in ORDER_OPEN and each.trade_id == then.trade_id for each in case.orders.values())
    if old and not has_new and ticket.status in (TicketStatus.ACCEPTED, TicketStatus.IN_SERVICE):
        made = opening.insert_order(case, trade_id=then.trade_id, planned_minutes=then.planned_minutes, by_system=True)
        opening.queue_in_time(case, made)
    for order in old:
        case.move_order(order, OrderAct.CANCEL, by_system=True, reason=RECLASSIFIED)


def _search_anew(case: Case, place: Any) -> None:
    """The text the search reads holds the place's name."""
    said = db.session.execute(select(Ticket.description, Ticket.place_text).where(Ticket.id == case.ticket.id)).one()
    searched = folded(said.description, place.path, said.place_text)
    db.session.execute(
        update(Ticket)
        .where(Ticket.id == case.ticket.id)
        .values(search=searched, grams=grams(searched))
        .execution_options(synchronize_session=False)
    )


def _accept(case: Case, then: Any) -> None:
    """What waited only because its place or category was not handled automatically goes on by itself."""
    ticket = case.ticket
    if ticket.status is TicketStatus.SUBMITTED and then.auto_dispatch and ticket.place_id is not None:
        case.move_ticket(TicketAct.ACCEPT, by_system=True, automatic=True)
        opening.first_order(case)
