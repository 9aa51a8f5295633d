"""The page of one ticket, like a parcel's; and what its reporter and the desk do there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.attachments import services as attachments
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict, DomainError, NotFound, Rejected, Stale
from app.core.forms import Form
from app.core.http import current_actor, policy, upload
from app.core.http.preconditions import not_modified
from app.core.pages import toast
from app.tickets import order_words, policies
from app.tickets.queries import viewer
from app.tickets.rules.workflow import TicketAct
from app.tickets.services import acts, merging, publishing, windows
from app.tickets.services import photos as photo_services
from app.tickets.web import drafts, following, wording
from app.tickets.web.blueprint import blueprint
from app.tickets.web.forms import Act, Rate
from app.tickets.web.report import MEGABYTES
from app.tickets.web.screen import Screen

# Several forms stand on the page: each field has a name of its own there. Act → name in the schema → name on the page.
FIELDS: Mapping[str, Mapping[str, str]] = {
    "answer": {"note": "answer", "photos": "answer_photos"},
    "not_fixed": {"note": "complaint", "photos": "complaint_photos"},
    "ask": {"note": "question"},
    "reject": {"reason": "reject_reason", "note": "reject_note"},
    "unmerge": {"reason": "part_reason", "note": "part_note"},
    "reconsider": {"reason": "again_reason", "note": "again_note"},
    "rating": {"comment": "comment"},
    "message": {"text": "text"},
    "window": {"visit_window": "visit_window"},
    "call": {"phone": "phone", "when": "when"},
    "photos": {"photos": "more_photos"},
}
PLAIN = ("version",)


def may_act(actor: Actor) -> bool:
    """Who acts on tickets; and who is no longer signed in, so that what was typed is kept for after the sign-in."""
    return policies.may_own(actor) or not actor.signed_in


@blueprint.get("/tickets/<int:ticket_id>")
@policy(policies.may_read)
def show(ticket_id: int) -> Any:
    """One ticket; asked by the page itself, only its live part, and nothing where nothing changed."""
    try:
        screen = Screen.found(current_actor(), ticket_id, clock.now())
    except NotFound:
        return following.reduced_page(ticket_id)
    if request.headers.get("HX-Request"):
        return _fragment(screen)
    kept = drafts.waiting(request, current_actor())
    if kept.get("act") in FIELDS:
        form = Form(Act, kept)
        return page_of(screen, kept["act"], form, said=_("What you wrote is still here. Look it over and send it."))
    return page_of(screen)


def _fragment(screen: Screen) -> Response:
    same = not_modified(screen.tag)
    if same is not None:
        return same
    answer = make_response(render_template("tickets/_live.html", screen=screen.filled(), **_common({})))
    answer.set_etag(screen.tag)
    answer.headers["Cache-Control"] = "private, no-cache"  # kept by the browser to be asked for again by its tag
    return answer


def page_of(screen: Screen, act: str = "", form: Form | None = None, *, said: str | None = None) -> str:
    """The whole page. `form`: a refused or kept form of an act, which stands open with what was `said` about it.

    Where the act is no longer possible its words are shown beside the reason, so that nothing typed is lost.
    """
    shown = form is not None and act in FIELDS and _stands(screen, act)
    if shown and form is not None and said:
        form.problem = said
    lost = [] if form is None or shown else [form.values.get(name) for name in FIELDS.get(act, {}).values()]
    return render_template(
        "tickets/ticket.html",
        screen=screen.filled(request.args.get("cursor") if request.method == "GET" else None),
        problem=None if shown else said,
        lost=[each for each in lost if isinstance(each, str) and each],
        **_common({act: form} if shown else {}),
    )


def refused_page(ticket_id: int, act: str, form: Form) -> tuple[str, int]:
    """The page as it is now, with what was typed and why it was refused."""
    screen = Screen.found(current_actor(), ticket_id, clock.now())
    return page_of(screen, act, form, said=form.problem), form.status


def _common(forms: Mapping[str, Form | None]) -> dict[str, Any]:
    return {
        "forms": forms,
        "empty": Form(Act),
        "reasons": order_words.reason_choices,
        "word": wording.act,
        "Act": TicketAct,
        "whose": drafts.owner(current_actor()),
    }


def _stands(screen: Screen, act: str) -> bool:
    """Whether the act's form is on the page."""
    if act == "rating":
        return screen.may_rate
    if act == "message":
        return screen.may_write
    if act == "call":
        return screen.may_choose_window
    if act == "window":
        return screen.may_choose_window and any(windows.waits(each) for each in screen.orders)
    return screen.may_add_photos if act == "photos" else TicketAct(act) in screen.acts


