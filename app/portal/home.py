"""What the home page shows: parts chosen by what somebody may do, each read with a constant number of statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts import policies as account_policies
from app.accounts import queries as accounts
from app.core import frame, health, metrics, settings
from app.core.actor import Actor
from app.imports import policies as import_policies
from app.imports import queries as imports
from app.portal import notice_words, policies
from app.portal.queries import contacts, readers
from app.portal.queries import feedback as feedback_queries
from app.portal.queries import notices as notice_queries
from app.portal.queries import operations as queries
from app.portal.ways import way
from app.sites import queries as sites
from app.sites.rules.tree import near
from app.tickets import order_words
from app.tickets import policies as ticket_policies
from app.tickets.queries import crew_day, progress
from app.tickets.queries import tickets as ticket_queries
from app.tickets.queries.filters import TicketFilter
from app.tickets.reports.headline import headline
from app.tickets.web import wording

_PHONE = re.compile(r"[0-9+()/ .-]{0,40}")


def telephone(given: Any) -> str:
    """A telephone number as people write it; empty for none. Raises ValueError for anything else."""
    text = " ".join(str(given).split())
    if not _PHONE.fullmatch(text) or not text.isascii():
        raise ValueError(given)
    return text


DUTY_PHONE = settings.declare(
    "portal.duty_phone", "", kind=telephone, words=_l("Telephone of the duty desk, day and night")
)
SHOWN_NOTICES = 3
SHOWN_REQUESTS = 3
SHOWN_CONTACTS = 2
SHOWN_JOBS = 4
OPEN = ("submitted", "needs_info", "accepted", "in_service", "resolved")
NEEDS = tuple(sorted(wording.NEEDS_REPORTER))


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that leads somewhere; `kind` colours it where it asks for somebody."""

    label: str
    value: int
    url: str | None
    kind: str = ""


@dataclass(slots=True)
class Home:
    """The parts of one person's home; an absent part is not for this person."""

    report: str | None = None
    room: str | None = None
    requests: list[dict[str, Any]] | None = None
    all_requests: str | None = None
    offers: list[dict[str, Any]] | None = None
    jobs: list[dict[str, Any]] = field(default_factory=list)
    held: int = 0
    day: str | None = None
    desk: list[Figure] = field(default_factory=list)
    care: list[Figure] = field(default_factory=list)
    answers: list[Figure] = field(default_factory=list)
    registers: list[Figure] = field(default_factory=list)
    upload: str | None = None
    figures: list[dict[str, Any]] = field(default_factory=list)
    reports: str | None = None
    system: list[Figure] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)
    operations: str | None = None
    inbox: str | None = None
    unread: int = 0
    notices: list[dict[str, Any]] = field(default_factory=list)
    all_notices: str | None = None
    unread_notices: int = 0
    duty_phone: str = ""
    contacts: list[Any] = field(default_factory=list)
    all_contacts: str | None = None
    say: str | None = None
    known: str | None = None
    staff: bool = False


def of(actor: Actor, now: datetime) -> Home:
    """The home of somebody signed in."""
    home = Home(
        report=way(actor, "tickets.report"),
        inbox=way(actor, "notifications.inbox"),
        unread=frame.counts().get("notifications.inbox", 0),
        all_notices=way(actor, "notices.index"),
        say=way(actor, "feedback.new"),
        known=way(actor, "answers.index"),
        contacts=list(contacts.for_home(actor, SHOWN_CONTACTS)),
        all_contacts=way(actor, "contacts.index"),
        duty_phone=settings.get(DUTY_PHONE),
        staff=ticket_policies.reads_scopes(actor) or policies.read_operations(actor),
    )
    _notices(home, actor, now)
    if home.report and actor.home_place_id is not None:
        home.room = near(sites.paths([actor.home_place_id]).get(actor.home_place_id))
    if actor.can("tickets.own"):
        _requests(home, actor)
    if ticket_policies.may_work(actor):
        _crew(home, actor, now)
    _repairs(home, actor, now)
    if policies.handle(actor):
        home.answers = _answers(actor, now)
    _registers(home, actor, now)
    _system(home, actor)
    return home


def _notices(home: Home, actor: Actor, now: datetime) -> None:
    """What presses where the reader lives or works, and what he has not read."""
    reader = readers.reader_of(actor)
    rows = notice_queries.for_home(reader, now, SHOWN_NOTICES)
    home.notices = [notice_words.line(row, now) | {"url": way(actor, "notices.show", notice_id=row.id)} for row in rows]
    home.unread_notices = notice_queries.unread(reader, now)


def _requests(home: Home, actor: Actor) -> None:
    """My open requests with how far each is: what waits for me first, each newest first."""
    rows: list[Any] = []
    for statuses in (NEEDS, tuple(each for each in OPEN if each not in NEEDS)):
        if len(rows) < SHOWN_REQUESTS:
            wanted = TicketFilter(statuses=statuses, mine=True)
            rows += ticket_queries.page(actor, wanted, limit=SHOWN_REQUESTS - len(rows), with_due=True).items
    orders = progress.orders_of([row.id for row in rows])
    home.requests = [_request(actor, row, orders.get(row.id, [])) for row in rows]
    home.all_requests = way(actor, "tickets.index")


