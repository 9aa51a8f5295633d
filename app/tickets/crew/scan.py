"""A sticker is scanned before an order is looked for: what is to be done at this place, begun from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms
from app.core.actor import Actor
from app.core.errors import Rejected
from app.core.http import current_actor, policy
from app.sites import queries as places
from app.sites.rules.tree import SEPARATOR
from app.tickets import due_words, order_words, policies
from app.tickets.crew import screens
from app.tickets.crew.entry import blueprint
from app.tickets.crew.screens import Job
from app.tickets.order_forms import TOKEN_LIMIT
from app.tickets.queries import crew_day, pool
from app.tickets.rules import workflow
from app.tickets.rules.workflow import OrderAct, OrderState, TicketStatus, Who
from app.tickets.services import evidence


class Scanned(forms.Schema):
    """What was read from a sticker, or the code that is printed beside it."""

    place_token = forms.Text(max=TOKEN_LIMIT, required=True)


@dataclass(slots=True)
class Here:
    """What is to be done at the place of a sticker. `mine`: orders with whether work on them can begin now."""

    place: Any
    token: str
    mine: list[tuple[Job, bool]] = field(default_factory=list)
    pooled: list[Any] = field(default_factory=list)
    report: str | None = None


@blueprint.get("/scan")
@policy(policies.may_work)
def scan() -> str:
    """The camera, or a field for the code where there is none."""
    return render_template("tickets/crew/scan.html", form=None)


@blueprint.post("/scan")
@policy(policies.may_work)
def scan_post() -> Any:
    """The place of the sticker with the orders there. Nothing is changed; the secret stays out of addresses."""
    actor, now = current_actor(), clock.now()
    form = forms.Form(Scanned)
    data = form.load(request.form)
    found = None if data is None else _here(actor, now, data["place_token"])
    if data is not None and found is None:
        form.refuse(Rejected(fields={"place_token": [_("This is no sticker in use. Scan the one at the place.")]}))
    if found is None:
        return render_template("tickets/crew/scan.html", form=form), 422
    return render_template(
        "tickets/crew/scanned.html",
        here=found,
        now=now,
        words=order_words,
        screens=screens,
        due=lambda row: due_words.due(row, now),
    )


def _here(actor: Actor, now: datetime, token: str) -> Here | None:
    """The orders at the place a sticker hangs at, inside it, or of a larger place it is in; None: no such sticker."""
    hung = evidence.hung_at(token, places.today(now))
    if not hung:
        return None
    place = hung[0]
    around = set(places.ancestry([place.id]))

    def concerns(row: Any) -> bool:
        return row.place_id in around or str(row.place or "").startswith(f"{place.path}{SEPARATOR}")

    found = Here(place, token)
    for row in filter(concerns, crew_day.held(actor.id or 0)):
        found.mine.append((Job.of(row, now), row.place_id in around and _may_start(row)))
    found.pooled = [row for row in pool.waiting(actor, now) if concerns(row)]
    if policies.may_file(actor):
        found.report = url_for("tickets.report", place_id=place.id)
    return found


def _may_start(row: Any) -> bool:
    """Whether the transition tables let the holder begin, and the sticker is of the order's place."""
    rows = workflow.order_acts(OrderState(row.state), {Who.HOLDER}, ticket=TicketStatus(row.ticket_status))
    return any(each.act is OrderAct.START for each in rows)
