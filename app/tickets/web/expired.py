"""A form that was open for longer than its session's token comes back filled in, to be sent once more."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError

from app.core import clock
from app.core.errors import NotFound
from app.core.forms import Form, parse_id
from app.core.http import current_actor, problems
from app.sites import queries as sites
from app.tickets.web import drafts, report, sticker, tracking
from app.tickets.web.blueprint import blueprint
from app.tickets.web.forms import Act, Behalf, Report, Sticker
from app.tickets.web.screen import Screen


@blueprint.errorhandler(CSRFError)
def too_old(error: CSRFError) -> Any:
    """Nothing is filed; what was typed stays."""
    endpoint = (request.endpoint or "").removeprefix("tickets.")
    said = _("This page was open for a long time. Look your entries over and send them once more.")
    if endpoint in ("report_post", "report_for_post"):
        return _report(said, for_somebody=endpoint == "report_for_post")
    if endpoint == "sticker_post":
        form = Form(Sticker, request.form.to_dict())
        form.problem = said
        return sticker.filled_in(form, str((request.view_args or {}).get("token", "")), 400)
    if (request.view_args or {}).get("ticket_id") and current_actor().signed_in:
        return _ticket(endpoint, said)
    return problems.http_error(error)


def _report(said: str, *, for_somebody: bool) -> Any:
    if not current_actor().signed_in:
        return drafts.to_sign_in(report.way_back(request.path))
    form = Form(Behalf if for_somebody else Report, request.form.to_dict())
    form.problem = said
    place_id = parse_id(request.form.get("place_id"))
    place = sites.by_id(place_id) if place_id else None
    return report.page_of(form, place, for_somebody=for_somebody), 400


def _ticket(endpoint: str, said: str) -> Any:
    named = parse_id(str((request.view_args or {})["ticket_id"]))  # some addresses have it as text
    try:
        screen = Screen.found(current_actor(), named or 0, clock.now())
    except NotFound as missing:
        return problems.domain_error(missing)
    return tracking.page_of(screen, endpoint, Form(Act, request.form.to_dict()), said=said), 400
