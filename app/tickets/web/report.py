"""Reporting a fault, signed in: for oneself, and by staff for somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import queries as people
from app.attachments import services as attachments
from app.core import clock, pages
from app.core.actor import Actor
from app.core.errors import NotFound, Rejected
from app.core.forms import Form, parse_id
from app.core.http import current_actor, policy, upload
from app.core.http.limits import filings
from app.sites import queries as sites
from app.sites.models import Place
from app.tickets import policies, visit_choice
from app.tickets.queries import catalogue, followed, progress, tickets
from app.tickets.services import filing, photos
from app.tickets.web import asking, choices, drafts
from app.tickets.web.blueprint import blueprint
from app.tickets.web.forms import Behalf, Report

MEGABYTES = 100
PHOTOS_LOST = "photos_lost"
"""Argument of the address a kept form comes back to: photos had been sent with it, which cannot be kept."""
LABELS = {
    "place_id": _l("Place"),
    "place_text": _l("Place"),
    "category": _l("Fault"),
    "description": _l("Description"),
    "photos": _l("Photos"),
    "urgency": _l("Urgency"),
    "visit": _l("Visit"),
    "who": _l("Reporter"),
    "reporter_id": _l("Reporter"),
    "contact_name": _l("Full name"),
    "contact_phone": _l("Telephone"),
}


def may_send(actor: Actor) -> bool:
    """Who may report; and who is no longer signed in, so that what was typed is kept for after the sign-in."""
    return policies.may_file(actor) or not actor.signed_in


def may_send_for_others(actor: Actor) -> bool:
    return policies.may_file_for_others(actor) or not actor.signed_in


@blueprint.get("/report")
@policy(policies.may_file)
def report() -> Any:
    """The form with one's own room, or the place of the last report; `place_id` and `category` choose others."""
    return _empty(Report, for_somebody=False)


@blueprint.post("/report")
@filings
@upload(MEGABYTES)
@policy(may_send)
def report_post() -> Any:
    """File it; the ticket's page is the receipt."""
    if not current_actor().signed_in:
        return drafts.to_sign_in(way_back(url_for("tickets.report")))
    return _file(Form(Report), for_somebody=False)


@blueprint.get("/report/for")
@policy(policies.may_file_for_others)
def report_for() -> Any:
    """The form for staff who take a report down for somebody."""
    return _empty(Behalf, for_somebody=True)


@blueprint.post("/report/for")
@filings
@upload(MEGABYTES)
@policy(may_send_for_others)
def report_for_post() -> Any:
    """File it for somebody else."""
    if not current_actor().signed_in:
        return drafts.to_sign_in(way_back(url_for("tickets.report_for")))
    return _file(Form(Behalf), for_somebody=True)


def _empty(schema: type[Report], *, for_somebody: bool) -> Any:
    actor = current_actor()
    kept = drafts.waiting(request, actor)
    form = Form(schema, kept)
    note = _("What you wrote is still here. Look it over and send it.") if kept else None
    place_id = parse_id(request.args.get("place_id")) or parse_id(kept.get("place_id"))
    place = sites.by_id(place_id) if place_id else None
    place, hint = (None, None) if place is None else _there(place, clock.now())
    if place is None and not for_somebody:
        place, hint = _usual_place(actor, clock.now())
    if not kept:
        form.values["recurs"] = parse_id(request.args.get("recurs"))
        note = _named_again(form.values["recurs"]) or note
        form.values.update(choices.preset(_groups(), request.args.get("category")))
    return page_of(form, place, for_somebody=for_somebody, hint=hint, note=note)


def _named_again(first_id: int | None) -> str | None:
    """What the form says of the request whose fault is back; nothing where the reader has no part in it (N8, N10)."""
    if first_id is None:
        return None
    try:
        first = tickets.one(current_actor(), first_id)
    except NotFound:
        try:
            first = followed.one(current_actor(), first_id)
        except NotFound:
            return None
    return str(_("The fault of %(number)s is back: this request will name it.", number=first.number))


def _usual_place(actor: Actor, now: datetime) -> tuple[Place | None, str | None]:
    """One's own room, else the place of one's last report, where it still exists."""
    last = None if actor.home_place_id or actor.id is None else progress.last_place(actor.id)
    known = sites.by_id(actor.home_place_id or last or 0)
    place, hint = (None, None) if known is None else _there(known, now)
    if place is None:
        return None, None
    return place, hint or (_("Your room") if actor.home_place_id else _("As in your last report"))


def _there(place: Place, now: datetime) -> tuple[Place | None, str | None]:
    """A place as it can be reported for: itself, or what stands in for it with the word about that."""
    found = sites.standing_in(place, sites.today(now))
    return found, None if found is None or found.id == place.id else stands_in(place)


def stands_in(gone: Place) -> str:
    """What whoever named a place that is gone is told."""
    return str(_("It stands in for “%(old)s”, which is gone.", old=gone.path))


def _groups() -> list[choices.Group]:
    return choices.groups(catalogue.tree(sites.today(clock.now())))


def page_of(
    form: Form,
    place: Place | None,
    *,
    for_somebody: bool,
    groups: Sequence[choices.Group] | None = None,
    hint: str | None = None,
    note: str | None = None,
    found: Sequence[people.PersonLine] = (),
    sticker: str | None = None,
) -> str:
    """The form as a page. `sticker` is the secret of the sticker `place` was scanned from."""
    groups = _groups() if groups is None else groups
    action = "tickets.report_for_post" if for_somebody else "tickets.report_post"
    lost = _photos_sent() or (note is not None and PHOTOS_LOST in request.args)
    return render_template(
        "tickets/report.html",
        form=form,
        groups=groups,
        calls=choices.calls(groups),
        place=place,
        place_hint=hint,
        sticker_place=place if sticker else None,
        action=url_for("tickets.sticker_post", token=sticker) if sticker else url_for(action),
        whose=drafts.owner(current_actor()),
        labels={**LABELS, **asking.labels(choices.chosen(groups, form.values))},
        note=note,
        slots=visit_choice.slots(clock.now()),
        photo_hint=_("Choose your photos again: they could not be kept.") if lost else None,
        for_somebody=for_somebody,
        people=[_option(each) for each in found],
    )


