"""Writing to the desk, with or without one's name, and what became of what one wrote."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError

from app.core import clock, forms, settings
from app.core.errors import Conflict, NotFound
from app.core.forms import Form
from app.core.http import anyone, current_actor, policy, problems
from app.core.http.idempotency import ignores_key_if
from app.core.http.limits import Limit, filings
from app.portal import feedback_words, policies
from app.portal.queries import feedback as queries
from app.portal.queries import feedback_viewer as viewer
from app.portal.queries.feedback import FeedbackFilter
from app.portal.receipts import nameless
from app.portal.rules.feedback import Kind, Status
from app.portal.schemas.feedback import SayForm, WordsForm
from app.portal.services.feedback import acts
from app.portal.taking_down import take_down
from app.portal.web.feedback import thread
from app.portal.web.feedback.blueprint import blueprint
from app.sites import queries as sites

PER_HOUR = settings.declare(
    "portal.anonymous_feedback_per_hour",
    30,
    kind=int,
    low=1,
    high=1000,
    words=_l("Messages to the desk without sign-in, an hour from one address"),
)
LABELS = {
    "kind": _l("What is it?"),
    "text": _l("Your words"),
    "place_id": _l("Place"),
    "about": _l("Whom it is about"),
    "about_text": _l("Whom it is about"),
    "anonymous": _l("Without my name"),
}
VIEWS = ("all", "open", "answered", "closed")


@blueprint.get("")
@policy(policies.speak)
def index() -> Any:
    """What one said oneself."""
    actor, now = current_actor(), clock.now()
    asked = request.args.get("view", "")
    view = asked if asked in VIEWS else VIEWS[0]
    wanted = FeedbackFilter(mine=True, statuses=() if view == "all" else (view,))
    page = queries.page(actor, wanted, now, cursor=request.args.get("cursor"))
    labels = {"all": _("All"), **{each.value: feedback_words.status(each) for each in Status}}
    return render_template(
        "portal/feedback/mine.html",
        page=page,
        rows=[_line(row) for row in page.items],
        view=view,
        url=url_for("feedback.index", view=None if view == "all" else view),
        tabs=[
            {"label": labels[name], "url": url_for("feedback.index", view=name), "current": name == view}
            for name in VIEWS
        ],
        desk=policies.handle(actor),
    )


def _line(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "kind": feedback_words.kind(row.kind),
        "icon": feedback_words.KIND_ICONS[Kind(row.kind)],
        "excerpt": row.excerpt,
        "chip": feedback_words.status_chip(row.status),
        "at": row.filed_at,
    }


@blueprint.get("/new")
@policy(anyone)
def new() -> Any:
    """The form; `kind`, `ticket` and `place_id` preset it."""
    asked = request.args.get("kind")
    values = {
        "kind": asked if asked in set(Kind) else None,
        "ticket_id": request.args.get("ticket"),
        "place_id": request.args.get("place_id"),
    }
    return page_of(Form(SayForm, {name: value for name, value in values.items() if value}))


def page_of(form: Form, *, too_many: bool = False) -> str:
    """The form as a page, as it was filled in; `too_many`: only a sign-in lets it be sent now."""
    actor, now = current_actor(), clock.now()
    place_id = forms.parse_id(form.values.get("place_id"))
    return render_template(
        "portal/feedback/new.html",
        form=form,
        labels=LABELS,
        kinds=feedback_words.kinds(),
        place=sites.by_id(place_id) if place_id else None,
        people=[{"value": row.id, "label": row.name} for row in queries.candidates(actor, now)],
        signed=actor.signed_in,
        named=policies.speak(actor),
        too_many=too_many,
    )


def _address() -> str | None:
    """The address of who is not signed in; who is counts among the filings, without a name too."""
    return None if current_actor().signed_in else request.remote_addr


def _too_many(seconds: int) -> Any:
    """The form again, filled in."""
    form = Form(SayForm)
    form.load(request.form)
    form.problem = _("Many messages came from here in the last hour. Sign in to send this one, or try again later.")
    answer = make_response(page_of(form, too_many=True), 429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


without_name = Limit("feedback", PER_HOUR, 3600, _address, _too_many)


@blueprint.post("/new")
@filings
@without_name
@ignores_key_if(nameless)
@policy(anyone)
def new_post() -> Any:
    """Take it down; its page follows, or without a name the receipt."""
    form = Form(SayForm)
    data = form.load(request.form)
    if data is None:
        return page_of(form), 422
    actor = current_actor()
    if data["signed"] and not data["anonymous"] and not policies.speak(actor):
        form.problem = _(
            "You are no longer signed in. Sign in in another window and send this again, or tick “without my name”."
        )
        return page_of(form), 401
    without = data["anonymous"] or not policies.speak(actor)
    with form.heeding():
        matter, secret = take_down(data, without_name=without)
        if secret is not None:
            return redirect(url_for("feedback.receipt", secret=secret, sent=1), 303)
        return redirect(url_for("feedback.show", feedback_id=matter.id), 303)
    return page_of(form), form.status


@blueprint.get("/<feedback_id>")
@policy(policies.speak_or_handle)
def show(feedback_id: str) -> Any:
    """One matter, for its author or for who answers it."""
    return thread.page_of(queries.one(current_actor(), forms.id_in_address(feedback_id)))


@blueprint.post("/<feedback_id>/messages")
@policy(policies.speak_or_handle)
def say(feedback_id: str) -> Any:
    """A further word: of its author a reply, of the staff an answer or a note."""
    actor, now = current_actor(), clock.now()
    row = queries.one(actor, forms.id_in_address(feedback_id))
    form = Form(WordsForm)
    data = form.load(request.form)
    if data is not None:
        given: dict[str, Any] = {"actor": actor, "now": now, "feedback_id": row.id, "text": data["text"]}
        with form.heeding(Conflict):
            if not viewer.handles(actor, row.id):
                acts.reply(**given)
            elif data["act"] == "note":
                acts.note(**given)
            else:
                acts.answer(**given)
            return redirect(url_for("feedback.show", feedback_id=row.id, _anchor="last"), 303)
    return thread.page_of(row, form), form.status


@blueprint.errorhandler(CSRFError)
def too_old(error: CSRFError) -> Any:
    """A form that was open too long comes back filled in; nothing is sent."""
    said = _("This page was open for a long time. Look your entries over and send them once more.")
    if request.endpoint == "feedback.new_post":
        form = Form(SayForm)
        form.load(request.form)
        form.errors.clear()
        form.problem = said
        return page_of(form), 400
    actor, number = current_actor(), forms.parse_id((request.view_args or {}).get("feedback_id"))
    if request.endpoint == "feedback.say" and number is not None and policies.speak_or_handle(actor):
        form = Form(WordsForm)
        form.load(request.form)
        form.problem = said
        try:
            return thread.page_of(queries.one(actor, number), form), 400
        except NotFound as missing:
            return problems.domain_error(missing)
    return problems.http_error(error)
