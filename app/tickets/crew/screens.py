"""What the crew's pages show, made from plain rows: the day with its offers and buildings, one order at work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from flask_babel import lazy_gettext as _l

from app.attachments import links
from app.attachments import queries as attachments
from app.core import forms, i18n, settings
from app.core.actor import Actor
from app.core.i18n import gettext as _
from app.sites.rules.tree import SEPARATOR, SHOWN_SEPARATOR
from app.tickets import answer_words, due_words, evidence_words, order_words, photo_rows, policies, talk, visit_choice
from app.tickets.due_words import Due
from app.tickets.order_forms import Part
from app.tickets.queries import answerable, crew_day, timeline
from app.tickets.rules import workflow
from app.tickets.rules.demands import demanded
from app.tickets.rules.dispatching import PRIORITY_ORDER
from app.tickets.rules.workflow import ORDER_HELD, OrderAct, OrderState

SHOWS_PHONE = settings.declare(
    "crew.shows_phone",
    True,
    kind=bool,
    words=_l("Whoever holds an order sees the telephone number of its contact"),
)

OFFERED, WORKING, ON_HOLD, DONE = OrderState.OFFERED, OrderState.WORKING, OrderState.ON_HOLD, OrderState.DONE
_OVER = (OrderState.DONE, OrderState.VERIFIED, OrderState.CLOSED, OrderState.CANCELLED)
_TURN = {OrderState.WORKING: 0, OrderState.EN_ROUTE: 1, OrderState.ACCEPTED: 2, OrderState.ON_HOLD: 3}


def midnight(now: datetime) -> datetime:
    """When today began on the campus."""
    return datetime.combine(now.astimezone(i18n.zone()).date(), time(0), i18n.zone())


def where(row: Any) -> str:
    """The place inside its building, or the whole way where there is no building."""
    if not row.place:
        return ""
    parts = str(row.place).split(SEPARATOR)
    if row.building in parts:
        return SHOWN_SEPARATOR.join(parts[parts.index(row.building) + 1 :]) or str(row.building)
    return SHOWN_SEPARATOR.join(parts[1:]) or parts[0]


def place(row: Any) -> str:
    """Building and room without the campus, for a page about one order."""
    parts = str(row.place or "").split(SEPARATOR)
    return SHOWN_SEPARATOR.join(parts[1:]) or parts[0]


@dataclass(slots=True)
class Job:
    """One line of the day."""

    row: Any
    where: str
    look: str
    chip: order_words.Chip
    late_hold: bool = False
    due: Due | None = None

    @classmethod
    def of(cls, row: Any, now: datetime) -> Job:
        state = OrderState(row.state)
        chip = order_words.state_chip(row.state)
        late = state is ON_HOLD and row.hold_until is not None and row.hold_until <= now
        if state is ON_HOLD:
            chip = chip._replace(text=order_words.reason(OrderAct.HOLD, row.hold_reason))
        elif state is OrderState.VERIFIED:
            chip = chip._replace(text=_("Confirmed"))
        elif state is OrderState.CLOSED:
            chip = order_words.outcome_chip(row.state, reworked=row.reworked)
        due = due_words.due(row, now) if state not in _OVER else None
        look = "now" if state is WORKING else "soon" if late else ""
        if due is not None and due.state in ("late", "soon") and not look:
            look = due.state
        return cls(row, where(row), look, chip, late, due)


@dataclass(slots=True)
class Group:
    """The orders of one building."""

    label: str
    jobs: list[Job] = field(default_factory=list)

    @property
    def here(self) -> bool:
        """Somebody is at work in this building."""
        return any(job.row.state == WORKING for job in self.jobs)


@dataclass(slots=True)
class OfferCard:
    """An outstanding offer. `total` is its whole length in seconds, `left` what is left of it."""

    row: Any
    place: str
    why: str
    total: int
    left: int


@dataclass(slots=True)
class Day:
    """The day of one technician."""

    stamp: str
    now: datetime
    offers: list[OfferCard]
    groups: list[Group]
    done: list[Job]

    @property
    def count(self) -> int:
        """Orders in hand, offers left out."""
        return sum(len(group.jobs) for group in self.groups)


def stamp(actor: Actor, now: datetime) -> str:
    """A text that changes when anything on the page does."""
    minute = int(now.timestamp()) // 60  # what is left until a due time is shown
    return f"{i18n.locale()}-{minute}-{midnight(now):%j}-{crew_day.stamp(actor.id or 0, midnight(now))}"


def day(actor: Actor, now: datetime) -> Day:
    """All of the day, in three statements."""
    found = crew_day.held(actor.id or 0)
    offers = [_card(row, now) for row in found if row.state == OFFERED]
    groups = _groups([Job.of(row, now) for row in found if row.state != OFFERED])
    done = [Job.of(row, now) for row in crew_day.done_since(actor.id or 0, midnight(now))]
    return Day(stamp(actor, now), now, offers, groups, done)


def helped(actor: Actor, now: datetime) -> list[Job]:
    """The orders of others he helps with."""
    return [Job.of(row, now) for row in crew_day.helped(actor.id or 0)]


def _card(row: Any, now: datetime) -> OfferCard:
    begun = row.offered_at or now
    return OfferCard(
        row,
        place(row),
        order_words.why_me(row.why, row.assignee_id),
        max(1, int((row.offered_until - begun).total_seconds())),
        max(0, int((row.offered_until - now).total_seconds())),
    )


def _groups(jobs: Iterable[Job]) -> list[Group]:
    """Jobs by building: where somebody works first, then in the order they came; inside by turn and priority."""
    found: dict[Any, Group] = {}
    for job in jobs:
        label = job.row.building or place(job.row) or _("Elsewhere")
        found.setdefault(job.row.building_id or label, Group(label)).jobs.append(job)
    for group in found.values():
        group.jobs.sort(key=_turn)
    return sorted(found.values(), key=lambda group: not group.here)


def _turn(job: Job) -> tuple[int, int, int, int]:
    """At work first; of one priority those whose reporter reminded."""
    row = job.row
    return _TURN[OrderState(row.state)], PRIORITY_ORDER.index(row.priority), -row.urged, row.id


NEXT: dict[OrderState, tuple[OrderAct, ...]] = {
    OrderState.OFFERED: (OrderAct.DECLINE, OrderAct.ACCEPT),
    OrderState.ACCEPTED: (OrderAct.LEAVE, OrderAct.START),
    OrderState.EN_ROUTE: (OrderAct.HOLD, OrderAct.START),
    OrderState.WORKING: (OrderAct.HOLD, OrderAct.DONE),
    OrderState.ON_HOLD: (OrderAct.LEAVE, OrderAct.START),
}
"""The two acts of the dock by state, the likeliest next one last; all others lie above it."""

FACES: dict[OrderAct, tuple[Any, str]] = {
    OrderAct.ACCEPT: (_l("Accept"), "check"),
    OrderAct.DECLINE: (_l("Not me…"), "x"),
    OrderAct.LEAVE: (_l("Set off"), "walk"),
    OrderAct.START: (_l("Start work"), "play"),
    OrderAct.HOLD: (_l("Hold…"), "pause"),
    OrderAct.DONE: (_l("Finish…"), "check"),
    OrderAct.GIVE_BACK: (_l("Give back…"), "undo"),
}
"""What the buttons say and show; three dots: something is asked first."""

ASKS = frozenset({OrderAct.DECLINE, OrderAct.HOLD, OrderAct.DONE, OrderAct.GIVE_BACK})
"""Acts that ask for something and so open a sheet."""

_ROAD = (
    (OrderState.ACCEPTED, _l("Taken")),
    (OrderState.EN_ROUTE, _l("On the way")),
    (OrderState.WORKING, _l("At work")),
    (OrderState.DONE, _l("Done")),
)
_REACHED = {
    OrderState.ACCEPTED: 0,
    OrderState.EN_ROUTE: 1,
    OrderState.WORKING: 2,
    OrderState.ON_HOLD: 2,
    OrderState.DONE: 4,
    OrderState.VERIFIED: 4,
    OrderState.CLOSED: 4,
}


@dataclass(slots=True)
class Button:
    """One act somebody can do now."""

    act: OrderAct
    label: str
    icon: str
    asks: bool


@dataclass(slots=True)
class OrderScreen:
    """One order as its page shows it.

    `typed` is what a refused form had been given; `answer_for`: who is responsible for one in other hands (N1).
    """

    row: Any
    now: datetime
    mine: bool
    buttons: dict[OrderAct, Button]
    reported: Sequence[dict[str, Any]]
    photos: Sequence[dict[str, Any]]
    may_add_photos: bool
    talk: Sequence[dict[str, Any]] = ()
    may_write: bool = False
    message: forms.Form | None = None
    form: forms.Form | None = None
    failed: OrderAct | None = None
    changed: tuple[str, ...] = ()
    refused: str = ""
    kept: int = 0
    answer_for: tuple[str, ...] = ()
    cancelled: str = ""

    @property
    def dock(self) -> list[Button]:
        """The buttons of the dock, the biggest last."""
        wanted = NEXT.get(OrderState(self.row.state), ())
        return [self.buttons[act] for act in wanted if act in self.buttons]

    @property
    def further(self) -> list[Button]:
        """What can be done besides."""
        shown = {button.act for button in self.dock}
        return [button for act, button in self.buttons.items() if act not in shown]

    @property
    def sheets(self) -> list[Button]:
        """The acts that ask first; also the one that was refused, so that nothing typed is lost."""
        return [button for button in self.buttons.values() if button.asks or button.act is OrderAct.START]

    @property
    def shows_phone(self) -> bool:
        """The institution lets whoever holds an order see the contact's number; else he asks for a call."""
        return bool(settings.get(SHOWS_PHONE))

    @property
    def slots(self) -> list[dict[str, str]]:
        """When somebody could come again, by day."""
        return visit_choice.slots(self.now)

    @property
    def may_start(self) -> bool:
        """The work can begin now."""
        return OrderAct.START in self.buttons

    @property
    def may_scan(self) -> bool:
        """A sticker can be scanned at the start although nobody demands it."""
        button = self.buttons.get(OrderAct.START)
        return button is not None and not button.asks

    @property
    def holds(self) -> bool:
        """The reader holds it, so he may ask for help."""
        return self.mine and self.row.state in ORDER_HELD

    def part(self, name: str) -> Part | None:
        """The refused form, for the sheet it was sent from; None for every other."""
        failed = "photos" if self.failed is None else self.failed.value
        if self.form is not None and self.form.values.get("sheet"):
            failed = str(self.form.values["sheet"])
        return Part(self.form, name) if self.form is not None and failed == name else None

    @property
    def typed(self) -> list[str]:
        """Words of a refused form that no sheet can show, since its act is no longer possible."""
        if self.form is None or self.failed is None or self.failed in self.buttons:
            return []
        return [text for name in ("note", "words") if (text := self.form.values.get(name))]

    @property
    def road(self) -> list[dict[str, str]]:
        """The stages of the work; empty where it is nobody's or over without being done."""
        reached = _REACHED.get(OrderState(self.row.state))
        if reached is None:
            return []
        if self.row.state == ON_HOLD and self.row.started_at is None:
            reached = 0  # it was held at the door, or before: nobody has worked
        return [
            {"label": str(label), "state": "done" if at < reached else "now" if at == reached else ""}
            for at, (_state, label) in enumerate(_ROAD)
        ]

    @property
    def chip(self) -> order_words.Chip:
        return Job.of(self.row, self.now).chip

    @property
    def more_time(self) -> str:
        """Until when more time is asked for; empty where nobody waits for a decision."""
        return due_words.in_words(self.row.more_time_until, self.row.zone)

    @property
    def due(self) -> Due | None:
        """The earliest due time, where there is one."""
        return Job.of(self.row, self.now).due

    @property
    def where(self) -> str:
        return place(self.row)

    @property
    def answers(self) -> list[tuple[str, str]]:
        """What the reporter answered to the questions of the category."""
        return answer_words.said(self.row)

    @property
    def asked(self) -> evidence_words.Asked:
        """What the end of the work still has to show."""
        return evidence_words.of_order(self.row, self.photos)

    @property
    def demands(self) -> list[str]:
        """What the category demands of the work, and its points to tick off, in words."""
        return answer_words.demands(self.row.demands)


