"""One ticket as its page shows it: read once, each statement once, for whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts import queries as people
from app.attachments import links
from app.attachments import queries as attachments
from app.attachments.models import Attachment
from app.core import i18n
from app.core.actor import Actor
from app.core.words import text as words_text
from app.tickets import answer_words, clock_words, due_words, order_words, policies, talk
from app.tickets.queries import links as links_between
from app.tickets.queries import progress, tickets, timeline
from app.tickets.queries.links import Links
from app.tickets.rules import ratings, workflow
from app.tickets.rules.offers import WAITING_LABELS, Waiting
from app.tickets.rules.workflow import TICKET_FINISHED, OrderAct, OrderState, TicketAct, TicketStatus, Who
from app.tickets.services.messages import OPEN_TO_WORDS
from app.tickets.web import acts, urged, wording
from app.tickets.web.from_crew import FromCrew

EVENTS = 200
LIVE = workflow.TICKET_OPEN | {TicketStatus.RESOLVED}
ORDER_PAGE = "dispatch.order"


@dataclass(slots=True)
class Screen(FromCrew):
    """What the template needs. `acts` are those the reader can do now, by the tables and what is so."""

    actor: Actor
    now: datetime
    ticket: Any
    orders: Sequence[Any]
    staff: bool
    mine: bool
    acts: frozenset[TicketAct]
    tag: str
    events: Sequence[Any] = ()
    more_events: str | None = None
    photos: list[Attachment] = field(default_factory=list)
    sent: list[Attachment] = field(default_factory=list)
    ratings: Sequence[Any] = ()
    links: Links = field(default_factory=Links)
    urging: urged.Urging | None = None

    @classmethod
    def found(cls, actor: Actor, ticket_id: int, now: datetime) -> Screen:
        """The ticket with its orders and what may be done; three statements. Raises NotFound."""
        ticket = tickets.one(actor, ticket_id)
        orders = progress.orders_of([ticket_id]).get(ticket_id, [])
        mark = progress.mark(ticket_id, [each.id for each in orders])
        mine = actor.id is not None and ticket.reporter_id == actor.id
        staff = policies.reads_as_staff(actor, ticket)
        asks = (mine and actor.can("tickets.own")) or policies.is_contact(actor, ticket)
        reminder = urged.of(ticket, now) if asks else None
        # a link to a photo lives an hour; what is left until a due time changes by the minute
        step = 60 if staff and ticket.status in workflow.TICKET_OPEN else links.HOUR
        turn = int(now.timestamp()) // step
        late = ticket.promised_at is not None and ticket.promised_at < now
        may = 2 * late + int(reminder is not None and reminder.allowed)  # both come with time alone
        tag = f"t{ticket_id}-{ticket.version}-{mark}-{actor.id}-{i18n.locale()}-{turn}-{may}"
        return cls(
            actor=actor,
            now=now,
            ticket=ticket,
            orders=orders,
            staff=staff,
            mine=mine,
            acts=acts.available(actor, ticket, orders, now),
            tag=tag,
            urging=reminder,
        )

    def filled(self, cursor: str | None = None) -> Screen:
        """The same with history, photos and ratings: what a fragment that has not changed needs not."""
        page = timeline.page(self.actor, self.ticket, cursor=cursor, limit=EVENTS)
        self.events, self.more_events = page.items, page.next
        of_orders = attachments.of_many("work_order", [each.id for each in self.orders])
        photos = attachments.of("ticket", self.ticket.id)
        photos += [photo for order in self.orders for photo in of_orders.get(order.id, [])]
        self.photos = [each for each in photos if self.taken_over_at is None or each.at >= self.taken_over_at]
        self.sent = talk.photos_of(self.events, self.ticket.id)
        self.links = links_between.of(self.actor, self.ticket)
        if self.ticket.resolved_at is not None:
            self.ratings = tickets.ratings(self.ticket.id)
        return self

    @property
    def taken_over_at(self) -> datetime | None:
        """When the reader took it over from its first reporter, whose words and photos he is not shown (N8)."""
        found: datetime | None = self.ticket.taken_over_at
        return found

    @property
    def live(self) -> bool:
        """Whether the page asks for news: while the ticket moves, or one of its photos is being prepared."""
        return TicketStatus(self.ticket.status) in LIVE or self.preparing

    @property
    def preparing(self) -> bool:
        return any(each.state == "quarantine" for each in (*self.photos, *self.sent))

    @property
    def head(self) -> wording.Head:
        return wording.head(self.ticket, self.orders, self.events, mine=self.mine)

    @property
    def first_reply(self) -> str:
        """What the category answers by itself, as long as the request is under way."""
        under_way = TicketStatus(self.ticket.status) in workflow.TICKET_OPEN
        return words_text(self.ticket.reply, i18n.locale()) if under_way else ""

    @property
    def promise(self) -> due_words.Promise | None:
        """What was promised, in words."""
        return due_words.promise(self.ticket, self.events, self.now)

    @property
    def road(self) -> list[dict[str, str]]:
        answers = self.mine or wording.confirmable(self.ticket)
        return wording.road(self.ticket, self.orders, mine=self.mine, answers=answers)

    @property
    def awaits_third(self) -> bool:
        """The work is finished, and another office accepts it (N9)."""
        return bool(self.ticket.third_party) and self.ticket.status == TicketStatus.RESOLVED

    @property
    def agreed(self) -> bool:
        """The reporter has said that it is fixed, which does not close it."""
        return wording.agreed(self.ticket, self.events)

    @property
    def may_agree(self) -> bool:
        """Whether the reporter can still say so."""
        return self.awaits_third and self.mine and not self.agreed and self.actor.can("tickets.own")

    @property
    def closes_on(self) -> str:
        at = wording.closes_on(self.ticket)
        return i18n.format_day(at) if at else ""

    @property
    def category(self) -> str:
        return words_text(self.ticket.category_name, i18n.locale())

    @property
    def description(self) -> str:
        """What was written, where it says more than the category."""
        return "" if self.ticket.description in self.ticket.category_name.values() else self.ticket.description

    @property
    def talk(self) -> list[dict[str, Any]]:
        """What reporter, crew and desk wrote to each other."""
        return talk.thread(self.events, self.actor, self.ticket.reporter_id, self.sent, self.now)

    @property
    def may_write(self) -> bool:
        """Whether the reader can write here; the crew writes on its own page."""
        return bool(self.readers) or (self._open_to_words and bool(self._parts))

    @property
    def _open_to_words(self) -> bool:
        return TicketStatus(self.ticket.status) in OPEN_TO_WORDS

    @property
    def _parts(self) -> frozenset[Who]:
        return policies.parts_of_ticket(self.actor, self.ticket)

    @property
    def readers(self) -> list[dict[str, str]]:
        """Whom the desk can write to: nobody reads what is written to whoever gave no name (N6)."""
        if not self.staff or Who.DISPATCHER not in self._parts:
            return []
        found = [("", _("The reporter"))] if self._open_to_words and self.ticket.reporter_id is not None else []
        if self._open_to_words and self.links.followers:
            found.append((talk.FOLLOWERS, _("Reporter and followers") if found else _("Followers")))
        return [{"value": code, "label": label} for code, label in [*found, (talk.STAFF, _("Staff only"))]]

    @property
    def visit(self) -> str:
        """When the reporter asked somebody to come; what is over with the work is no appointment."""
        return "" if TicketStatus(self.ticket.status) in TICKET_FINISHED else order_words.visit(self.ticket)

    @property
    def answers(self) -> list[tuple[str, str]]:
        """What was asked and answered."""
        return answer_words.said(self.ticket)

    @property
    def log(self) -> list[dict[str, Any]]:
        with i18n.in_zone(self.ticket.zone):
            return wording.entries(self.events, reader_id=self.actor.id, staff=self.staff)

    @property
    def report_notes(self) -> list[tuple[str, str]]:
        """What the technicians wrote when they were done: (who, words)."""
        return [
            (str(each.actor_name or ""), each.note) for each in self.events if each.kind == OrderAct.DONE and each.note
        ]

    @property
    def pictures(self) -> list[dict[str, Any]]:
        """The photos as `ui.photo_grid` takes them; those of the report first."""
        shown = links.shown(self.photos, self.now)
        for each, attachment in zip(shown, self.photos, strict=True):
            each["caption"] = f"{each['alt']} · {i18n.format_moment(attachment.at)}"
        return [each for each in shown if not each["problem"]]

    @property
    def lost_pictures(self) -> list[str]:
        return [each["problem"] for each in links.shown(self.photos, self.now) if each["problem"]]

    @property
    def may_add_photos(self) -> bool:
        return TicketStatus(self.ticket.status) in workflow.TICKET_OPEN and (
            self.mine or Who.DISPATCHER in policies.parts_of_ticket(self.actor, self.ticket)
        )

    # rating

    @property
    def may_publish(self) -> bool:
        """Whether the reader may let anybody read this request, or hide it again."""
        public = self.ticket.place_public or self.ticket.published
        return bool(public) and policies.in_scope(self.actor, policies.TRIAGE, self.ticket)

    @property
    def may_rate(self) -> bool:
        refused = ratings.rating_refused(
            is_reporter=self.mine,
            has_account=self.actor.id is not None,
            status=TicketStatus(self.ticket.status),
            closed_at=self.ticket.closed_at,
            now=self.now,
        )
        return refused is None and self.actor.can("tickets.own")

    @property
    def my_rating(self) -> Any:
        """The reader's rating of the present cycle, to be changed."""
        return next(
            (each for each in self.ratings if each.person_id == self.actor.id and each.cycle == self.ticket.cycle),
            None,
        )

    @property
    def may_recur(self) -> bool:
        """Whether a later fault is a new request that names this one: "not fixed" is no longer taken (N10)."""
        over = self.ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
        return self.mine and over and TicketAct.NOT_FIXED not in self.acts and policies.may_file(self.actor)

    @property
    def recur_url(self) -> str:
        """The form with what was broken, where, and which request it names."""
        ticket = self.ticket
        return url_for("tickets.report", category=ticket.category, place_id=ticket.place_id, recurs=ticket.id)

    # what staff sees besides

    @property
    def may_extend(self) -> bool:
        """The page about more time and delays is open to the reader."""
        return policies.may_see_extensions(self.actor)

    @property
    def clocks(self) -> clock_words.Panel:
        """The clocks of the request and its orders, each with its trail."""
        numbers = {each.id: each.number for each in self.orders}
        return clock_words.panel(self.ticket.id, self.now, zone=self.ticket.zone, numbers=numbers)

    @property
    def facts(self) -> list[tuple[str, Any]]:
        ticket = self.ticket
        name = ticket.reporter_name or _("without sign-in")
        pairs: list[tuple[str, Any]] = [
            (_("Reported by"), name),
            (_("Place"), ticket.place),
            *([(_("Named by the reporter"), ticket.place_text)] if ticket.place_id and ticket.place_text else []),
            (_("Filed"), i18n.format_moment(ticket.filed_at)),
            (_("Came by"), _ORIGINS[ticket.origin]()),
            (_("Priority"), order_words.priority(ticket.priority)),
            (_("Urgency said"), order_words.priority(ticket.urgency)),
            (_("Reach"), order_words.impact(ticket.impact)),
            *([(_("Visit"), order_words.visit(ticket))] if ticket.visit_from else []),
            (_("May enter"), _("Yes") if ticket.may_enter else _("Only when somebody is in")),
        ]
        if ticket.on_behalf_by is not None:
            taken = people.names([ticket.on_behalf_by]).get(ticket.on_behalf_by, "")
            pairs.insert(1, (_("Taken down by"), taken))
        if ticket.left_at is not None:
            pairs.insert(1, (_("Has left"), i18n.format_moment(ticket.left_at)))
        if ticket.contact_name or ticket.contact_phone:
            contact = " ".join(filter(None, (ticket.contact_name, ticket.contact_phone)))
            pairs.insert(1, (_("Whom to call"), contact))
        if ticket.urged:
            last = i18n.format_moment(ticket.urged_at)
            times = ngettext("%(num)d time, last %(when)s", "%(num)d times, last %(when)s", ticket.urged, when=last)
            pairs.append((_("Reminded"), times))
        if ticket.cycle > 1:
            pairs.append((_("Came back"), ngettext("%(num)d time", "%(num)d times", ticket.cycle - 1)))
        return pairs

    @property
    def may_correct(self) -> bool:
        """Staff of its scope may correct, split and merge it as long as it is open."""
        desk = Who.DISPATCHER in policies.parts_of_ticket(self.actor, self.ticket)
        return desk and TicketStatus(self.ticket.status) in workflow.TICKET_OPEN

    @property
    def incident(self) -> list[dict[str, Any]]:
        """The other requests it hangs together with, as `ui.rows` takes them."""
        found = self.links
        named = [
            (_("Original"), [found.original]),
            (_("Merged into this one"), found.duplicates),
            (_("Was part of"), [found.split_from]),
            (_("Split off"), found.parts),
            (_("Comes again after"), [found.recurs_of]),
            (_("Came again"), found.recurred),
        ]
        return [
            {
                "title": f"{label} · {row.number}",
                "sub": i18n.format_moment(row.filed_at),
                "chip": wording.status_chip(row.status, staff=True),
                "url": url_for("tickets.show", ticket_id=row.id),
            }
            for label, rows in named
            for row in rows
            if row is not None
        ]

    @property
    def order_lines(self) -> list[dict[str, Any]]:
        return [self._order_line(each) for each in self.orders]

    @property
    def reworked(self) -> frozenset[int]:
        """The orders that did not hold: others do again what they did."""
        return frozenset(each.rework_of_id for each in self.orders if each.rework_of_id is not None)

    def _order_line(self, order: Any) -> dict[str, Any]:
        trade = words_text(order.trade_name, i18n.locale())
        who = order.assignee_name or _("Nobody yet")
        if order.state == OrderState.ON_HOLD:
            who = order_words.hold(order.hold_reason, order.hold_until)
        waits = str(_(WAITING_LABELS[Waiting(order.waiting)])) if order.waiting else ""
        linked = ORDER_PAGE in current_app.view_functions and policies.may_dispatch(self.actor)
        return {
            "title": f"{order.number} · {trade}",
            "sub": " · ".join(filter(None, (_("Rework") if order.kind == "rework" else "", who, waits))),
            "chip": order_words.outcome_chip(order.state, reworked=order.id in self.reworked),
            "url": url_for(ORDER_PAGE, order_id=order.id) if linked else None,
        }


_ORIGINS = {"web": lambda: _("Web page"), "qr": lambda: _("QR sticker"), "api": lambda: _("Another system")}