def _photos_sent() -> bool:
    return any(each.filename for each in request.files.getlist("photos"))


def way_back(address: str) -> str:
    """`address`, for a sent form that is kept until the sign-in; with word of the photos it had."""
    return f"{address}?{PHOTOS_LOST}=1" if _photos_sent() else address


def _option(line: people.PersonLine) -> dict[str, str]:
    return {"value": str(line.id), "label": line.name, "small": " · ".join(line.units)}


def _file(form: Form, *, for_somebody: bool) -> Any:
    meant = parse_id(request.form.get("meant"))
    place_id = meant or parse_id(request.form.get("place_id"))
    try:
        filed = send(form, for_somebody=for_somebody)
    except Refused as refused:
        if meant:
            form.values.update(place_id=meant, place_text="")
        place = sites.by_id(place_id) if place_id else None
        return page_of(form, place, for_somebody=for_somebody, groups=refused.groups, found=refused.people), (
            refused.status
        )
    return receipt(filed)


def receipt(filed: filing.Filed) -> BaseResponse:
    """On to the ticket's page; where staff filed for somebody outside its scope, the number is all it is told."""
    try:
        tickets.one(current_actor(), filed.id)
        to = url_for("tickets.show", ticket_id=filed.id)
    except NotFound:
        pages.toast(_("Sent. The number is %(number)s.", number=filed.number))
        to = url_for("tickets.report_for")
    if filed.instead_of is not None:
        pages.toast(_("“%(old)s” is gone; your report is about the place that stands in for it.", old=filed.instead_of))
    return drafts.done(redirect(to, 303))


class Refused(Exception):
    """The form goes back to its sender; what is wrong stands in the form."""

    def __init__(self, status: int, groups: Sequence[choices.Group], found: Sequence[people.PersonLine] = ()) -> None:
        super().__init__(status)
        self.status, self.groups, self.people = status, groups, found


def send(form: Form, *, for_somebody: bool = False, place: Place | None = None) -> filing.Filed:
    """File what the form says, with its photos. `place`: that of the scanned sticker. Raises Refused."""
    actor, now, groups = current_actor(), clock.now(), _groups()
    chosen = choices.chosen(groups, request.form)
    data = form.load(MultiDict(request.form), request.files)
    found: Sequence[people.PersonLine] = ()
    if chosen is None:
        picked = request.form.get(choices.GROUP_FIELD)
        form.refuse({"category": [_("Choose what the problem is.") if picked else _("Choose what is broken.")]})
    if data is not None and for_somebody:
        data["reporter_id"], found = _reporter(form, data, actor, now)
    answers = {} if chosen is None else asking.given(form, chosen, request.form)
    if data is None or chosen is None or form.errors:
        raise Refused(422, groups, found)
    try:
        for each in data["photos"]:
            attachments.check(each.stream)
        filed = filing.file_ticket(
            actor=actor,
            now=now,
            category=chosen.id,
            description=data["description"],
            urgency=data["urgency"],
            may_enter=data["may_enter"],
            origin="qr" if place else "web",
            answers=answers,
            photos=len(data["photos"]),
            recurs_of_id=data["recurs"],
            visit=data["visit"],
            **_where(data, place),
            **_whom(data, for_somebody),
        )
        for each in data["photos"]:
            photos.add_to_filed(actor=actor, now=now, ticket_id=filed.id, stream=each.stream, name=each.filename or "")
    except Rejected as refused:
        asking.refuse(form, chosen, refused)
        raise Refused(refused.status, groups, found) from refused
    return filed


def _where(data: dict[str, Any], place: Place | None) -> dict[str, Any]:
    """A place described in words is one that is not in the list, so the words win over a preset place."""
    if place is not None:
        return {"place_id": place.id}
    words = data["place_text"]
    if words and data["meant"] is not None:  # the sender himself chose the suggestion
        return {"place_id": data["meant"], "place_text": None}
    return {"place_id": None if words else data["place_id"], "place_text": words or None}


def _whom(data: dict[str, Any], for_somebody: bool) -> dict[str, Any]:
    if not for_somebody:
        return {}
    return {
        "reporter_id": data["reporter_id"],
        "contact_name": data["contact_name"] or None,
        "contact_phone": data["contact_phone"] or None,
    }


def _reporter(
    form: Form, data: dict[str, Any], actor: Actor, now: datetime
) -> tuple[int | None, Sequence[people.PersonLine]]:
    """Whom a report is for: the one person who fits, or the one chosen among several; the form says what is missing."""
    typed, picked = data["who"], data["reporter_id"]
    if not typed:
        if not data["contact_name"]:
            form.refuse({"who": [_("Say who reports it, or give a name to ask for.")]})
        return None, ()
    found = people.find_one(actor, policies.LOOK_UP, typed, now)
    if len(found) == 1:
        return found[0].id, found
    if any(each.id == picked for each in found):
        return picked, found
    if found:
        form.refuse({"reporter_id": [_("Several people fit. Choose one.")]})
    else:
        form.refuse({"who": [_("Nobody fits. Type a name, a number or an account name.")]})
    return None, found