def _request(actor: Actor, row: Any, orders: Sequence[Any]) -> dict[str, Any]:
    chip = wording.own_chip(row, orders)
    return {
        "title": row.category_name,
        "place": near(row.place),
        "number": row.number,
        "said": wording.news(row, orders, chip),
        "promise": wording.promised(row),
        "url": way(actor, "tickets.show", ticket_id=row.id),
        "chip": chip,
        "steps": wording.steps(row, orders),
    }


def _crew(home: Home, actor: Actor, now: datetime) -> None:
    """Offers first, then what is in hand, in the order of the day."""
    rows = crew_day.held(actor.id or 0)
    offered = [row for row in rows if row.state == "offered"]
    held = [row for row in rows if row.state != "offered"]
    home.offers = [_job(actor, row, now) | {"until": row.offered_until} for row in offered]
    home.jobs = [_job(actor, row, now) for row in held[:SHOWN_JOBS]]
    home.held = len(held)
    home.day = way(actor, "crew.today")


def _job(actor: Actor, row: Any, now: datetime) -> dict[str, Any]:
    return {
        "title": row.category_name,
        "place": near(row.place),
        "urgent": order_words.priority(row.priority) if order_words.urgent(row.priority) else "",
        "chip": order_words.state_chip(row.state),
        "url": way(actor, "crew.order", order_id=row.id),
    }


def _desk(actor: Actor, now: datetime) -> list[Figure]:
    """What waits for a dispatcher, each with its list."""
    found = queries.desk(actor, now)
    shown = (
        (_("New requests to look at"), found.new, "waits", "soon"),
        (_("Orders nobody can take now"), found.nobody, "queued", "late"),
        (_("Orders the duty lead was called for"), found.called, "queued", "late"),
        (_("Waiting again, an offer ran out"), found.expired, "queued", "soon"),
        (_("On hold longer than said"), found.overdue, "hold", "late"),
        (_("Under way"), found.working, "work", ""),
        (_("Rework to give to somebody"), found.rework, "planned", "soon"),
    )
    figures = [
        Figure(label, value, way(actor, "dispatch.index", state=state), kind if value else "")
        for label, value, state, kind in shown
    ]
    if ticket_policies.may_extend(actor):
        asked = frame.counts().get("more_time.index", 0)
        figures.append(
            Figure(_("More time to decide on"), asked, way(actor, "more_time.index"), "soon" if asked else "")
        )
    return figures


def _care(actor: Actor) -> list[Figure]:
    """Finished work that waits for this person's acceptance, and how far the requests of the own houses are."""
    found, waiting = queries.care(actor), frame.counts().get("tickets.to_accept", 0)
    shown = (
        (_("Submitted"), found.new, "submitted"),
        (_("Waiting for a technician"), found.accepted, "accepted"),
        (_("Being repaired"), found.in_service, "in_service"),
    )
    first = Figure(_("To accept"), waiting, way(actor, "tickets.to_accept"), "soon" if waiting else "")
    return [first, *(Figure(label, value, way(actor, "tickets.index", status=state)) for label, value, state in shown)]


def _answers(actor: Actor, now: datetime) -> list[Figure]:
    """What people say that waits for an answer of this person's."""
    found = feedback_queries.waiting(actor, now)
    shown = (
        (_("Waiting for an answer"), found.open, "open", ""),
        (_("Late"), found.late, "late", "late"),
        (_("Nobody has it"), found.unassigned, "free", "soon"),
        (_("Mine to answer"), found.mine, "mine", ""),
    )
    return [
        Figure(label, value, way(actor, "feedback.desk", view=view), tone if value else "")
        for label, value, view, tone in shown
    ]


def _repairs(home: Home, actor: Actor, now: datetime) -> None:
    """The desk sees what waits for it; others what they have to accept, and the figures where they read reports."""
    if ticket_policies.may_dispatch(actor) or ticket_policies.may_triage(actor):
        home.desk = _desk(actor, now)
        return
    if ticket_policies.may_accept_third(actor):
        home.care = _care(actor)
    if ticket_policies.may_read_reports(actor):
        home.figures, home.reports = headline(now), way(actor, "reports.index")


def _registers(home: Home, actor: Actor, now: datetime) -> None:
    """Imports that wait, for this person or for others, and people the last list did not hold."""
    if not import_policies.in_navigation(actor):
        return
    home.upload = way(actor, "imports.new")
    waiting, url = imports.waiting_for(actor), way(actor, "imports.index", open=1)
    home.registers = [
        Figure(_("Imports waiting for your approval"), waiting, url, "soon" if waiting else ""),
        Figure(_("Imports not finished"), imports.open_for(actor), url),
    ]
    if account_policies.read_people(actor):
        lost = accounts.missing(actor, now)
        there = way(actor, "accounts.people", state="missing")
        home.registers.append(Figure(_("People missing from the last list"), lost, there, "soon" if lost else ""))


def _system(home: Home, actor: Actor) -> None:
    """The state of the machinery for those who look after it."""
    if not policies.read_operations(actor):
        return
    home.operations = way(actor, "portal.operations")
    home.failing = [part.name for part in health.parts() if not part.ok]
    row = metrics.waiting()
    parked = way(actor, "portal.parked")
    home.system.append(Figure(_("Background work parked"), row.parked, parked, "late" if row.parked else ""))
    home.system.append(Figure(_("Background work due"), row.due, home.operations))
