"""What publishing a working calendar would do to feedback: a part of the page that publishes it."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request

from app.core.forms import id_in_address
from app.core.http import current_actor, policy
from app.portal.queries import working_time
from app.portal.web.feedback.blueprint import blueprint
from app.sites import policies
from app.sites.calendars import queries as calendars


@blueprint.get("/calendars/<calendar_id>/effect")
@policy(policies.may_write_calendars)
def calendar_effect(calendar_id: str) -> Any:
    """How many open matters are judged anew; without a script a page of its own."""
    found = calendars.calendar(id_in_address(calendar_id))
    name = "_effect" if request.headers.get("HX-Request-Type") == "partial" else "effect"
    count = working_time.judged_anew(current_actor(), found.id)
    answer = make_response(render_template(f"portal/feedback/{name}.html", calendar=found, count=count))
    answer.headers["Vary"] = "HX-Request, HX-Request-Type"
    return answer
