"""The page behind a QR sticker: its place is preset; without sign-in it can be written to and read from nothing."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from app.core import clock, settings
from app.core.actor import Actor
from app.core.errors import Rejected
from app.core.forms import Form
from app.core.http import anyone, current_actor, policy, upload
from app.core.http.limits import Limit, filings
from app.sites import queries as sites
from app.sites.models import Place
from app.tickets import due_words, policies
from app.tickets.queries import catalogue
from app.tickets.services import filing
from app.tickets.web import asking, choices, drafts, report
from app.tickets.web.blueprint import blueprint
from app.tickets.web.forms import Report, Sticker

PER_HOUR = settings.declare(
    "tickets.sticker_reports_per_hour",
    5,
    kind=int,
    low=1,
    high=1000,
    words=_l("Reports an hour through one QR sticker and from one address without sign-in"),
)


def _place(token: str) -> tuple[Place, str | None] | None:
    """The place of a sticker and, where it hung at one that is gone, the word about that; None: it leads nowhere."""
    found = sites.place_of_sticker(token, sites.today(clock.now()))
    if found is None:
        return None
    place, gone = found
    return place, None if gone is None else report.stands_in(gone)


def _gone() -> Any:
    """An unknown, revoked or outdated sticker; the three are never told apart."""
    groups = choices.groups(catalogue.tree(sites.today(clock.now())))
    return render_template("tickets/sticker_gone.html", calls=choices.calls(groups)), 404


def _with_account() -> bool:
    return policies.may_file(current_actor())


@blueprint.get("/r/<token>")
@policy(anyone)
def sticker(token: str) -> Any:
    """The report form with the sticker's place."""
    found = _place(token)
    if found is None:
        return _gone()
    place, hint = found
    if not _with_account():
        return _anonymous_page(Form(Sticker), place, token, hint=hint)
    kept = drafts.waiting(request, current_actor(), nameless=True)
    note = _("What you wrote is still here. Look it over and send it.") if kept else None
    return report.page_of(Form(Report, kept), place, for_somebody=False, note=note, sticker=token, hint=hint)


def _who_counts() -> str | None:
    """Sticker and address together: a dormitory behind one address has many stickers."""
    if _with_account():
        return None
    token = str((request.view_args or {}).get("token", ""))
    return f"{sites.sticker_digest(token).hex()[:32]}:{request.remote_addr}"


def _too_many(wait: int) -> Any:
    """The form again, filled in, with what else can be done; what it says is there again after a sign-in."""
    form, token = Form(Sticker), str((request.view_args or {}).get("token", ""))
    form.load(request.form)
    form.problem = _(
        "Many reports came from here in the last hour. Sign in to send this one, or try again later. What you wrote is"
        " kept."
    )
    answer = make_response(filled_in(form, token, 429))
    answer.headers["Retry-After"] = str(wait)
    return drafts.keep_nameless(answer, url_for("tickets.sticker", token=token))


def filled_in(form: Form, token: str, status: int) -> Any:
    """The form as it was sent, for whoever sent it."""
    found = _place(token)
    if found is None:
        return _gone()
    place, hint = found
    if _with_account():
        return report.page_of(form, place, for_somebody=False, sticker=token, hint=hint), status
    return _anonymous_page(form, place, token, hint=hint, too_many=status == 429), status


_nameless = Limit("sticker", PER_HOUR, 3600, _who_counts, _too_many)


@blueprint.post("/r/<token>")
@filings
@upload(report.MEGABYTES)
@policy(anyone)
def sticker_post(token: str) -> Any:
    """File at the sticker's place. Signed in the ticket's page follows; without, the receipt number alone."""
    found = _place(token)
    if found is None:
        return _gone()
    place, hint = found
    if drafts.left_behind(current_actor()):
        return drafts.to_sign_in(report.way_back(url_for("tickets.sticker", token=token)))
    if not _with_account():
        return _anonymous(place, token, hint)
    form = Form(Report)
    try:
        return report.receipt(report.send(form, place=place))
    except report.Refused as refused:
        page = report.page_of(form, place, for_somebody=False, groups=refused.groups, sticker=token, hint=hint)
        return page, refused.status


def _groups() -> list[choices.Group]:
    """What somebody without sign-in can report: nothing asks for photos, he cannot send any."""
    return choices.groups(catalogue.tree(sites.today(clock.now())), photos=False)


def _anonymous(place: Place, token: str, hint: str | None) -> Any:
    groups = _groups()
    form = Form(Sticker)
    chosen = choices.chosen(groups, request.form)
    data = form.load(MultiDict(request.form))
    if chosen is None:
        form.refuse({"category": [_("Choose what the problem is.")]})
    answers = {} if chosen is None else asking.given(form, chosen, request.form)
    if data is None or chosen is None or form.errors:
        return _anonymous_page(form, place, token, groups, hint=hint), 422
    if (too_many := _nameless.reached()) is not None:  # before the row is locked that all filings wait for
        return too_many
    try:
        filed = filing.file_ticket(
            actor=Actor.anonymous(current_actor().institution_id),
            now=clock.now(),
            category=chosen.id,
            description=data["description"],
            place_id=place.id,
            urgency=data["urgency"],
            origin="qr",
            answers=answers,
        )
    except Rejected as refused:
        asking.refuse(form, chosen, refused)
        return _anonymous_page(form, place, token, groups, hint=hint), refused.status
    if (too_many := _nameless.spend()) is not None:  # nothing is filed by an answer of 429
        return too_many
    promise = due_words.promised(filed.promised_at, sites.zone_of(place))
    page = render_template("tickets/receipt.html", number=filed.number, token=token, promise=promise)
    return drafts.done(make_response(page))


def _anonymous_page(
    form: Form,
    place: Place,
    token: str,
    groups: list[choices.Group] | None = None,
    *,
    hint: str | None = None,
    too_many: bool = False,
) -> str:
    groups = groups or _groups()
    return render_template(
        "tickets/sticker.html",
        form=form,
        place=place,
        hint=hint,
        token=token,
        groups=groups,
        calls=choices.calls(groups),
        labels={**report.LABELS, **asking.labels(choices.chosen(groups, form.values))},
        signed_in=current_actor().signed_in,
        too_many=too_many,
    )
