"""What the dispatcher's pages show, made from plain rows: what waits for somebody, and one order with candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.attachments import links
from app.attachments import queries as attachments
from app.core import forms, i18n
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.tickets import answer_words, clock_words, due_words, evidence_words, order_words, photo_rows, policies
from app.tickets.dispatch.choosing import Choice, choice
from app.tickets.dispatch.lines import short_place
from app.tickets.due_words import Due
from app.tickets.order_forms import Part as FormPart
from app.tickets.queries import answerable, crew_day, duty_calls, orders, technicians
from app.tickets.rules import workflow
from app.tickets.rules.offers import WAITING_LABELS, Waiting
from app.tickets.rules.rows import Guard
from app.tickets.rules.workflow import ORDER_HELD, ORDER_OPEN, OrderAct, OrderState, TicketStatus, Who
from app.tickets.services import dispatching, hands


def due_of(row: Any, now: datetime) -> Due | None:
    """The earliest due time of a request that waits for a person."""
    return due_words.due(row, now)


def why_it_waits(row: Any) -> str:
    """Why a ticket waits for a person (N3)."""
    if row.status == TicketStatus.SUBMITTED:
        return str(_("Unlisted place") if row.place_id is None else _("Not handled automatically"))
    if row.status == TicketStatus.NEEDS_INFO:
        return str(_("The reporter was asked"))
    return str(_("No order is open"))


@dataclass(slots=True)
class PastOffer:
    """One offer of the order: to whom, how it ended, why him."""

    row: Any
    outcome: str
    kind: str | None
    reason: str
    why: str


def past_offers(order_id: int) -> list[PastOffer]:
    """The last offers of an order, newest first; one statement."""
    return [_past(row) for row in orders.offers_of(order_id)]


def past_offer(order_id: int, offer_id: int) -> PastOffer:
    """One of all of them. Raises NotFound."""
    row = orders.offer_of(order_id, offer_id)
    if row is None:
        raise NotFound
    return _past(row)


def _past(row: Any) -> PastOffer:
    said = {
        None: (_("waits for the answer"), "soon"),
        "accepted": (_("taken"), "good"),
        "declined": (_("declined"), "late"),
        "expired": (_("not answered"), "late"),
        "revoked": (_("taken back"), None),
        "replaced": (_("offered to somebody else"), None),
        "suspended": (_("suspended by a question"), None),
        "cancelled": (_("order cancelled"), None),
    }
    outcome, kind = said[row.outcome]
    act = {"declined": OrderAct.DECLINE, "revoked": OrderAct.REVOKE, "cancelled": OrderAct.CANCEL}.get(row.outcome)
    reason = order_words.reason(act, row.reason) if act else ""
    return PastOffer(row, str(outcome), kind, reason, order_words.why_me(row.why, row.person_id))


ASKED: dict[Guard, str] = {
    Guard.REASON: "reason",
    Guard.UNTIL: "until",
    Guard.CARD_OR_WINDOW: "note",
    Guard.NOTE: "note",
    Guard.TRUE_TIME: "at",
}
"""What a demand of the tables means in a form."""

_ICONS = {
    OrderAct.QUEUE: "send",
    OrderAct.REVOKE: "undo",
    OrderAct.HOLD: "pause",
    OrderAct.REQUEUE: "play",
    OrderAct.DONE: "check",
    OrderAct.CANCEL: "x",
}


@dataclass(slots=True)
class Act:
    """An act of the dispatcher, with what it asks for and the reasons it takes."""

    act: OrderAct
    label: str
    icon: str
    fields: tuple[str, ...]
    reasons: list[dict[str, Any]]
    own_words: bool


@dataclass(slots=True)
class Panel:
    """One order beside the list. `answer_for`: who is responsible for it, where nobody holds it or is asked (N1)."""

    row: Any
    now: datetime
    place: str
    chip: order_words.Chip
    photos: Sequence[dict[str, Any]]
    offers: list[PastOffer]
    acts: list[Act]
    choice: Choice | None = None
    call: Any = None
    helpers: dict[int, str] = field(default_factory=dict)
    colleagues: list[dict[str, Any]] = field(default_factory=list)
    dispatches: bool = False
    assigns: bool = False
    reassigns: bool = False
    may_open: bool = False
    clocks: clock_words.Panel | None = None
    form: forms.Form | None = None
    failed: str = ""
    changed: tuple[str, ...] = ()
    refused: str = ""
    kept: int = 0
    answer_for: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()

    @property
    def offer_count(self) -> str:
        """How many offers are shown; with a sign where there may have been more."""
        shown = len(self.offers)
        return i18n.format_number(shown) + ("+" if shown >= orders.OFFERS_SHOWN else "")

    @property
    def more_time(self) -> str:
        """Until when more time is asked for; empty where nobody waits for a decision."""
        return due_words.in_words(self.row.more_time_until, self.row.zone)

    @property
    def due(self) -> Due | None:
        """The earliest due time, where there is one."""
        return due_words.due(self.row, self.now)

    @property
    def waiting(self) -> str:
        """Why the order waits although it is queued."""
        if self.row.state == OrderState.PLANNED and self.row.kind == "rework":
            return str(_("The repair did not hold. Choose who does it again."))
        return str(_(WAITING_LABELS[Waiting(self.row.waiting)])) if self.row.waiting else ""

    @property
    def may_pool(self) -> bool:
        """The order can be put into the pool."""
        waits = self.row.state in (OrderState.PLANNED, OrderState.QUEUED, OrderState.OFFERED)
        return self.assigns and waits and not self.row.pooled and self.row.kind != "rework"

    @property
    def answers(self) -> list[tuple[str, str]]:
        """What the reporter answered to the questions of the category."""
        return answer_words.said(self.row)

    @property
    def asked(self) -> evidence_words.Asked:
        """What the end of the work still has to show."""
        return evidence_words.of_order(self.row, self.photos)

    @property
    def automatic(self) -> bool:
        """The ranking can be run by hand."""
        return self.assigns and self.row.state in (OrderState.PLANNED, OrderState.QUEUED)

    @property
    def people(self) -> list[dict[str, Any]]:
        """Whom the order can be given to by hand; empty: nobody, or it is not this reader's to give."""
        return self.choice.people(self.reassigns) if self.choice else []

    def part(self, name: str) -> FormPart | None:
        """The refused form, for the dialog it was sent from; None for every other."""
        return FormPart(self.form, name) if self.form is not None and self.failed == name else None

    @property
    def typed(self) -> list[str]:
        """Words of a refused form whose act is no longer possible."""
        possible = {act.act.value for act in self.acts} | ({"assign"} if self.assigns or self.reassigns else set())
        if self.form is None or self.failed in possible:
            return []
        return [text for name in ("note", "words") if (text := self.form.values.get(name))]


