"""The list of finished work that waits for whoever accepts it: a dorm manager in the own buildings."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from app.core import clock, forms, words
from app.core.http import current_actor, policy
from app.core.i18n import format_day, locale
from app.core.paging import Page
from app.tickets import policies
from app.tickets.queries import accepting
from app.tickets.web import wording
from app.tickets.web.blueprint import blueprint


@blueprint.get("/tickets/to-accept")
@policy(policies.may_accept_third)
def to_accept() -> Any:
    """What was finished first stands on top; each says by when it closes by itself."""
    asked = forms.load(forms.QuerySchema(unknown="exclude"), request.args.to_dict())
    found = accepting.page(current_actor(), cursor=asked["cursor"], limit=asked["limit"])
    page = Page([_line(row) for row in found.items], found.next)
    return render_template("tickets/to_accept.html", page=page, url=url_for("tickets.to_accept"), now=clock.now())


def _line(row: Any) -> dict[str, Any]:
    closes = wording.closes_on(row)
    return {
        "title": words.text(row.category_name, locale()),
        "place": row.place,
        "number": row.number,
        "url": url_for("tickets.show", ticket_id=row.id),
        "finished": row.resolved_at,
        "closes": format_day(closes) if closes else "",
        "again": row.cycle > 1,
    }
