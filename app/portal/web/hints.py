"""What somebody who is about to report a fault should know first: outages at the place that is chosen."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from app.core import clock
from app.core.forms import parse_id
from app.core.http import anyone, current_actor, policy
from app.portal import notice_words
from app.portal.queries import notices as queries
from app.portal.queries import readers
from app.portal.web.blueprint import blueprint


@blueprint.get("/report/first")
@policy(anyone)
def before_report() -> Any:
    """For the place chosen on the form; as a fragment inside it, as a page of its own without a script."""
    now = clock.now()
    place_id = parse_id(next(iter(request.args.getlist("place_id")[::-1]), None))  # the chosen one after the preset one
    reader = readers.standing_at(place_id, current_actor()) if place_id else None
    fragment = request.headers.get("HX-Request-Type") == "partial"
    return render_template(
        "portal/hints/_known.html" if fragment else "portal/hints/page.html",
        notices=[notice_words.line(row, now) for row in queries.at_place(reader, now)] if reader else [],
        place_id=place_id,
    )
