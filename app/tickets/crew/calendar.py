"""A technician's orders in the calendar program of his phone: a secret address, read without sign-in.

Whoever has the address sees rooms and kinds of faults, no names and no texts: it is read by other firms' servers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import icalendar
from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, i18n, words
from app.core.actor import Actor
from app.core.db import current_institution
from app.core.errors import NotFound
from app.core.http import anyone, current_actor, policy
from app.core.http.idempotency import ignores_key
from app.core.pages import toast
from app.tickets import order_words, policies
from app.tickets.crew.entry import blueprint
from app.tickets.queries import feeds as queries
from app.tickets.rules.workflow import OrderState
from app.tickets.services import feeds

REFRESH = timedelta(minutes=15)


@blueprint.get("/calendar")
@policy(policies.may_work)
def calendar() -> Any:
    """Make the address, or end it."""
    return _page()


@blueprint.post("/calendar")
@ignores_key
@policy(policies.may_work)
def make_calendar() -> Any:
    """A new address, shown in this answer and never again."""
    secret = feeds.renew_feed(actor=current_actor(), now=clock.now())
    return _page(url_for("crew.calendar_feed", secret=secret, _external=True)), 201


@blueprint.post("/calendar/revoke")
@policy(policies.may_work)
def revoke_calendar() -> Any:
    """End the address."""
    feeds.revoke_feed(actor=current_actor(), now=clock.now())
    toast(_("The address no longer works."))
    return redirect(url_for("crew.calendar"))


@blueprint.get("/calendar/<string:secret>.ics")
@policy(anyone)
def calendar_feed(secret: str) -> Response:
    """The orders as an iCalendar document; 404 for an address that is unknown, revoked, or of somebody who left."""
    now = clock.now()
    owner = queries.owner(secret, now)
    if owner is None:
        raise NotFound
    with i18n.speaking(owner.locale or i18n.current_default()):
        document = _document(owner, now)
    answer = make_response(document)
    answer.mimetype = "text/calendar"
    answer.headers["Content-Disposition"] = 'inline; filename="houqin.ics"'
    return answer


def _page(address: str | None = None) -> str:
    made = queries.made_at(current_actor().id or 0)
    return render_template(
        "tickets/crew/calendar.html",
        address=address,
        subscribe=address and address.replace("https://", "webcal://", 1).replace("http://", "webcal://", 1),
        made_at=made,
    )


def _document(owner: Actor, now: datetime) -> bytes:
    found = icalendar.Calendar()
    found.add("prodid", "-//Houqin//Work orders//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", _("Work orders"))
    found.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for row in queries.held(owner.id or 0):
        found.add_component(_event(row, now))
    document: bytes = found.to_ical()
    return document


def _event(row: Any, now: datetime) -> icalendar.Event:
    """One order: when the reporter is there, else before it is due, else a note on today's date."""
    language = i18n.locale()
    event = icalendar.Event()
    host = urlsplit(current_app.config["HOUQIN"].base_url or request.host_url).hostname
    event.add("uid", f"order-{current_institution()}-{row.id}@{host}")
    event.add("dtstamp", now)
    event.add("sequence", row.version)
    event.add("summary", f"{words.text(row.category_name, language)} · {_room(row.place)}")
    event.add("location", row.place or "")
    event.add("description", f"{row.number} · {order_words.priority(row.priority)}")
    event.add("url", url_for("crew.order", order_id=row.id, _external=True))
    event.add("status", "TENTATIVE" if row.state == OrderState.ON_HOLD else "CONFIRMED")
    if row.visit_from is not None and row.visit_to > now:
        event.add("dtstart", row.visit_from)
        event.add("dtend", row.visit_to)
    elif row.due_at is None:
        event.add("dtstart", now.astimezone(i18n.zone()).date())
        event.add("transp", "TRANSPARENT")
    else:
        event.add("dtstart", row.due_at - timedelta(minutes=row.minutes))
        event.add("dtend", row.due_at)
    return event


def _room(path: str | None) -> str:
    """The last two steps of a place's path: building or floor, and room."""
    return " ".join((path or "").split(" · ")[-2:])