COLLEAGUES = 200
"""People offered as helpers."""


def panel(row: Any, actor: Actor, now: datetime) -> Panel:
    """One order with its photos, offers and, for whoever may assign it, everybody who could take it."""
    photos = photo_rows.given(row, now) + links.shown(attachments.of("work_order", row.id), now)
    it = Panel(
        row=row,
        now=now,
        place=short_place(row),
        chip=order_words.outcome_chip(row.state, reworked=row.reworked),
        photos=photos,
        offers=past_offers(row.id),
        acts=[],
        answer_for=() if row.assignee_id else tuple(each.name for each in answerable.people(row, now)),
    )
    if row.state == OrderState.CANCELLED and (last := crew_day.last_change(row.id)) is not None:
        it.cancelled = tuple(filter(None, (order_words.change(last), order_words.cancelled(last))))
    if policies.reads_as_staff(actor, row):
        it.clocks = clock_words.panel(row.ticket_id, now, zone=row.zone, numbers={row.id: row.number}, order_id=row.id)
    if not policies.in_scope(actor, policies.DISPATCH, row):
        return it
    it.dispatches = True
    if OrderState(row.state) in ORDER_HELD:
        it.helpers = hands.present(row.id)
        people = technicians.names(actor, now, None, COLLEAGUES)
        taken = {row.assignee_id, *it.helpers}
        it.colleagues = [{"value": each, "label": name} for each, name in people if each not in taken]
    if row.state in duty_calls.WITHOUT_HOLDER:
        it.call = duty_calls.of_order(row.id)
    it.may_open = TicketStatus(row.ticket_status) in workflow.TICKET_MOVING
    state = OrderState(row.state)
    rows = workflow.order_acts(state, {Who.DISPATCHER}, ticket=TicketStatus(row.ticket_status))
    # whoever holds the order ends the hold himself (2: `requeue` wants nobody assigned)
    it.acts = list(_acts(each for each in rows if each.act is not OrderAct.REQUEUE or row.assignee_id is None))
    it.reassigns = any(each.act is OrderAct.REASSIGN for each in rows)
    it.assigns = any(each.act in (OrderAct.OFFER, OrderAct.QUEUE) for each in rows)
    if state in ORDER_OPEN and (it.assigns or it.reassigns):
        holder = row.assignee_id if state in ORDER_HELD or state is OrderState.OFFERED else None
        it.choice = choice(dispatching.preview(actor=actor, now=now, order_id=row.id), holder)
    return it


def _acts(rows: Iterable[workflow.OrderRow]) -> Iterable[Act]:
    for row in rows:
        if row.act not in _ICONS:
            continue
        asked = [ASKED[guard] for guard in row.demands(Who.DISPATCHER) if guard in ASKED]
        closed = workflow.reasons(row.act).closed
        yield Act(
            row.act,
            order_words.act(row.act),
            _ICONS[row.act],
            tuple(dict.fromkeys(asked)),
            _reasons(row.act) if "reason" in asked else [],
            not closed,
        )


def _reasons(act: OrderAct) -> list[dict[str, Any]]:
    return order_words.hold_choices() if act is OrderAct.HOLD else order_words.reason_choices(act)


def news(row: Any) -> tuple[str, ...]:
    """What happened to the order last, and where it stands."""
    last = crew_day.last_change(row.id)
    said = (order_words.change(last),) if last is not None else ()
    return (*said, order_words.now_is(row.state))