def _read(act: str, schema: type[Act] | type[Rate]) -> tuple[Form, dict[str, Any] | None]:
    """The sent form of an act under the names of its schema; the form keeps the names of the page."""
    names = {**{each: each for each in PLAIN}, **FIELDS.get(act, {})}
    if schema is Rate:
        names = {**{each: each for each in ("quality", "speed", "manner")}, **FIELDS[act]}
    sent: MultiDict[str, str] = MultiDict(
        (name, value) for name, field in names.items() for value in request.form.getlist(field)
    )
    files: MultiDict[str, Any] = MultiDict(
        (name, value) for name, field in names.items() for value in request.files.getlist(field)
    )
    form = Form(schema)
    data = form.load(sent, files)
    _rename(form, names)
    return form, data


def _rename(form: Form, names: Mapping[str, str]) -> None:
    form.values = {names.get(name, name): value for name, value in form.values.items()}
    form.errors = {names.get(name, name): said for name, said in form.errors.items()}


def _do(ticket_id: int, act: str, work: Callable[[dict[str, Any], datetime], Any]) -> Any:
    """Do an act and go back to the page; refused, the page comes back with what was typed and why."""
    here = url_for("tickets.show", ticket_id=ticket_id)
    if not current_actor().signed_in:
        return drafts.to_sign_in(here)
    form, data = _read(act, Rate if act == "rating" else Act)
    if data is None:
        return _again(ticket_id, act, form), 422
    try:
        work(data, clock.now())
    except Rejected as refused:
        names = FIELDS.get(act, {})
        form.refuse({names.get(name, name): said for name, said in refused.fields.items()})
        return _again(ticket_id, act, form, refused), refused.status
    except (Conflict, Stale) as refused:
        return _again(ticket_id, act, form, refused), refused.status
    return drafts.done(redirect(here, 303))


def _again(ticket_id: int, act: str, form: Form, refused: DomainError | None = None) -> str:
    screen = Screen.found(current_actor(), ticket_id, clock.now())
    form.problem = None
    return page_of(screen, act, form, said=str(refused.message) if refused is not None and refused.message else None)


def _simply(ticket_id: int, act: TicketAct) -> Any:
    def work(data: dict[str, Any], now: datetime) -> None:
        acts.act(
            actor=current_actor(),
            now=now,
            ticket_id=ticket_id,
            act=act,
            seen=data["version"],
            reason=data["reason"] or None,
            note=data["note"] or None,
        )

    return _do(ticket_id, act.value, work)


@blueprint.post("/tickets/<int:ticket_id>/withdraw")
@policy(may_act)
def withdraw(ticket_id: int) -> Any:
    """It is no longer needed; where others follow it lives on, and its page is no longer the leaver's."""
    answer = _simply(ticket_id, TicketAct.WITHDRAW)
    if current_actor().signed_in and not viewer.sees_ticket(current_actor(), ticket_id):
        toast(_("Others have the same fault, so the request goes on as theirs."), "info")
        return redirect(url_for("tickets.index"), 303)
    return answer


@blueprint.post("/tickets/<int:ticket_id>/answer")
@upload(MEGABYTES)
@policy(may_act)
def answer(ticket_id: int) -> Any:
    """What was asked is answered, in words or by photos."""
    return _with_photos(ticket_id, "answer", acts.answer)


@blueprint.post("/tickets/<int:ticket_id>/confirm")
@policy(may_act)
def confirm(ticket_id: int) -> Any:
    return _simply(ticket_id, TicketAct.CONFIRM)