def screen(row: Any, actor: Actor, now: datetime) -> OrderScreen:
    """One order with its photos: two statements besides the row's own; in other hands, those that name who answers."""
    mine = row.assignee_id == actor.id and row.state in {state.value for state in workflow.ORDER_LOAD}
    held = mine and row.state in {state.value for state in ORDER_HELD}
    before = photo_rows.given(row, now)
    during = links.shown(attachments.of("work_order", row.id), now)
    for photo in during:
        photo["caption"] = order_words.moment(photo["moment"])
    just_done = row.assignee_id == actor.id and row.state == DONE
    said = timeline.messages(row.ticket_id) if held or just_done else ()
    return OrderScreen(
        row,
        now,
        mine,
        _buttons(row, actor),
        before,
        during,
        held or just_done,
        talk=talk.thread(said, actor, row.reporter_id, talk.photos_of(said, row.ticket_id), now),
        may_write=held,
        answer_for=() if mine else tuple(each.name for each in answerable.people(row, now)),
        cancelled=order_words.cancelled(crew_day.last_change(row.id)) if row.state == OrderState.CANCELLED else "",
    )


def _buttons(row: Any, actor: Actor) -> dict[OrderAct, Button]:
    """What the transition tables let the actor do as offered or holder, in the order of the table."""
    parts = policies.parts_of_order(actor, row) & {workflow.Who.OFFERED, workflow.Who.HOLDER}
    rows = workflow.order_acts(OrderState(row.state), parts, ticket=workflow.TicketStatus(row.ticket_status))
    found = {}
    for each in rows:
        if each.act in FACES:
            label, icon = FACES[each.act]
            if each.act is OrderAct.START and row.state == ON_HOLD and row.started_at is not None:
                label = _("Go on working")
            asks = each.act in ASKS or (each.act is OrderAct.START and "scan" in demanded(row.demands))
            found[each.act] = Button(each.act, str(label), icon, asks)
    return found
