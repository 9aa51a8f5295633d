"""Following a request instead of reporting the same fault: the hint on the form, joining, the reduced page, leaving."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, words
from app.core.errors import Conflict
from app.core.forms import parse_id
from app.core.http import current_actor, policy, upload
from app.core.http.idempotency import ignores_key
from app.core.http.limits import filings
from app.core.i18n import locale
from app.core.pages import toast
from app.sites import queries as places
from app.tickets import due_words, policies
from app.tickets.queries import catalogue, followed, similar
from app.tickets.queries.similar import About, Hint
from app.tickets.rules.limits import DESCRIPTION_LIMIT, PLACE_LIMIT
from app.tickets.rules.workflow import TICKET_OPEN, TicketStatus
from app.tickets.services import following
from app.tickets.web import choices, wording
from app.tickets.web.blueprint import blueprint

MEGABYTES = 100


@blueprint.post("/report/similar")
@ignores_key  # it is the form's, which is still to be sent
@upload(MEGABYTES)
@policy(policies.may_file)
def similar_reports() -> Any:
    """What may be the fault of the form as it is filled in: a part of its page, or a page where there is no script."""
    about, words_said = _about(), _words_said()
    found = [] if about is None else _hints(about)
    context = {
        "hints": [_shown(hint) for hint in found],
        "asked": True,
        "near": _nearest(words_said),
        "meant": _meant(),
        "said": words_said,
        "about": {} if about is None else {name: value for name, value in asdict(about).items() if value},
    }
    if request.headers.get("HX-Request"):
        return make_response(render_template("tickets/_similar.html", inside=True, **context))
    return render_template("tickets/similar.html", **context)


def _nearest(said: str) -> list[Any]:
    """Places of the register that come near the words: for the reporter to choose, never mapped silently."""
    today = places.today(clock.now())
    if not said or places.place_of_words(said, today) is not None:
        return []
    return list(places.nearest([said], today).get(said, ()))


def _words_said() -> str:
    return request.form.get("place_text", "").replace("\x00", "")[:PLACE_LIMIT].strip()


def _meant() -> int | None:
    """The place of the register that was chosen for the words."""
    return parse_id(request.form.get("meant")) if _words_said() else None


def _about() -> About | None:
    """What the form is about to report as far as it is filled in; None: there is no telling yet."""
    chosen = choices.chosen(choices.groups(catalogue.tree(places.today(clock.now()))), request.form)
    category = parse_id(request.form.get("category")) if chosen is None else chosen.id
    meant = _meant()
    place_id, words_said = meant or parse_id(request.form.get("place_id")), "" if meant else _words_said()
    if category is None or (place_id is None and not words_said):
        return None
    return About(category, place_id, words_said)


def _hints(about: About) -> list[Hint]:
    said = request.form.get("description", "")[:DESCRIPTION_LIMIT].replace("\x00", "")
    return similar.hints(
        current_actor(),
        category=about.category or 0,
        place_id=about.place_id,
        place_text=about.place_text,
        description=said,
        now=clock.now(),
    )


def _shown(hint: Hint) -> dict[str, Any]:
    return {
        "id": hint.id,
        "title": words.text(hint.category_name, locale()),
        "place": hint.place,
        "icon": hint.icon,
        "minutes": (clock.now() - hint.filed_at).total_seconds() / 60,
        "chip": wording.status_chip(hint.status, staff=True),
        "mine": hint.mine,
    }


@blueprint.post("/tickets/<ticket_id>/join")
@filings
@upload(MEGABYTES)
@policy(policies.may_file)
def join(ticket_id: str) -> Any:
    """Follow it; its reduced page comes next."""
    try:
        about, wanted = _about() or following.NOTHING, parse_id(ticket_id) or 0
        number = following.join(actor=current_actor(), now=clock.now(), ticket_id=wanted, about=about)
    except Conflict as refused:
        toast(str(refused.message), "info")
        return redirect(url_for("tickets.show", ticket_id=ticket_id), 303)
    toast(_("You follow it now and are told how it goes on."), "good")
    return redirect(url_for("tickets.show", ticket_id=number), 303)


@blueprint.post("/tickets/<ticket_id>/leave")
@policy(policies.may_file)
def leave(ticket_id: str) -> Any:
    """No longer follow it."""
    following.leave(actor=current_actor(), now=clock.now(), ticket_id=parse_id(ticket_id) or 0)
    toast(_("You no longer follow it."), "info")
    return redirect(url_for("tickets.index", status="followed", mine=1), 303)


def reduced_page(ticket_id: int) -> Any:
    """The page of somebody who follows: state, promise, words to followers. Raises NotFound."""
    row = followed.one(current_actor(), ticket_id)
    return render_template(
        "tickets/followed.html",
        ticket=row,
        chip=wording.status_chip(row.status, staff=True),
        road=wording.road(row, [], mine=False),
        log=[_told(event) for event in reversed(followed.events(ticket_id))],
        open=TicketStatus(row.status) in TICKET_OPEN,
        promise=due_words.promise(row, (), clock.now()),
    )


def _told(event: Any) -> dict[str, Any]:
    return wording.entry(event, reader_id=None, staff=False)