@blueprint.post("/tickets/<int:ticket_id>/not-fixed")
@upload(MEGABYTES)
@policy(may_act)
def not_fixed(ticket_id: int) -> Any:
    """The repair did not hold: words or photos say how."""
    return _with_photos(ticket_id, "not_fixed", acts.not_fixed)


def _with_photos(ticket_id: int, act: str, service: Callable[..., Any]) -> Any:
    """An act that words say, or photos that come along; what is no photo is refused before anything is done."""

    def work(data: dict[str, Any], now: datetime) -> None:
        for each in data["photos"]:
            attachments.check(each.stream)
        service(
            actor=current_actor(),
            now=now,
            ticket_id=ticket_id,
            seen=data["version"],
            note=data["note"] or None,
            has_photo=bool(data["photos"]),
        )
        _receive(ticket_id, data["photos"], now)

    return _do(ticket_id, act, work)


@blueprint.post("/tickets/<int:ticket_id>/rating")
@policy(may_act)
def rating(ticket_id: int) -> Any:
    """Give the present cycle its stars, or change them."""

    def work(data: dict[str, Any], now: datetime) -> None:
        acts.rate(actor=current_actor(), now=now, ticket_id=ticket_id, **data)

    return _do(ticket_id, "rating", work)


@blueprint.post("/tickets/<int:ticket_id>/photos")
@upload(MEGABYTES)
@policy(may_act)
def photos(ticket_id: int) -> Any:
    """Add photos of the fault to an open ticket."""

    def work(data: dict[str, Any], now: datetime) -> None:
        screen = Screen.found(current_actor(), ticket_id, now)
        if not screen.may_add_photos:
            raise Conflict(_("Photos can be added while the request is open."))
        if not data["photos"]:
            raise Rejected(fields={"photos": [_("Choose a photo first.")]})
        _receive(ticket_id, data["photos"], now)

    return _do(ticket_id, "photos", work)


def _receive(ticket_id: int, sent: list[Any], now: datetime) -> None:
    for each in sent:
        photo_services.add_to_ticket(
            actor=current_actor(), now=now, ticket_id=ticket_id, stream=each.stream, name=each.filename or ""
        )


# the third party


@blueprint.post("/tickets/<int:ticket_id>/accept-work")
@policy(policies.may_accept_third)
def accept_work(ticket_id: int) -> Any:
    """Whoever accepts the work of this category has looked at it: it is in order."""
    return _simply(ticket_id, TicketAct.ACCEPT_THIRD)


# the desk


@blueprint.post("/tickets/<int:ticket_id>/accept")
@policy(policies.may_triage)
def accept(ticket_id: int) -> Any:
    return _simply(ticket_id, TicketAct.ACCEPT)


@blueprint.post("/tickets/<int:ticket_id>/ask")
@policy(policies.may_triage)
def ask(ticket_id: int) -> Any:
    return _simply(ticket_id, TicketAct.ASK)


@blueprint.post("/tickets/<int:ticket_id>/reject")
@policy(policies.may_triage)
def reject(ticket_id: int) -> Any:
    return _simply(ticket_id, TicketAct.REJECT)


@blueprint.post("/tickets/<int:ticket_id>/unmerge")
@policy(policies.may_triage)
def unmerge(ticket_id: int) -> Any:
    """It is another fault after all."""

    def work(data: dict[str, Any], now: datetime) -> None:
        merging.unmerge(
            actor=current_actor(),
            now=now,
            ticket_id=ticket_id,
            reason=data["reason"] or None,
            note=data["note"] or None,
            seen=data["version"],
        )

    return _do(ticket_id, "unmerge", work)


@blueprint.post("/tickets/<int:ticket_id>/reconsider")
@policy(policies.may_triage)
def reconsider(ticket_id: int) -> Any:
    return _simply(ticket_id, TicketAct.RECONSIDER)


@blueprint.post("/tickets/<int:ticket_id>/publish")
@policy(policies.may_triage)
def publish(ticket_id: int) -> Any:
    """Let anybody read text and photos, or hide them again."""
    publishing.publish(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=ticket_id,
        published=request.form.get("published") == "1",
    )
    return redirect(url_for("tickets.show", ticket_id=ticket_id), 303)
